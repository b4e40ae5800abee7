// SPDX-License-Identifier: MIT

internal import Secrets

/// Queries of rows that count against quotas.
extension StoreConnection {
    /// Bytes of the versions that go when a target is written to: what is over the limit of versions, and of a whole `env` all that its
    /// variables have, since they may go with it.
    func bytesDestroyed(byWritingTo target: WriteTarget, keeping limit: Int) throws(VaultError) -> Int64 {
        let over = "version.number <= node.current + 1 - ?"
        let condition: (String, Inode)
        switch target {
        case .new: return 0
        case .item(let inode): condition = ("node.id = ? AND \(over)", inode)
        case .environment(let inode, merge: true): condition = ("node.parent = ? AND node.kind = 9 AND \(over)", inode)
        case .environment(let inode, merge: false): condition = ("node.parent = ? AND node.kind = 9 AND ? >= 0", inode)
        }
        return try rows(
            "SELECT coalesce(sum(version.length), 0) FROM node JOIN version ON version.node = node.id WHERE \(condition.0)",
            [.integer(condition.1.node.rawValue), .integer(Int64(limit))]
        ) { $0.integer(0) }.first ?? 0
    }

    /// How many variables a secret has, counted no further than `most`.
    func variableCount(of secret: NodeID, atMost most: Int) throws(VaultError) -> Int {
        try rows(
            "SELECT count(*) FROM (SELECT 1 FROM node WHERE parent = ? AND kind = 9 LIMIT ?)",
            [.integer(secret.rawValue), .integer(Int64(most))]
        ) { Int(clamping: $0.integer(0)) }.first ?? 0
    }
}
