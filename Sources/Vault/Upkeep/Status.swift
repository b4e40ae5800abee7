// SPDX-License-Identifier: MIT

/// The state of the vault, for `tacit status`.
package struct VaultStatus: Sendable {
    package let isLocked: Bool
    package let hasPassphrase: Bool
    package let storePath: String
    package let auditPath: String
    package let nodes: Int64
    package let versions: Int64
    package let auditLines: Int64
    /// Microseconds since the epoch.
    package let started: Int64
    /// Rows that did not verify since the start, and what is wrong with the files, each described without a value.
    package let damage: [String]
}

extension Vault {
    /// Open to everybody: it names no secret.
    package func status() throws(VaultError) -> VaultStatus {
        let (nodes, versions) = try counts.counts(store)
        let damage = self.damage.all.union([store.files.problem].compactMap { $0 })
        return VaultStatus(
            isLocked: isLocked, hasPassphrase: hasPassphrase, storePath: configuration.storePath,
            auditPath: configuration.auditPath, nodes: nodes, versions: versions, auditLines: Int64(audit.head.count),
            started: started, damage: damage.sorted())
    }
}
