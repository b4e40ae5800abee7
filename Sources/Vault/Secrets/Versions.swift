// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets
internal import Sodium

/// A version of an item, without its value.
package struct VersionView: Sendable {
    package let item: Reference
    package let number: Int64
    /// Microseconds since the epoch.
    package let created: Int64
    /// The uid that wrote it.
    package let author: UInt32
    /// Bytes.
    package let length: Int64
    package let isCurrent: Bool
}

/// The versions of items, which are looked at and taken back without showing a value.
extension Vault {
    /// The versions that are kept of an item, or of all items of a secret or a folder that the caller may list, the newest first.
    ///
    /// Looking is not logged. Throws `notFound`.
    package func history(_ reference: Reference, for caller: Caller) throws(VaultError) -> [VersionView] {
        let inode = try resolve(reference, for: caller)
        return try store.read { store throws(VaultError) in
            try store.snapshot { () throws(VaultError) in
                guard let place = try store.place(inode) else { throw .notFound }
                guard !place.inSecret.isEmpty || place.kind == .secret else {
                    throw .notPermitted("a \(place.kind.word) has no versions: name a secret or an item")
                }
                var views: [VersionView] = []
                for item in try self.listable(in: place, for: caller, store) {
                    for version in try store.versionHeads(of: item.node.id) {
                        // A version that is not signed is not shown; `check` reports it.
                        do { _ = try store.verify(version, of: item.node) } catch { continue }
                        views.append(
                            VersionView(
                                item: item.reference, number: version.number, created: version.created, author: version.author,
                                length: version.length, isCurrent: version.number == item.node.current))
                    }
                }
                // Those of one item stay in the order of their numbers, whatever the clock did.
                return views.enumerated().sorted { left, right in
                    left.element.item == right.element.item || left.element.created == right.element.created
                        ? left.offset < right.offset : left.element.created > right.element.created
                }.map(\.element)
            }
        }
    }

    /// Makes an older version's bytes the next version, unseen, and returns its number. Takes `write`, and the root key; and `read` or
    /// `manage` where somebody was granted to read or run the item only after that version had been replaced.
    ///
    /// Throws `denied` (logged), `locked` (logged), `notFound` (there is no such version any more), `isAFolder`, `corrupt`.
    package func rollback(
        _ reference: Reference, to number: Int64, by caller: Caller
    ) throws(VaultError) -> Int64 {
        let inode = try resolve(reference, item: true, for: caller)
        return try change(by: caller) { store, caller throws(VaultError) -> Int64 in
            guard let place = try store.place(inode), let node = try store.node(inode.node) else { throw .notFound }
            guard place.isItem, !place.isEnvironment else { throw .isAFolder }
            let decision = try self.authorize(.write, on: place, for: caller, version: number)
            guard let version = try store.version(number, of: node.id) else { throw .notFound }
            try self.authorizeRollback(of: node, at: place, to: version, for: caller, store)
            let reason = "\(decision.reason), to make it the next version unseen"
            let value = try self.value(of: node, number, at: place, reason: reason, for: caller, store)
            let change = Change(store: store, caller: caller, now: SystemClock.now())
            return try value.withBytes { value throws(VaultError) in
                try self.addVersion(value, to: node, of: place, superseding: nil, change)
            }
        }.value
    }

    /// The items at a place that the caller may list.
    func listable(
        in place: Place, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) -> [(name: [[UInt8]], node: NodeRow, reference: Reference)] {
        let mayListAll = listsAll(of: place, for: caller)
        let secret = place.path.dropLast(place.inSecret.count)
        var listable: [(name: [[UInt8]], node: NodeRow, reference: Reference)] = []
        for item in try store.items(in: place) {
            if !mayListAll {
                guard let place = try store.place(Inode(item.node.id)), allows(.list, on: place, for: caller) else { continue }
            }
            listable.append((item.name, item.node, Reference(components: secret + item.name)))
        }
        return listable
    }
}
