// SPDX-License-Identifier: MIT

internal import Secrets

/// Reading rows. Each is verified before anyone sees it; one that does not verify is treated as absent, and reported.
extension StoreConnection {
    private static let nodeColumns =
        "id, uuid, parent, kind, name, created, changed, current, length, line, policy, description, type, modified, seal"

    func node(_ id: NodeID) throws(VaultError) -> NodeRow? {
        try nodes("SELECT \(Self.nodeColumns) FROM node WHERE id = ?", [.integer(id.rawValue)]).first
    }

    /// The child of that name. Variables have a space of names of their own beside files and everything else.
    func child(of parent: NodeID, named name: [UInt8], variable: Bool) throws(VaultError) -> NodeRow? {
        try nodes(
            "SELECT \(Self.nodeColumns) FROM node WHERE parent = ? AND (kind = 9) = ? AND name = ?",
            [.integer(parent.rawValue), .integer(variable ? 1 : 0), .bytes(name)]
        ).first
    }

    /// Children of one kind in the order of their numbers, from behind `last` on.
    func children(of parent: NodeID, kind: NodeKind, after last: Int64 = 0, limit: Int = .max) throws(VaultError) -> [NodeRow] {
        try nodes(
            "SELECT \(Self.nodeColumns) FROM node WHERE parent = ? AND kind = ? AND id > ? AND id <> parent ORDER BY id LIMIT ?",
            [.integer(parent.rawValue), .integer(Int64(kind.rawValue)), .integer(last), .integer(Int64(limit))])
    }

    /// How long the text of a secret's `env` is. Its row has the sum of all assignments, and so says the same whichever names a release
    /// keeps out of `env`: those are looked for, by an index, and counted as what `env` has in their places.
    func environmentLength(of secret: NodeRow) throws(VaultError) -> Int64 {
        guard secret.line > 0 else { return secret.line }
        let kept = try nodes(Self.keptVariables, [.integer(secret.id.rawValue)])
        return kept.reduce(secret.line) { $0 - $1.line + $1.shownLength }
    }

    static let keptVariables: String = {
        // Names are of letters, digits and `_`: as text they are what they are as bytes.
        let names = ShellNames.all.map { name in "CAST('\(String(decoding: name, as: UTF8.self))' AS BLOB)" }.joined(separator: ", ")
        return "SELECT \(nodeColumns) FROM node WHERE parent = ? AND (kind = 9) = 1 AND name IN (\(names))"
    }()

    func hasChildren(_ parent: NodeID) throws(VaultError) -> Bool {
        try !rows("SELECT 1 FROM node WHERE parent = ? AND id <> parent LIMIT 1", [.integer(parent.rawValue)]) { _ in true }.isEmpty
    }

    /// How many nodes there are in the tree, for statfs(2) and `tacit status`: those that were deleted are not.
    func nodeCount() throws(VaultError) -> Int64 {
        try rows(
            """
            WITH RECURSIVE gone (id) AS (
              SELECT node FROM deleted UNION SELECT node.id FROM node JOIN gone ON node.parent = gone.id
            ) SELECT (SELECT count(*) FROM node) - (SELECT count(*) FROM gone)
            """, []
        ) { $0.integer(0) }.first ?? 0
    }

    func versionCount() throws(VaultError) -> Int64 {
        try rows("SELECT count(*) FROM version", []) { $0.integer(0) }.first ?? 0
    }

    private func nodes(_ sql: String, _ values: [StoreValue]) throws(VaultError) -> [NodeRow] {
        try rows(sql, values) { row -> NodeRow? in
            guard let id = NodeID(rawValue: row.integer(0)), let parent = NodeID(rawValue: row.integer(2)),
                let kind = UInt8(exactly: row.integer(3)).flatMap(NodeKind.init(rawValue:))
            else {
                self.report("node \(row.integer(0)): a field is out of range")
                return nil
            }
            let node = NodeRow(
                id: id, uuid: row.bytes(1), parent: parent, kind: kind, name: row.bytes(4),
                created: row.integer(5), changed: row.integer(6), current: row.integer(7), length: row.integer(8),
                line: row.integer(9), policy: row.optionalBytes(10), description: row.optionalBytes(11), type: row.optionalBytes(12),
                modified: row.optionalInteger(13))
            guard self.seals.verifies(seal: row.bytes(14), of: node.canonicalBytes(store: self.identity.uuid)) else {
                self.report("node \(id.rawValue): its seal does not verify")
                return nil
            }
            return node
        }.compactMap { $0 }
    }

    /// The grants on one inode, in the order they were made.
    func grants(on subject: Inode) throws(VaultError) -> [GrantRow] {
        try grants("WHERE grants.subject = ? ORDER BY grants.id", [.integer(Int64(bitPattern: subject.number))])
    }

    /// The grants on a node and on its `env`, `vars` and `files`.
    func grants(onNode node: NodeID) throws(VaultError) -> [GrantRow] {
        try grants("WHERE grants.node = ? ORDER BY grants.id", [.integer(node.rawValue)])
    }

    /// The grants to one principal, wherever they are.
    func grants(to principal: Principal) throws(VaultError) -> [GrantRow] {
        try grants(
            "WHERE grants.class = ? AND grants.principal = ? ORDER BY grants.id",
            [.integer(principal.classNumber), .integer(Int64(principal.id))])
    }

    /// The grants below an inode that make it passable, one for each principal.
    func passing(below inode: Inode, limit: Int) throws(VaultError) -> [GrantRow] {
        try grants(
            """
            WHERE grants.id IN (SELECT min(g.id) FROM passage JOIN grants AS g ON g.id = passage.grant
              WHERE passage.inode = ? GROUP BY g.class, g.principal LIMIT ?)
            """, [.integer(Int64(bitPattern: inode.number)), .integer(Int64(limit))])
    }

    /// All grants below an inode.
    func grants(below inode: Inode) throws(VaultError) -> [GrantRow] {
        try grants(
            "WHERE grants.id IN (SELECT passage.grant FROM passage WHERE passage.inode = ?)",
            [.integer(Int64(bitPattern: inode.number))])
    }

    /// Whether there is a grant to one of these below the inode.
    func hasGrant(below inode: Inode, to principals: [Principal]) throws(VaultError) -> Bool {
        for principal in principals {
            let found = try grants(
                """
                WHERE grants.class = ? AND grants.principal = ? AND
                  EXISTS (SELECT 1 FROM passage WHERE passage.inode = ? AND passage.grant = grants.id) LIMIT 1
                """,
                [
                    .integer(principal.classNumber), .integer(Int64(principal.id)),
                    .integer(Int64(bitPattern: inode.number)),
                ])
            if !found.isEmpty { return true }
        }
        return false
    }

    private func grants(_ condition: String, _ values: [StoreValue]) throws(VaultError) -> [GrantRow] {
        let found = try rows(
            """
            SELECT grants.id, grants.uuid, grants.subject, grants.class, grants.principal, grants.rights, grants.author,
              grants.created, grants.signature, node.uuid, grants.node
            FROM grants JOIN node ON node.id = grants.node \(condition)
            """, values
        ) { row -> GrantRow? in
            let id = row.integer(0)
            guard let subject = Inode(number: UInt64(bitPattern: row.integer(2))), subject.node.rawValue == row.integer(10),
                let principal = Principal(classNumber: row.integer(3), id: row.integer(4)), let rights = UInt8(exactly: row.integer(5)),
                let author = UInt32(exactly: row.integer(6))
            else {
                self.report("grant \(id): a field is out of range")
                return nil
            }
            let grant = GrantRow(
                id: id, uuid: row.bytes(1), subject: subject,
                grant: Grant(principal, Rights(rawValue: rights)),
                author: author, created: row.integer(7), signature: row.bytes(8))
            let fields = GrantRow.canonicalBytes(
                store: self.identity.uuid, id: id, uuid: grant.uuid, subject: subject, node: row.bytes(9), grant: grant.grant,
                author: author, created: grant.created)
            guard self.seals.verifies(recurring: grant.signature, of: fields) else {
                self.report("grant \(id): its signature does not verify")
                return nil
            }
            return grant
        }
        return found.compactMap { $0 }
    }

    /// A version of an item, unverified: `verify(_:of:)` does that, where its data key is not in the keyring already.
    func version(_ number: Int64, of node: NodeID) throws(VaultError) -> VersionRow? {
        try versions(of: node, where: "AND number = ?", [.integer(number)]).first
    }

    /// All versions of an item, oldest first, unverified.
    func versions(of node: NodeID) throws(VaultError) -> [VersionRow] {
        try versions(of: node, where: "ORDER BY number", [])
    }

    /// All versions of an item, newest first, unverified, and without their values.
    func versionHeads(of node: NodeID) throws(VaultError) -> [VersionRow] {
        try versions(of: node, value: "x''", where: "ORDER BY number DESC", [])
    }

    private func versions(
        of node: NodeID, value: String = "value", where condition: String, _ values: [StoreValue]
    ) throws(VaultError) -> [VersionRow] {
        try rows(
            """
            SELECT id, uuid, number, created, author, length, line, key, data_key, \(value), signature, origin, origin_number
            FROM version WHERE node = ? \(condition)
            """, [.integer(node.rawValue)] + values
        ) { row -> VersionRow? in
            guard let author = UInt32(exactly: row.integer(4)) else {
                self.report("version \(row.integer(2)) of node \(node.rawValue): a field is out of range")
                return nil
            }
            return VersionRow(
                id: row.integer(0), uuid: row.bytes(1), node: node, number: row.integer(2), created: row.integer(3),
                author: author, length: row.integer(5), line: row.integer(6),
                key: row.integer(7), dataKey: row.bytes(8), value: row.bytes(9), signature: row.bytes(10),
                origin: VersionRow.Origin(item: row.optionalBytes(11), number: row.optionalInteger(12)))
        }.compactMap { $0 }
    }

    /// The organization key of a version, if the rows of both are signed; throws `corrupt` else.
    func verify(_ version: VersionRow, of node: NodeRow) throws(VaultError) -> KeyRow {
        guard let key = try key(version.key) else {
            throw .corrupt("version \(version.number): its organization key is missing")
        }
        let fields = VersionRow.canonicalBytes(
            store: identity.uuid, id: version.id, uuid: version.uuid, node: node.uuid, number: version.number,
            created: version.created, author: version.author, length: version.length, line: version.line, key: key.uuid,
            dataKey: version.dataKey, origin: version.origin)
        guard seals.verifies(signature: version.signature, of: fields) else {
            throw .corrupt("version \(version.number): its signature does not verify")
        }
        return key
    }

    func key(_ id: Int64) throws(VaultError) -> KeyRow? {
        try keys("WHERE id = ?", [.integer(id)]).first
    }

    /// The key that new values of an organization or home are sealed to: the newest one.
    func currentKey(of scope: NodeID) throws(VaultError) -> KeyRow? {
        try keys("WHERE scope = ? ORDER BY id DESC LIMIT 1", [.integer(scope.rawValue)]).first
    }

    private func keys(_ condition: String, _ values: [StoreValue]) throws(VaultError) -> [KeyRow] {
        try rows("SELECT id, uuid, scope, public, private, created, signature FROM key \(condition)", values) { row -> KeyRow? in
            guard let scope = NodeID(rawValue: row.integer(2)) else {
                self.report("organization key \(row.integer(0)): a field is out of range")
                return nil
            }
            let key = KeyRow(
                id: row.integer(0), uuid: row.bytes(1), scope: scope, publicKey: row.bytes(3),
                privateKey: row.bytes(4), created: row.integer(5), signature: row.bytes(6))
            let fields = KeyRow.canonicalBytes(
                store: self.identity.uuid, id: key.id, uuid: key.uuid, scope: key.scope, publicKey: key.publicKey,
                privateKey: key.privateKey, created: key.created)
            guard self.seals.verifies(recurring: key.signature, of: fields) else {
                self.report("organization key \(key.id): its signature does not verify")
                return nil
            }
            return key
        }.compactMap { $0 }
    }
}
