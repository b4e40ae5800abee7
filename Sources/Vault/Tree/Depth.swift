// SPDX-License-Identifier: MIT

internal import Secrets

/// The depth of the tree. It is bounded, since to remove, to check or to find the place of something costs a step for each level.
extension Vault {
    /// The most names on the way to a folder, its own included. What an earlier release has made deeper stays.
    static let deepest = 100

    /// Refuses a folder for something that would lie too deep in it, or have a folder in it that would. Throws `nameTooLong`.
    ///
    /// - Parameter node: of what comes there; nil for something new, and empty.
    func checkDepth(of node: NodeID? = nil, in folder: Place, _ store: StoreConnection) throws(VaultError) {
        let height = try node.map { node throws(VaultError) in try store.height(of: node) } ?? 0
        guard folder.path.count + 1 + height <= Self.deepest else {
            throw .nameTooLong("a folder lies at most \(Self.deepest) names deep")
        }
    }
}
