// SPDX-License-Identifier: MIT

internal import Secrets

/// The rows of the store as values, with what of each is sealed or signed (tacit-store.5).
///
/// Local numbers (`id`) are never reused (`Numbers.swift`), and are covered too: grants count in their order, and of the keys of a
/// scope the newest is in use. `uuid`s are what other machines would know a row by.

/// A place in the tree: an organization, a project, a secret, a variable, a file…
struct NodeRow: Sendable {
    let id: NodeID
    let uuid: [UInt8]
    var parent: NodeID
    let kind: NodeKind
    var name: [UInt8]
    /// Microseconds since the epoch.
    let created: Int64
    /// When its value, or the set of what is in it, last changed. Microseconds since the epoch.
    var changed: Int64
    /// The number of the version shown, 0 if it is not an item.
    var current: Int64 = 0
    /// The bytes of the current version.
    var length: Int64 = 0
    /// The bytes of the current version's line in `env`, its newline included. Of a secret: of all its variables' lines, so that
    /// one whose row is gone is missed. 0 for everything else.
    var line: Int64 = 0
    /// The access policy of a secret in its stored form; nil is the default policy.
    var policy: [UInt8]?
    /// The description of a secret, UTF-8; nil if it has none.
    var description: [UInt8]?
    /// The type of the secret to other programs, UTF-8: the `type` of a Kubernetes Secret; nil if none was given.
    var type: [UInt8]?
    /// The time that was given by utimensat(2) since `changed`, or with the current version. Nanoseconds since the epoch; nil if none was.
    var modified: Int64?

    /// Whether it lies in no folder, since it was deleted.
    var isDeleted: Bool { parent == id && id != .root }

    /// Every field: who can write to the store but has no node key can't move, rename or roll back a row unnoticed.
    ///
    /// A node without a description, a type or a given time has the bytes that it had before there were any.
    func canonicalBytes(store: [UInt8]) -> [UInt8] {
        var fields = CanonicalBytes(label: label)
        fields.add(store)
        fields.add(id.rawValue)
        fields.add(uuid)
        fields.add(parent.rawValue)
        fields.add(Int64(kind.rawValue))
        fields.add(name)
        fields.add(created)
        fields.add(changed)
        fields.add(current)
        fields.add(length)
        fields.add(line)
        fields.add(policy)
        if description != nil || type != nil || modified != nil { fields.add(description) }
        if type != nil || modified != nil { fields.add(type) }
        if let modified { fields.add(modified) }
        return fields.bytes
    }

    private var label: StaticString {
        if modified != nil { return "tacit node 4" }
        return type != nil ? "tacit node 3" : description != nil ? "tacit node 2" : "tacit node 1"
    }
}

/// Something deleted that can be restored: where it was. Its node is its own parent meanwhile, without a name.
struct DeletedRow: Sendable {
    let node: NodeID
    /// The node it lay in; there may be none of that number any more.
    let parent: NodeID
    /// The organization or home, whose key its values are sealed to.
    let scope: NodeID
    /// The names on the way to it, its own last, with `/` between.
    let path: [UInt8]
    /// When. Microseconds since the epoch.
    let time: Int64
    /// The uid that deleted it.
    let author: UInt32
    /// Where it lay; nil if an older release deleted it, which did not note that.
    var way: Way?
    /// When, in watched time (`WatchedTime`); nil for what a release before 0.2 deleted.
    let watched: Int64?

    var components: [[UInt8]] { path.split(separator: UInt8(ascii: "/")).map { Array($0) } }
    var name: [UInt8] { components.last ?? [] }

    func canonicalBytes(store: [UInt8], uuid: [UInt8]) -> [UInt8] {
        var fields = CanonicalBytes(label: way == nil && watched == nil ? "tacit deleted 1" : "tacit deleted 2")
        fields.add(store)
        fields.add(node.rawValue)
        fields.add(uuid)
        fields.add(parent.rawValue)
        fields.add(scope.rawValue)
        fields.add(path)
        fields.add(time)
        fields.add(Int64(author))
        if way != nil || watched != nil {
            fields.add(way?.sequence ?? -1)
            fields.add(way?.bytes)
            fields.add(watched ?? -1)
        }
        return fields.bytes
    }
}

/// The way on which something lay that was deleted: by it is told later who could get at it then.
struct Way: Sendable {
    /// A number of the sequence that was taken when it was deleted: a grant with a greater one is newer.
    let sequence: Int64
    /// The folders that it lay in, nearest first, without the root.
    let inodes: [Inode]

    init(sequence: Int64, inodes: [Inode]) {
        self.sequence = sequence
        self.inodes = inodes
    }

    /// Reads what `bytes` gives; nil for anything else.
    init?(sequence: Int64, bytes: [UInt8]) {
        guard bytes.count % 8 == 0 else { return nil }
        var inodes: [Inode] = []
        for start in stride(from: 0, to: bytes.count, by: 8) {
            let number = bytes[start..<start + 8].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
            guard let inode = Inode(number: number) else { return nil }
            inodes.append(inode)
        }
        self.init(sequence: sequence, inodes: inodes)
    }

    /// The number of each inode, 8 bytes, little-endian.
    var bytes: [UInt8] {
        inodes.flatMap { inode in (0..<8).map { UInt8(truncatingIfNeeded: inode.number >> ($0 * 8)) } }
    }

    /// Of a variable, the `env` that shows it too.
    var environment: [Inode] { inodes.filter { $0.facet == .vars }.map { Inode($0.node, .env) } }
}

/// One version of a variable's or a file's value.
struct VersionRow: Sendable {
    let id: Int64
    let uuid: [UInt8]
    let node: NodeID
    let number: Int64
    let created: Int64
    /// The uid that wrote it.
    let author: UInt32
    let length: Int64
    /// The bytes of its line in `env` without the name, which may change; 0 for files.
    let line: Int64
    /// The organization key (a local number) that `dataKey` is sealed to.
    let key: Int64
    /// The value's own key in a sealed box, 80 bytes.
    let dataKey: [UInt8]
    /// Nonce, ciphertext and tag.
    let value: [UInt8]
    let signature: [UInt8]
    /// What the value was sealed for, if it came from another item by a rename; nil: for this version of this item.
    let origin: Origin?

    /// A version of an item: what a value was sealed for.
    struct Origin: Equatable, Sendable {
        /// The UUID of the item, of which there may be no row any more.
        let item: [UInt8]
        let number: Int64

        init(item: [UInt8], number: Int64) {
            self.item = item
            self.number = number
        }

        /// From the columns of a row: nil if both are NULL. One without the other is an origin that nothing was sealed for.
        init?(item: [UInt8]?, number: Int64?) {
            guard item != nil || number != nil else { return nil }
            self.init(item: item ?? [], number: number ?? -1)
        }
    }

    /// All but the value itself, which its own key authenticates; that key is signed here.
    ///
    /// A version that has no other origin has the bytes that it had before there were any.
    static func canonicalBytes(
        store: [UInt8], id: Int64, uuid: [UInt8], node: [UInt8], number: Int64, created: Int64, author: UInt32,
        length: Int64, line: Int64, key: [UInt8], dataKey: [UInt8], origin: Origin?
    ) -> [UInt8] {
        var fields = CanonicalBytes(label: origin == nil ? "tacit version 1" : "tacit version 2", capacity: 320)
        fields.add(store)
        fields.add(id)
        fields.add(uuid)
        fields.add(node)
        fields.add(number)
        fields.add(created)
        fields.add(Int64(author))
        fields.add(length)
        fields.add(line)
        fields.add(key)
        fields.add(dataKey)
        if let origin {
            fields.add(origin.item)
            fields.add(origin.number)
        }
        return fields.bytes
    }
}

/// A key pair of an organization or a user's home: values are sealed to its public half.
struct KeyRow: Sendable {
    let id: Int64
    let uuid: [UInt8]
    /// The organization or home.
    let scope: NodeID
    /// X25519, 32 bytes, in the clear.
    let publicKey: [UInt8]
    /// The private half in a box sealed to the root key, 80 bytes.
    let privateKey: [UInt8]
    let created: Int64
    let signature: [UInt8]

    static func canonicalBytes(
        store: [UInt8], id: Int64, uuid: [UInt8], scope: NodeID, publicKey: [UInt8], privateKey: [UInt8], created: Int64
    ) -> [UInt8] {
        var fields = CanonicalBytes(label: "tacit key 1", capacity: 320)
        fields.add(store)
        fields.add(id)
        fields.add(uuid)
        fields.add(scope.rawValue)
        fields.add(publicKey)
        fields.add(privateKey)
        fields.add(created)
        return fields.bytes
    }
}

/// Rights of one principal on one inode and everything below it.
struct GrantRow: Sendable {
    let id: Int64
    let uuid: [UInt8]
    let subject: Inode
    let grant: Grant
    /// The uid that granted it.
    let author: UInt32
    let created: Int64
    let signature: [UInt8]

    static func canonicalBytes(
        store: [UInt8], id: Int64, uuid: [UInt8], subject: Inode, node: [UInt8], grant: Grant, author: UInt32, created: Int64
    ) -> [UInt8] {
        var fields = CanonicalBytes(label: "tacit grant 1", capacity: 240)
        fields.add(store)
        fields.add(id)
        fields.add(uuid)
        fields.add(Int64(bitPattern: subject.number))
        fields.add(node)
        fields.add(grant.principal.classNumber)
        fields.add(Int64(grant.principal.id))
        fields.add(Int64(grant.rights.rawValue))
        fields.add(Int64(author))
        fields.add(created)
        return fields.bytes
    }
}

extension Principal {
    /// As stored: 0 for a user, 1 for a group.
    var classNumber: Int64 {
        switch self {
        case .user: 0
        case .group: 1
        }
    }

    /// The uid or gid.
    var id: UInt32 {
        switch self {
        case .user(let id), .group(let id): id
        }
    }

    init?(classNumber: Int64, id: Int64) {
        guard let id = UInt32(exactly: id) else { return nil }
        switch classNumber {
        case 0: self = .user(id)
        case 1: self = .group(id)
        default: return nil
        }
    }
}

/// The one row that says whose store this is.
struct StoreRow: Sendable {
    let uuid: [UInt8]
    /// X25519, derived from the root key: what organization keys are sealed to.
    let rootPublicKey: [UInt8]
    /// How a passphrase becomes the root key; nil where the root key is 32 random bytes.
    let passphrase: PassphraseRow?
    let created: Int64
    let signature: [UInt8]

    struct PassphraseRow: Sendable {
        /// 16 bytes.
        let salt: [UInt8]
        let operations: Int64
        /// Bytes.
        let memory: Int64
    }

    static func canonicalBytes(uuid: [UInt8], rootPublicKey: [UInt8], passphrase: PassphraseRow?, created: Int64) -> [UInt8] {
        var fields = CanonicalBytes(label: "tacit store 1")
        fields.add(uuid)
        fields.add(rootPublicKey)
        fields.add(passphrase?.salt)
        fields.add(passphrase?.operations ?? -1)
        fields.add(passphrase?.memory ?? -1)
        fields.add(created)
        return fields.bytes
    }
}
