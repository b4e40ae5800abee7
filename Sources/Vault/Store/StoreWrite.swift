// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets
internal import Sodium

/// Writing rows, sealed or signed on the way. Called in the transaction of a change only.
extension StoreConnection {
    func insert(_ node: NodeRow) throws(VaultError) {
        try run(
            """
            INSERT INTO node (id, uuid, parent, kind, name, created, changed, current, length, line, policy, description, type,
              modified, seal)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(node.id.rawValue), .bytes(node.uuid), .integer(node.parent.rawValue),
                .integer(Int64(node.kind.rawValue)), .bytes(node.name), .integer(node.created), .integer(node.changed),
                .integer(node.current), .integer(node.length), .integer(node.line), node.policy.map { .bytes($0) } ?? .null,
                node.description.map { .bytes($0) } ?? .null, node.type.map { .bytes($0) } ?? .null,
                node.modified.map { .integer($0) } ?? .null, .bytes(seals.seal(node.canonicalBytes(store: identity.uuid))),
            ])
        recordInsertion(of: node)
        try countInsertion(of: node)
    }

    /// Writes what may change of a node: its place, its name, what is said of its value, its policy, its description and type. Throws
    /// `corrupt` if there is none of that number.
    func update(_ node: NodeRow) throws(VaultError) {
        guard let old = try self.node(node.id) else { throw .corrupt("node \(node.id.rawValue): it is missing") }
        try update(old, to: node)
    }

    private func update(_ old: NodeRow, to node: NodeRow) throws(VaultError) {
        try run(
            """
            UPDATE node SET parent = ?, name = ?, changed = ?, current = ?, length = ?, line = ?, policy = ?, description = ?,
              type = ?, modified = ?, seal = ?
            WHERE id = ?
            """,
            [
                .integer(node.parent.rawValue), .bytes(node.name), .integer(node.changed), .integer(node.current),
                .integer(node.length), .integer(node.line), node.policy.map { .bytes($0) } ?? .null,
                node.description.map { .bytes($0) } ?? .null, node.type.map { .bytes($0) } ?? .null,
                node.modified.map { .integer($0) } ?? .null, .bytes(seals.seal(node.canonicalBytes(store: identity.uuid))),
                .integer(node.id.rawValue),
            ])
        try recordUpdate(of: old, to: node)
        try countUpdate(of: old, to: node)
    }

    /// Notes that the set of what is in a folder, or a value in it, changed; and with it the length of a secret's `env`.
    func touch(_ id: NodeID, now: Int64, line: Int64 = 0) throws(VaultError) {
        guard let old = try node(id) else { return }
        if old.kind == .secret { recordContents(of: Inode(id, .env)) }
        if let secret = try secret(above: old) { recordChange(in: secret) }
        var node = old
        node.changed = now
        node.modified = nil
        node.line += line
        try update(old, to: node)
    }

    /// Destroys a node and all that is in it, with the versions, their keys and the grants; and what had been deleted from there and
    /// can't be without it. Returns what of the deleted went with it.
    func delete(_ node: NodeID) throws(VaultError) -> [DeletedRow] {
        if let row = try self.node(node) { try recordRemoval(of: row) }
        let home = recorder == nil ? nil : try home(of: node)
        let gone = try deletedBelow(node)
        let trees = try ([node] + gone).map { root throws(VaultError) in try tree(root) }
        let deleted = try gone.map { root throws(VaultError) in try deletedRow(of: root) }.compactMap { $0 }
        // An organization's row goes last, since its keys go with it.
        for id in trees.reversed().joined() {
            recordContents(of: Inode(id))
            try deletePassages(ofGrantsOn: id)
            let versions = try rows("DELETE FROM version WHERE node = ? RETURNING id, length", [.integer(id.rawValue)]) {
                (id: $0.integer(0), length: $0.integer(1))
            }
            recordDestruction(of: versions.map(\.id))
            let rows = try rows(
                "DELETE FROM node WHERE id = ? RETURNING kind, coalesce(length(policy), 0) + coalesce(length(description), 0)",
                [.integer(id.rawValue)]
            ) { (kind: $0.integer(0), extra: $0.integer(1)) }
            recordDestruction(of: id, kind: rows.first.flatMap { UInt8(exactly: $0.kind) }.flatMap(NodeKind.init(rawValue:)))
            let bytes = versions.reduce(rows.first?.extra ?? 0) { $0 &+ $1.length }
            countDestruction(of: HomeUsage(bytes: bytes, items: Int64(rows.count)), in: home)
        }
        return deleted
    }

    /// - Parameter origin: what the value was sealed for, if it came from another item.
    func insertVersion(
        of node: NodeRow, number: Int64, created: Int64, author: UInt32, length: Int64, line: Int64, key: KeyRow,
        sealed: Envelope.Sealed, origin: VersionRow.Origin? = nil
    ) throws(VaultError) {
        recordContents(of: Inode(node.id))
        let id = try takeNumber()
        let uuid = NodeRow.newUUID()
        let fields = VersionRow.canonicalBytes(
            store: identity.uuid, id: id, uuid: uuid, node: node.uuid, number: number, created: created, author: author,
            length: length, line: line, key: key.uuid, dataKey: sealed.dataKey, origin: origin)
        try run(
            """
            INSERT INTO version (id, uuid, node, number, created, author, length, line, key, data_key, signature, value, origin,
              origin_number)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(id), .bytes(uuid), .integer(node.id.rawValue), .integer(number), .integer(created), .integer(Int64(author)),
                .integer(length), .integer(line), .integer(key.id), .bytes(sealed.dataKey), .bytes(seals.sign(fields)),
                .bytes(sealed.value), origin.map { .bytes($0.item) } ?? .null, origin.map { .integer($0.number) } ?? .null,
            ])
        try countVersion(of: node, bytes: length)
    }

    /// Destroys versions of an item, their keys included: those up to a number, and one more if given.
    func deleteVersions(of node: NodeID, upTo number: Int64, and superseded: Int64?) throws(VaultError) {
        let versions = try rows(
            "DELETE FROM version WHERE node = ? AND (number <= ? OR number = ?) RETURNING id, length",
            [.integer(node.rawValue), .integer(number), superseded.map { .integer($0) } ?? .null]
        ) { (id: $0.integer(0), length: $0.integer(1)) }
        guard !versions.isEmpty else { return }
        recordDestruction(of: versions.map(\.id))
        let bytes = versions.reduce(0) { $0 &+ $1.length }
        countDestruction(of: HomeUsage(bytes: bytes), in: recorder == nil ? nil : try home(of: node))
    }

    /// A new key pair for an organization or home.
    func insertKey(scope: NodeID, now: Int64) throws(VaultError) {
        let pair = try Keyring.makeOrganizationKey(rootPublicKey: identity.rootPublicKey)
        let id = try takeNumber()
        let uuid = NodeRow.newUUID()
        let fields = KeyRow.canonicalBytes(
            store: identity.uuid, id: id, uuid: uuid, scope: scope, publicKey: pair.publicKey, privateKey: pair.privateKey,
            created: now)
        try run(
            "INSERT INTO key (id, uuid, scope, public, private, created, signature) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                .integer(id), .bytes(uuid), .integer(scope.rawValue), .bytes(pair.publicKey), .bytes(pair.privateKey), .integer(now),
                .bytes(seals.sign(fields)),
            ])
    }

    /// Sets what a principal holds on an inode itself; no rights remove the grant. `above` are the inodes on the way to it.
    func setGrant(
        _ grant: Grant, on subject: Inode, node: NodeRow, above: [Inode], author: UInt32, now: Int64
    ) throws(VaultError) {
        let isGroup: StoreValue = .integer(grant.principal.classNumber)
        let principal: StoreValue = .integer(Int64(grant.principal.id))
        let inode: StoreValue = .integer(Int64(bitPattern: subject.number))
        recordGrant(on: subject)
        recordPassage(above)
        try run("DELETE FROM grants WHERE subject = ? AND class = ? AND principal = ?", [inode, isGroup, principal])
        guard !grant.rights.isEmpty else { return }

        let id = try takeNumber()
        let uuid = NodeRow.newUUID()
        let fields = GrantRow.canonicalBytes(
            store: identity.uuid, id: id, uuid: uuid, subject: subject, node: node.uuid, grant: grant, author: author, created: now)
        try run(
            """
            INSERT INTO grants (id, uuid, subject, node, class, principal, rights, author, created, signature)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(id), .bytes(uuid), inode, .integer(node.id.rawValue), isGroup, principal, .integer(Int64(grant.rights.rawValue)),
                .integer(Int64(author)), .integer(now), .bytes(seals.sign(fields)),
            ])
        try insertPassage(grant: id, above: above)
    }

    func insertPassage(grant: Int64, above: [Inode]) throws(VaultError) {
        for inode in above {
            try run(
                "INSERT INTO passage (inode, grant) VALUES (?, ?)", [.integer(Int64(bitPattern: inode.number)), .integer(grant)])
        }
        recordPassage(above)
    }

    func deletePassage(grant: Int64) throws(VaultError) {
        try deletePassages("DELETE FROM passage WHERE grant = ? RETURNING inode", grant)
    }

    private func deletePassages(ofGrantsOn node: NodeID) throws(VaultError) {
        try deletePassages("DELETE FROM passage WHERE grant IN (SELECT id FROM grants WHERE node = ?) RETURNING inode", node.rawValue)
    }

    private func deletePassages(_ sql: String, _ number: Int64) throws(VaultError) {
        recordPassage(try rows(sql, [.integer(number)]) { Inode(number: UInt64(bitPattern: $0.integer(0))) }.compactMap { $0 })
    }
}

extension NodeRow {
    /// A random UUID, version 4 (RFC 9562), 16 bytes.
    static func newUUID() -> [UInt8] {
        var bytes = Random.bytes(16)
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        return bytes
    }
}
