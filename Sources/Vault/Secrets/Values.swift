// SPDX-License-Identifier: MIT

package import Secrets
internal import Sodium

/// Values that are opened several at once, or only inside of the vault: siblings of `open`, in its order. Each is decided, then has
/// its line in the audit log, then is decrypted.
extension Vault {
    /// An item that the caller may open.
    struct Openable {
        let node: NodeRow
        let place: Place
        /// The names below its secret.
        let name: [[UInt8]]
        let decision: Decision
    }

    /// All items at a place, or none: throws `denied` (logged) if one of them is not for the caller to read.
    func openable(in place: Place, for caller: Caller, _ store: StoreConnection) throws(VaultError) -> [Openable] {
        guard let node = try store.node(place.inode.node) else { throw .notFound }
        let items = try store.items(in: place)
        if node.kind == .secret, place.inode.facet != .files {
            // Without one of its variables the secret would be another.
            let line = items.reduce(Int64(0)) { $1.node.kind == .variable ? $0 + $1.node.line : $0 }
            guard line == node.line else { throw .corrupt("\(place.reference): a variable is missing") }
        }
        var openable: [Openable] = []
        for item in items {
            guard let place = try store.place(Inode(item.node.id)) else { throw .corrupt("\(place.reference): an item is not in it") }
            let decision = try authorize(.read, on: place, for: caller, version: item.node.current)
            openable.append(Openable(node: item.node, place: place, name: item.name, decision: decision))
        }
        return openable
    }

    /// Every item of a secret, of its `vars`, its `files` or a folder, or the one item, as they were at one instant: by their names in
    /// the secret. All are handed out or none is.
    ///
    /// Throws what `open` does, and `tooLarge` if all values together have more than `limit` bytes.
    package func openAll(
        _ reference: Reference, limit: Int, for caller: Caller
    ) throws(VaultError) -> [(name: [UInt8], value: Snapshot)] {
        let inode = try resolve(reference, for: caller)
        return try store.read { store throws(VaultError) in
            try store.snapshot { () throws(VaultError) in
                guard let place = try store.place(inode) else { throw .notFound }
                guard !place.isEnvironment, !place.inSecret.isEmpty || place.kind == .secret else { throw .isAFolder }
                let items = try self.openable(in: place, for: caller, store)
                var length: Int64 = 0
                for item in items {
                    let (sum, overflows) = length.addingReportingOverflow(max(item.node.length, 0))
                    length = overflows ? .max : sum
                }
                guard length <= Int64(limit) else { throw .tooLarge(limit: limit) }
                return try items.map { item throws(VaultError) in
                    let value = try self.value(of: item, reason: item.decision.reason.description, for: caller, store)
                    let name = Array(item.name.joined(separator: [UInt8(ascii: "/")]))
                    return (name: name, value: Snapshot(value: SecretBox(value), version: item.node.current))
                }
            }
        }
    }

    /// The current value of an item that was decided on.
    func value(of item: Openable, reason: String, for caller: Caller, _ store: StoreConnection) throws(VaultError) -> SecretBytes {
        try value(of: item.node, item.node.current, at: item.place, reason: reason, for: caller, store)
    }

    /// A version's value, for a caller whom the decision lets. Throws `locked` (logged), `corrupt` (logged), `audit`.
    func value(
        of node: NodeRow, _ number: Int64, at place: Place, reason: String, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) -> SecretBytes {
        let sealed = try Sealed.reading { () throws(VaultError) in
            Contents(node: node, items: [try store.item(node, version: number)])
        }
        return try reveal(sealed, version: number, at: place, reason: reason, for: caller)
    }
}
