// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// Removing, other than through the mount: a secret, an item or a folder goes out of the tree, and can be restored for a while.
extension Vault {
    /// Deletes a secret, an item or a folder with all that is in it, so that it can be restored for `retention`; with `purge`, destroys
    /// it, its data keys and what was deleted from it at once. Organizations, projects and targets must be empty.
    ///
    /// Takes `write` on the folder, or `manage` on what is removed. Throws `denied` (logged), `notFound`, `notEmpty`, `notPermitted`.
    @discardableResult
    package func remove(_ reference: Reference, purge: Bool, by caller: Caller) throws(VaultError) -> ChangeSet {
        let inode = try resolve(reference, for: caller)
        let place = try place(inode)
        switch place.kind {
        case .root, .users, .home: throw .notPermitted("a \(place.kind.word) can't be removed")
        case .secret where inode.facet != .itself: throw .notPermitted("env, vars and files come and go with their secret")
        case .organization, .shared, .project, .target: return try removeScope(place, purge: purge, by: caller)
        case .secret, .variable, .folder, .file: break
        }
        let changes = try fromReserve(restorableBy: purge ? nil : caller) { () throws(VaultError) in
            try change(by: caller) { store, caller throws(VaultError) in
                guard let place = try store.place(inode), let node = try store.node(inode.node) else { throw .notFound }
                guard let folder = try store.place(place.parent) else { throw .notFound }
                try self.authorizeRemoval(of: node, from: folder, for: caller, store)
                let change = Change(store: store, caller: caller, now: SystemClock.now())
                if purge {
                    try self.leave(node, change)
                    try self.destroy(node.id, by: caller, store)
                    try self.log(caller, place.reference, .destroyed, reason: "destroyed")
                } else {
                    try self.discard(node, place, change)
                }
            }.changes
        }
        if purge { store.scrub() }
        return changes
    }

    private func removeScope(_ place: Place, purge: Bool, by caller: Caller) throws(VaultError) -> ChangeSet {
        guard let name = place.path.last else { throw .notFound }
        let changes = try rmdir(name, in: place.parent, purge: purge, by: caller)
        if purge { store.scrub() }
        return changes
    }

    /// Takes a node out of the tree, to be restored. Who calls has decided that the caller may. Gives the number that says when.
    @discardableResult
    func discard(_ node: NodeRow, _ place: Place, _ change: Change) throws(VaultError) -> Int64 {
        guard let scope = place.scope else { throw .notPermitted("a \(node.kind.word) can't be deleted") }
        try leave(node, change)
        noteLeaving(node, place)
        var row = DeletedRow(
            node: node.id, parent: node.parent, scope: scope, path: place.exactReference.bytes, time: change.now, author: change.caller.uid,
            watched: watched.now)
        let sequence = try change.store.takeNumber()
        row.way = Way(sequence: sequence, inodes: place.above)
        try change.store.insert(row, of: node)
        var gone = node
        gone.parent = node.id
        gone.name = []
        // Without its name, as if that were empty.
        if node.kind == .variable { gone.line -= Int64(node.name.count) }
        try change.store.update(gone)
        for grant in try change.store.grants(inTree: node.id) { try change.store.deletePassage(grant: grant.id) }
        let until = SystemClock.rfc3339(expiry(ofDeletedAt: watched.now))
        try log(change.caller, place.reference, .deleted, reason: "deleted, can be restored until \(until)")
        return sequence
    }

    /// The folder is without it: to be called before the row goes.
    func leave(_ node: NodeRow, _ change: Change) throws(VaultError) {
        try change.store.touch(node.parent, now: change.now, line: node.kind == .variable ? -node.line : 0)
    }

    /// Destroys something deleted at once. Takes what removing it took. Throws `denied` (logged), `notFound`.
    @discardableResult
    package func purge(_ id: DeletedID, by caller: Caller) throws(VaultError) -> ChangeSet {
        let changes = try fromReserve { () throws(VaultError) in
            try change(by: caller) { store, caller throws(VaultError) in
                let deletedPlace = try self.authorizedDeletedPlace(id, for: caller, store)
                try self.destroy(deletedPlace.node.id, by: caller, store)
                try self.log(caller, deletedPlace.place.reference, .destroyed, reason: "destroyed after it was deleted")
            }.changes
        }
        store.scrub()
        return changes
    }

    /// Destroys a node with all that is in it, and logs what had been deleted from there and can't be restored any more. Who calls has
    /// decided that the caller may, and logs the node itself.
    func destroy(_ node: NodeID, by caller: Caller, _ store: StoreConnection) throws(VaultError) {
        if let row = try store.node(node), !row.isDeleted { noteLeaving(row, try store.place(Inode(node))) }
        for row in try store.delete(node) {
            try log(
                caller, Place.reference(row.components), .destroyed,
                reason: "destroyed with what it was deleted from at \(SystemClock.rfc3339(row.time))")
        }
    }
}
