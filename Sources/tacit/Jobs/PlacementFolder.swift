// SPDX-License-Identifier: MIT

import Linux

/// A folder in which links are placed.
struct PlacementFolder {
    /// By which it was found: absolute.
    let path: [UInt8]
    let held: HeldFolder
    let claims: FolderClaims
    /// With turns of others.
    private let patience: FolderPatience

    init(_ path: [UInt8], _ held: HeldFolder, _ patience: FolderPatience) {
        self.path = path
        self.held = held
        self.patience = patience
        claims = held.claims(patience: patience)
    }

    /// Makes it in the folder above. Throws EEXIST where there is something of that name.
    init(making path: [UInt8], in parent: PlacementFolder) throws(Errno) {
        let (_, name) = Self.split(path)
        self.init(path, try parent.held.makeFolder(name), parent.patience)
        claims.setMade()
    }

    /// Removes it, if it was made for jobs and nothing is in it, and then the one above in the same way. Where the file system takes no
    /// marks, the paths of those that this process has made say it.
    func removeIfMade(own: Set<[UInt8]>) {
        let (above, name) = Self.split(path)
        guard own.contains(path) || claims.isMade, path.count > 1, let parent = try? held.open(Array("..".utf8)) else { return }
        // A job with a claim in it has made a file in it.
        do throws(Errno) {
            guard try held.isFolder(name, of: parent) else { return }
            try parent.removeFolder(name)
        } catch { guard error == .noEntry else { return } }
        PlacementFolder(above, parent, patience).removeIfMade(own: own)
    }

    /// The folder that an absolute path is in, and its name there.
    static func split(_ path: [UInt8]) -> (folder: [UInt8], name: [UInt8]) {
        let slash = path.lastIndex(of: UInt8(ascii: "/")) ?? 0
        return (slash == 0 ? [UInt8(ascii: "/")] : Array(path[..<slash]), Array(path[(slash + 1)...]))
    }
}
