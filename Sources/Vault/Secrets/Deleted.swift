// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// Something that was deleted and can be restored.
package struct DeletedItem: Sendable {
    package let id: DeletedID
    /// Where it was; under the name that the folder has now, if that is still there.
    package let reference: Reference
    package let kind: NodeKind
    /// When. Microseconds since the epoch.
    package let deleted: Int64
    /// The uid that deleted it.
    package let author: UInt32
    /// When it is destroyed. Microseconds since the epoch.
    package let expires: Int64
}

extension Vault {
    /// How long what was deleted can be restored: 7 days of watched time, in microseconds.
    package static let retention: Int64 = 7 * 24 * 3_600 * 1_000_000

    /// When it is destroyed, if the wall clock goes on from now as the watched time does. Microseconds since the epoch.
    func expiry(ofDeletedAt watched: Int64) -> Int64 {
        let (age, isOld) = self.watched.now.subtractingReportingOverflow(watched)
        let left = isOld ? 0 : max(0, Self.retention - max(0, age))
        let (expires, overflows) = SystemClock.now().addingReportingOverflow(left)
        return overflows ? .max : expires
    }

    /// The deleted items below a place, or anywhere, the latest first: only those that the caller may restore or destroy, since it may
    /// remove such a thing there.
    package func deleted(below reference: Reference?, for caller: Caller) throws(VaultError) -> [DeletedItem] {
        let path = reference.map { Self.path($0, for: caller) } ?? []
        return try store.read { store throws(VaultError) in
            try store.snapshot { () throws(VaultError) in
                var items: [DeletedItem] = []
                for row in try store.deletedRows().reversed() {
                    guard let deletedPlace = try store.deletedPlace(row), deletedPlace.path.starts(with: path),
                        self.mayRemove(deletedPlace, caller)
                    else { continue }
                    items.append(
                        DeletedItem(
                            id: DeletedID(uuid: deletedPlace.node.uuid), reference: deletedPlace.place.exactReference,
                            kind: deletedPlace.node.kind,
                            deleted: row.time, author: row.author, expires: self.expiry(ofDeletedAt: row.watched ?? 0)))
                }
                return items
            }
        }
    }

    /// As for a removal: `manage` on itself, or `write` on the folder it lay in.
    func mayRemove(_ deletedPlace: DeletedPlace, _ caller: Caller) -> Bool {
        allows(.manage, on: deletedPlace.place, for: caller) || allows(.write, on: deletedPlace.folder, for: caller)
    }

    /// Refuses a caller who may not remove such a thing there, and logs it. Throws `notFound` if nothing of that id was deleted.
    func authorizedDeletedPlace(_ id: DeletedID, for caller: Caller, _ store: StoreConnection) throws(VaultError) -> DeletedPlace {
        guard let row = try store.deletedRow(uuid: id.uuid), let deletedPlace = try store.deletedPlace(row) else { throw .notFound }
        if !allows(.manage, on: deletedPlace.place, for: caller) {
            try authorize(.write, on: deletedPlace.folder, for: caller, reference: deletedPlace.place.reference)
        }
        return deletedPlace
    }

    /// The names from the root on: a home by its user's id.
    static func path(_ reference: Reference, for caller: Caller) -> [[UInt8]] {
        guard reference.components.first == TreeName.user else { return reference.components }
        return [TreeName.users, Array(String(caller.uid).utf8)] + reference.components.dropFirst()
    }
}
