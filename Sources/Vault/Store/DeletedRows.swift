// SPDX-License-Identifier: MIT

internal import Secrets

/// The rows of what was deleted and can be restored. They are verified as all others are.
extension StoreConnection {
    /// Nil for what was not deleted itself.
    func deletedRow(of node: NodeID) throws(VaultError) -> DeletedRow? {
        try deletedRows(where: "deleted.node = ?", [.integer(node.rawValue)]).first
    }

    /// That of the node with this UUID.
    func deletedRow(uuid: [UInt8]) throws(VaultError) -> DeletedRow? {
        try deletedRows(where: "node.uuid = ?", [.bytes(uuid)]).first
    }

    /// The oldest first, by the watched time: until then. What an older release deleted is as old as the first watched moment.
    func deletedRows(watchedUntil time: Int64 = .max) throws(VaultError) -> [DeletedRow] {
        try deletedRows(
            where: "ifnull(deleted.watched, 0) <= ? ORDER BY ifnull(deleted.watched, 0), deleted.time, deleted.node", [.integer(time)])
    }

    /// The nodes that were deleted from a node, the latest first.
    func deletedRows(from parent: NodeID) throws(VaultError) -> [DeletedRow] {
        try deletedRows(
            where: "deleted.parent = ? ORDER BY deleted.sequence DESC, deleted.time DESC", [.integer(parent.rawValue)])
    }

    /// Whether a node of a name was deleted from another after the deletion of a number. The rows are not verified: by writing to the store
    /// one could hide no more than by removing them.
    func wasDeleted(_ name: [UInt8], from parent: NodeID, after sequence: Int64) throws(VaultError) -> Bool {
        let end = [UInt8(ascii: "/")] + name
        return try !rows(
            "SELECT 1 FROM deleted WHERE parent = ? AND sequence > ? AND (path = ? OR substr(path, -?) = ?) LIMIT 1",
            [.integer(parent.rawValue), .integer(sequence), .bytes(name), .integer(Int64(end.count)), .bytes(end)]
        ) { _ in true }.isEmpty
    }

    /// What the same user had deleted from a node, and from what is in it, when they deleted it: each after what it was in. With whether
    /// something else of its name was deleted from there later.
    func contents(removedWith top: DeletedRow) throws(VaultError) -> [(row: DeletedRow, hasSuccessor: Bool)] {
        var contents: [(row: DeletedRow, hasSuccessor: Bool)] = []
        var folders = [top]
        while let folder = folders.popLast() {
            var names: Set<[UInt8]> = []
            for row in try deletedRows(from: folder.node) {
                let hasSuccessor = !names.insert(row.name).inserted
                guard row.author == top.author, row.time <= top.time else { continue }
                contents.append((row, hasSuccessor))
                folders.append(row)
            }
        }
        return contents
    }

    /// Those from an organization or home, the oldest first, unverified. An index gives them in this order.
    func deletedNodes(from scope: NodeID) throws(VaultError) -> [NodeID] {
        try rows(Self.deletedNodes, [.integer(scope.rawValue)]) { NodeID(rawValue: $0.integer(0)) }.compactMap { $0 }
    }

    static let deletedNodes = "SELECT node FROM deleted WHERE scope = ? ORDER BY time, node"

    private func deletedRows(where condition: String, _ values: [StoreValue]) throws(VaultError) -> [DeletedRow] {
        try rows(
            """
            SELECT deleted.node, deleted.parent, deleted.scope, deleted.path, deleted.time, deleted.author, deleted.seal, node.uuid,
              deleted.sequence, deleted.way, deleted.watched
            FROM deleted JOIN node ON node.id = deleted.node WHERE \(condition)
            """, values
        ) { row -> DeletedRow? in
            guard let node = NodeID(rawValue: row.integer(0)), let parent = NodeID(rawValue: row.integer(1)),
                let scope = NodeID(rawValue: row.integer(2)), let author = UInt32(exactly: row.integer(5))
            else {
                self.report("deleted node \(row.integer(0)): a field is out of range")
                return nil
            }
            var deleted = DeletedRow(
                node: node, parent: parent, scope: scope, path: row.bytes(3), time: row.integer(4), author: author,
                watched: row.optionalInteger(10))
            if let bytes = row.optionalBytes(9) { deleted.way = Way(sequence: row.integer(8), bytes: bytes) }
            let fields = deleted.canonicalBytes(store: self.identity.uuid, uuid: row.bytes(7))
            guard self.seals.verifies(seal: row.bytes(6), of: fields) else {
                self.report("deleted node \(node.rawValue): its seal does not verify")
                return nil
            }
            return deleted
        }.compactMap { $0 }
    }

    func insert(_ deleted: DeletedRow, of node: NodeRow) throws(VaultError) {
        try run(
            """
            INSERT INTO deleted (node, parent, scope, path, time, author, sequence, way, watched, seal)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(deleted.node.rawValue), .integer(deleted.parent.rawValue), .integer(deleted.scope.rawValue),
                .bytes(deleted.path), .integer(deleted.time), .integer(Int64(deleted.author)),
                deleted.way.map { .integer($0.sequence) } ?? .null, deleted.way.map { .bytes($0.bytes) } ?? .null,
                deleted.watched.map { .integer($0) } ?? .null,
                .bytes(seals.seal(deleted.canonicalBytes(store: identity.uuid, uuid: node.uuid))),
            ])
    }

    func removeDeletedRow(of node: NodeID) throws(VaultError) {
        try run("DELETE FROM deleted WHERE node = ?", [.integer(node.rawValue)])
    }

    /// A node and all that is in it, the deepest first. No tree is deeper, as in `place`.
    func tree(_ root: NodeID) throws(VaultError) -> [NodeID] {
        try rows(
            """
            WITH RECURSIVE tree (id, depth) AS (
              SELECT ?1, 0
              UNION ALL SELECT node.id, tree.depth + 1 FROM node JOIN tree ON node.parent = tree.id AND node.id <> node.parent
              WHERE tree.depth < 4096
            ) SELECT id FROM tree ORDER BY depth DESC
            """, [.integer(root.rawValue)]
        ) { NodeID(rawValue: $0.integer(0)) }.compactMap { $0 }
    }

    /// How many levels of folders are below a node.
    func height(of node: NodeID) throws(VaultError) -> Int {
        let depths = try rows(
            """
            WITH RECURSIVE tree (id, depth) AS (
              SELECT ?1, 0
              UNION ALL SELECT node.id, tree.depth + 1 FROM node JOIN tree ON node.parent = tree.id AND node.id <> node.parent
              WHERE tree.depth < 4096 AND node.kind NOT IN (9, 11)
            ) SELECT max(depth) FROM tree
            """, [.integer(node.rawValue)]
        ) { $0.integer(0) }
        return depths.first.map { Int(clamping: $0) } ?? 0
    }

    /// The deleted rows that go when a place goes: items and folders with their secret, and all with the organization
    /// or home. A secret outlives its project, since it can be restored to another.
    func deletedFrom(_ place: NodeID) throws(VaultError) -> [NodeID] {
        try rows(
            """
            SELECT deleted.node FROM deleted JOIN node ON node.id = deleted.node
            WHERE deleted.scope = ?1 OR deleted.parent = ?1 AND node.kind IN (9, 10, 11)
            """, [.integer(place.rawValue)]
        ) { NodeID(rawValue: $0.integer(0)) }.compactMap { $0 }
    }

    /// The node at the top of what this one lies in: the root, or something deleted. Nil if it lies in nothing.
    func top(of node: NodeRow) throws(VaultError) -> NodeRow? {
        var current = node
        // No tree is deeper, as in `place`.
        for _ in 0..<4096 {
            guard current.parent != current.id else { break }
            guard let parent = try nodeOrHome(current.parent) else { return nil }
            current = parent
        }
        return current.parent == current.id ? current : nil
    }
}
