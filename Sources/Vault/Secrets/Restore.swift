// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// Putting back what was deleted, with its number, its versions and the grants on it.
extension Vault {
    /// Puts it back where it was, or under a name anywhere in the same organization or home.
    ///
    /// Takes what removing it took, and `write` on the folder it goes to. Another folder than it was in takes `manage` on it, as other
    /// grants may count there; a name that something else had meanwhile takes what `authorizeNaming` says. Where somebody could read it or
    /// run it then who could not when it was deleted, it takes `read`, as of then, or `manage` on where it was. Throws `denied` (logged),
    /// `notFound` (nothing of that id was deleted; `about` a place: there is no such folder), `exists`, `crossScope`, `invalidName`,
    /// `notPermitted`.
    package func restore(
        _ id: DeletedID, to reference: Reference?, by caller: Caller
    ) throws(VaultError) -> Reference {
        try change(by: caller) { store, caller throws(VaultError) -> Reference in
            let deletedPlace = try self.authorizedDeletedPlace(id, for: caller, store)
            let path = reference.map { Self.path($0, for: caller) } ?? deletedPlace.path
            guard let name = path.last else { throw .invalidName("a reference to restore to names what is restored") }
            let folder = try concerning(Reference(components: path)) { () throws(VaultError) in
                try self.folder(for: deletedPlace, at: Array(path.dropLast()), reference == nil, for: caller, store)
            }
            try Self.check(name, of: deletedPlace.node.kind, in: folder)
            guard folder.scope == deletedPlace.row.scope else { throw .crossScope }
            if folder.inode.node != deletedPlace.row.parent {
                try self.authorize(.manage, on: deletedPlace.place, for: caller, reference: deletedPlace.place.reference)
            }
            try self.authorize(.write, on: folder, for: caller, reference: folder.reference(to: name))
            try self.authorizeRestore(of: deletedPlace, to: folder, for: caller, store)
            if name != deletedPlace.row.name {
                let place = deletedPlace.place.with(try store.levels(of: deletedPlace).now)
                try self.authorizeVariableName(name, of: deletedPlace.node, at: place, for: caller)
            }
            guard try store.child(of: folder.inode.node, named: name, variable: deletedPlace.node.kind == .variable) == nil else {
                throw .exists
            }
            if try self.wasAnothers(name, in: folder, since: deletedPlace, store) {
                try self.authorizeNaming(of: deletedPlace.node, replacing: nil, in: folder, as: name, for: caller, store)
            }

            let change = Change(store: store, caller: caller, now: SystemClock.now())
            try self.putBack(deletedPlace, into: folder, name, change)
            return Reference(components: folder.path + [name])
        }.value
    }

    /// The folder that it goes to: the one it was in, whatever that is called now, or else what has the name.
    private func folder(
        for deletedPlace: DeletedPlace, at path: [[UInt8]], _ isBack: Bool, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) -> Place {
        isBack && deletedPlace.isFolderThere ? deletedPlace.folder : try seen(path, for: caller, store)
    }

    /// Whether something else had the name, after what was deleted had it.
    private func wasAnothers(
        _ name: [UInt8], in folder: Place, since deletedPlace: DeletedPlace, _ store: StoreConnection
    ) throws(VaultError) -> Bool {
        if wasAnothers(name, in: folder, of: deletedPlace.node.id) { return true }
        guard folder.inode.node == deletedPlace.row.parent, name == deletedPlace.row.name else { return false }
        // They are remembered in the store too, for longer than the daemon runs.
        return try store.deletedRows(from: deletedPlace.row.parent).contains {
            $0.name == name && ($0.way?.sequence ?? .min) > (deletedPlace.row.way?.sequence ?? .min)
        }
    }

    private static func check(_ name: [UInt8], of kind: NodeKind, in folder: Place) throws(VaultError) {
        switch (kind, folder.kind, folder.inode.facet) {
        case (.secret, .project, _), (.secret, .target, _), (.secret, .shared, _), (.secret, .home, _):
            try Name.checking(name, as: .secret)
        case (.variable, .secret, .vars): try Name.checking(name, as: .variable)
        case (.file, .secret, .files), (.folder, .secret, .files), (.file, .folder, _), (.folder, .folder, _):
            try Name.checking(name, as: .fileComponent)
        default: throw .notPermitted("a \(kind.word) can't be there")
        }
    }

    private func putBack(_ deletedPlace: DeletedPlace, into folder: Place, _ name: [UInt8], _ change: Change) throws(VaultError) {
        let store = change.store
        var node = deletedPlace.node
        node.parent = folder.inode.node
        node.name = name
        if node.kind == .variable { node.line += Int64(name.count) }
        try store.removeDeletedRow(of: node.id)
        try store.update(node)
        try store.touch(node.parent, now: change.now, line: node.kind == .variable ? node.line : 0)
        for grant in try store.grants(inTree: node.id) {
            guard let place = try store.place(grant.subject) else { continue }
            try store.insertPassage(grant: grant.id, above: place.above)
        }
        try log(change.caller, folder.reference(to: name), .restored, reason: "restored, was \(deletedPlace.place.reference)")
    }
}
