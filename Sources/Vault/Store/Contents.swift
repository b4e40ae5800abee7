// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets

/// The rows that an open of an item, or of `env`, needs: still encrypted, and verified.
struct Contents: Sendable {
    struct Item: Sendable {
        let node: NodeRow
        let version: VersionRow
        /// The organization key that the version's data key is sealed to.
        let key: KeyRow
    }

    /// The item, or the secret of an `env`.
    let node: NodeRow
    /// One item, or the variables of a secret in the order of their names.
    let items: [Item]
    let identity: ValueIdentity

    init(node: NodeRow, items: [Item]) {
        self.node = node
        self.items = items
        identity = ValueIdentity(of: items, isEnvironment: node.kind == .secret)
    }

    /// Of the encrypted values.
    var byteCount: Int { items.reduce(0) { $0 + $1.version.value.count } }
}

/// The contents that were opened lately.
///
/// There is one daemon to a store, and all its changes pass `Store.write`. From before a change is committed until it is, and is
/// forgotten here, everybody reads the store itself: so nobody finds what is older than what somebody has found before.
final class ContentsCache: Sendable {
    /// How many are kept, and how many items in them: each takes a kilobyte beside its value.
    private static let mostItems = 4096
    /// Bytes of encrypted values.
    private static let mostBytes = 4 << 20
    private static let largest = 256 << 10

    private struct State {
        var generation: UInt64 = 0
        var contents: [Inode: Contents] = [:]
        /// The inodes that the current transaction changes: there is one transaction at a time.
        var changing: Set<Inode> = []
        var items = 0
        var bytes = 0

        mutating func forget(_ inode: Inode) {
            guard let forgotten = contents.removeValue(forKey: inode) else { return }
            items -= forgotten.items.count
            bytes -= forgotten.byteCount
        }
    }

    private let state = Guarded(State())

    /// To be asked for before rows are read that are to be kept.
    var generation: UInt64 { state.withLock { $0.generation } }

    func contents(_ inode: Inode) -> Contents? { state.withLock { $0.contents[inode] } }

    /// Keeps what was read from the store in `generation`, unless something has changed since.
    func keep(_ contents: Contents, of inode: Inode, generation: UInt64) {
        let bytes = contents.byteCount
        guard bytes <= Self.largest, contents.items.count <= Self.mostItems / 4 else { return }
        state.withLock { state in
            guard state.generation == generation, state.contents[inode] == nil, !state.changing.contains(inode) else { return }
            if state.items + contents.items.count > Self.mostItems || state.bytes + bytes > Self.mostBytes {
                state.contents.removeAll(keepingCapacity: true)
                state.items = 0
                state.bytes = 0
            }
            state.contents[inode] = contents
            state.items += contents.items.count
            state.bytes += bytes
        }
    }

    /// In a transaction that changes what is read of an inode.
    func beginChange(of inode: Inode) {
        state.withLock { state in
            state.changing.insert(inode)
            state.forget(inode)
        }
    }

    /// The transaction that changes these has ended.
    func endChange(of inodes: Set<Inode>) {
        state.withLock { state in
            // Rows that were read before the change must not be kept now.
            state.generation &+= 1
            state.changing.subtract(inodes)
        }
    }
}

extension StoreConnection {
    /// The contents of a place; throws `notFound`, and `corrupt` where a row is missing or does not verify. In a `snapshot` only.
    func contents(of place: Place) throws(VaultError) -> Contents {
        guard let node = try node(place.inode.node) else { throw .notFound }
        var nodes = [node]
        if place.isEnvironment {
            nodes = try children(of: node.id, kind: .variable).sorted { $0.name.lexicographicallyPrecedes($1.name) }
            // Without one of its variables `env` would say something else.
            guard nodes.reduce(0, { $0 + $1.line }) == node.line else { throw .corrupt("a variable is missing") }
        }
        var items: [Contents.Item] = []
        for node in nodes { items.append(try item(node, version: node.current)) }
        return Contents(node: node, items: items)
    }

    /// One version of an item; throws `corrupt` where a row is missing or does not verify.
    func item(_ node: NodeRow, version number: Int64) throws(VaultError) -> Contents.Item {
        guard let version = try version(number, of: node.id) else { throw .corrupt("version \(number) is missing") }
        return Contents.Item(node: node, version: version, key: try verify(version, of: node))
    }
}
