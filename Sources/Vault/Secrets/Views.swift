// SPDX-License-Identifier: MIT

package import Secrets

// Views of places and items without their values, as `tacit show` and `tacit ls` print them.

/// A place as `tacit show` prints it.
package struct NodeView: Sendable {
    package let reference: Reference
    package let kind: NodeKind
    /// Of a secret; nil if there is none, or if only something below it is for the caller to see.
    package let description: [UInt8]?
    /// As the description.
    package let type: [UInt8]?
    /// Of a secret; nil for other places, or if only something below it is for the caller to see.
    package let policy: AccessPolicy?
    /// Microseconds since the epoch.
    package let created: Int64
    /// Microseconds since the epoch.
    package let changed: Int64
    /// Of a secret, or a folder below it: the items in it that the caller may list. Of an item: itself.
    package let items: [ItemView]
}

/// An item of a secret, without its value.
package struct ItemView: Sendable {
    /// `vars/NAME` or `files/a/b`.
    package let name: [UInt8]
    /// The number of the current version.
    package let version: Int64
    /// Bytes.
    package let length: Int64
    /// Microseconds since the epoch.
    package let changed: Int64
}

/// An entry of a listing: of a scope what is in it, of a secret its items.
package struct EntryView: Sendable {
    /// Of an item below a secret: `vars/NAME` or `files/a/b`.
    package let name: [UInt8]
    package let kind: NodeKind
    /// Microseconds since the epoch.
    package let created: Int64
    /// Microseconds since the epoch.
    package let changed: Int64
    /// Bytes of an item's value; nil for everything else.
    package let length: Int64?
    /// Of a secret whose policy has some; nil for everything else, and if only something below it is for the caller to see.
    package let dates: SecretDates?
    /// Where to go on behind this entry.
    package let cookie: UInt64
}

/// Looking at places by their references. Nothing of it is logged: no value is.
extension Vault {
    /// A place with the items in it, as far as the caller may see it. Throws `notFound`.
    package func show(_ reference: Reference, for caller: Caller) throws(VaultError) -> NodeView {
        let inode = try resolve(reference, for: caller)
        return try store.read { store throws(VaultError) in
            try store.snapshot { () throws(VaultError) in
                guard let place = try store.place(inode), let node = try store.nodeOrHome(inode.node) else { throw .notFound }
                let isSecret = node.kind == .secret && self.listsAll(of: place, for: caller)
                let isInSecret = node.kind == .secret || !place.inSecret.isEmpty
                let items = isInSecret ? try self.listable(in: place, for: caller, store) : []
                return NodeView(
                    reference: place.exactReference, kind: node.kind, description: isSecret ? node.description : nil,
                    type: isSecret ? node.type : nil,
                    policy: isSecret ? try place.readablePolicy() : nil, created: node.created, changed: node.changed,
                    items: items.map {
                        ItemView(
                            name: Array($0.name.joined(separator: [UInt8(ascii: "/")])), version: $0.node.current, length: $0.node.length,
                            changed: $0.node.changed)
                    })
            }
        }
    }

    /// The entries of a place that the caller may see, behind `cookie` (0: from the start) and `limit` at most: of a scope or a
    /// folder its entries, in no order of their names; of a secret, its `vars` or its `files`, all items below. `next` is the cookie
    /// of the last, nil if there is nothing behind it.
    ///
    /// Throws `notFound`, `denied`, `notAFolder`.
    package func entries(
        of reference: Reference, after cookie: UInt64, limit: Int, for caller: Caller
    ) throws(VaultError) -> (entries: [EntryView], next: UInt64?) {
        let inode = try resolve(reference, for: caller)
        let place = try place(inode)
        guard place.isFolder else { throw .notAFolder }
        guard place.kind != .secret, place.kind != .folder else {
            let items = try items(in: inode, after: cookie, limit: limit, for: caller)
            return (items, items.count < limit ? nil : items.last?.cookie)
        }
        let entries = try list(inode, after: cookie, limit: limit, for: caller)
        return try store.read { store throws(VaultError) in
            var views: [EntryView] = []
            for entry in entries {
                // Gone since it was listed.
                guard let node = try store.node(entry.inode.node), !node.isDeleted else { continue }
                views.append(
                    EntryView(
                        name: node.name, kind: node.kind, created: node.created, changed: node.changed, length: nil,
                        dates: try self.dates(of: node, for: caller, store), cookie: entry.cookie))
            }
            // A page is full by what was listed, also if something of it is gone.
            return (views, entries.count < limit ? nil : entries.last?.cookie)
        }
    }

    /// Items in the order of their names: a cookie is how many come before.
    private func items(in inode: Inode, after cookie: UInt64, limit: Int, for caller: Caller) throws(VaultError) -> [EntryView] {
        try store.read { store throws(VaultError) in
            try store.snapshot { () throws(VaultError) in
                guard let place = try store.place(inode) else { throw .notFound }
                let items = try self.listable(in: place, for: caller, store)
                let rest = items.enumerated().dropFirst(Int(clamping: cookie)).prefix(max(limit, 0))
                // Their names are those below the secret.
                let secret = try place.secret.flatMap { secret throws(VaultError) in try store.place(Inode(secret)) } ?? place
                let depth = place.path.count - secret.path.count
                return rest.map { index, item in
                    EntryView(
                        name: Array(item.name.dropFirst(depth).joined(separator: [UInt8(ascii: "/")])), kind: item.node.kind,
                        created: item.node.created,
                        changed: item.node.changed, length: item.node.length, dates: nil, cookie: UInt64(index) + 1)
                }
            }
        }
    }
}
