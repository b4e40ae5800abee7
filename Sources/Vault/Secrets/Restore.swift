// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// Putting back what was deleted, with its number, its versions and the grants on it.
extension Vault {
    /// Puts it back where it was, or under a name anywhere in the same organization or home.
    ///
    /// Takes what removing it took, and `write` on the folder it goes to. Another folder than it was in takes `manage` on it, as other
    /// grants may count there; a name that something else had meanwhile takes what `authorizeNaming` says. Where somebody could read it or
    /// run it then who could not when it was deleted, it takes `read`, as of then, or `manage` on where it was. What the same user removed
    /// from it before comes back with it (`putBackContents`).
    ///
    /// Throws `denied` (logged), `notFound` (nothing of that id was deleted; `about` a place: there is no such folder), `exists`,
    /// `crossScope`, `invalidName`, `notPermitted`.
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
            guard folder.scope == deletedPlace.row.scope || deletedPlace.node.kind == .organization else { throw .crossScope }
            // A project's name, and what is above it, are what policies go by.
            if folder.inode.node != deletedPlace.row.parent || deletedPlace.node.kind.isScope && name != deletedPlace.row.name {
                try self.authorize(.manage, on: deletedPlace.place, for: caller, reference: deletedPlace.place.reference)
            }
            try self.authorize(.write, on: folder, for: caller, reference: folder.reference(to: name))
            try self.checkProject(of: deletedPlace.node, as: name, in: folder, store)
            try self.authorizeRestore(of: deletedPlace, to: folder, for: caller, store)
            if name != deletedPlace.row.name {
                let place = deletedPlace.place.with(try store.levels(of: deletedPlace).now)
                try self.authorizeVariableName(name, of: deletedPlace.node, at: place, for: caller)
            }
            let isVariable = deletedPlace.node.kind == .variable
            guard try store.child(of: folder.inode.node, named: name, variable: isVariable) == nil else { throw .exists }
            if try self.wasAnothers(name, in: folder, since: deletedPlace, store) {
                try self.authorizeNaming(of: deletedPlace.node, replacing: nil, in: folder, as: name, for: caller, store)
            }

            let change = Change(store: store, caller: caller, now: SystemClock.now())
            try self.putBack(deletedPlace, into: folder, name, change)
            try self.putBackContents(of: deletedPlace, change)
            return Reference(components: folder.path + [name])
        }.value
    }

    /// The folder that it goes to: the one it was in, whatever that is called now, or else what has the name.
    private func folder(
        for deletedPlace: DeletedPlace, at path: [[UInt8]], _ isBack: Bool, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) -> Place {
        isBack && deletedPlace.isFolderThere ? deletedPlace.folder : try seen(path, for: caller, store)
    }

    /// Whether something else had the name, after what was deleted had it, or had a name on the way there.
    func wasAnothers(
        _ name: [UInt8], in folder: Place, since deletedPlace: DeletedPlace, _ store: StoreConnection
    ) throws(VaultError) -> Bool {
        if wasAnothers(name, in: folder, of: deletedPlace.node.id) { return true }
        guard folder.inode.node == deletedPlace.row.parent, name == deletedPlace.row.name else { return false }
        // They are remembered in the store too, for longer than the daemon runs.
        return try store.wasDeleted(name, from: deletedPlace.row.parent, after: deletedPlace.row.way?.sequence ?? .min)
    }

    private static func check(_ name: [UInt8], of kind: NodeKind, in folder: Place) throws(VaultError) {
        switch (kind, folder.kind, folder.inode.facet) {
        case (.secret, .project, _), (.secret, .target, _), (.secret, .shared, _), (.secret, .home, _):
            try Name.checking(name, as: .secret)
        case (.organization, .root, _): try Name.checking(name, as: .organization)
        case (.project, .organization, _): try Name.checking(name, as: .project)
        case (.target, .organization, _): try Name.checking(name, as: .target)
        case (.shared, .organization, _) where name == TreeName.shared: break
        case (.variable, .secret, .vars): try Name.checking(name, as: .variable)
        case (.file, .secret, .files), (.folder, .secret, .files), (.file, .folder, _), (.folder, .folder, _):
            try Name.checking(name, as: .fileComponent)
        default: throw .notPermitted("a \(kind.word) can't be there")
        }
    }

    /// A target is one of a project, which must be there. Throws `notFound`.
    private func checkProject(of node: NodeRow, as name: [UInt8], in folder: Place, _ store: StoreConnection) throws(VaultError) {
        guard node.kind == .target else { return }
        guard let parts = splitTarget(name),
            let project = try store.child(of: folder.inode.node, named: parts.project, variable: false), project.kind == .project
        else { throw .notFound }
    }

    /// Puts back what the same user removed from a folder, and from what is in it, on the way to removing it: rm(1) removes a tree name by
    /// name, without a pause of a minute. What the caller might not restore by itself stays where it is, and so does what would take a name
    /// that is taken.
    private func putBackContents(of deletedPlace: DeletedPlace, _ change: Change) throws(VaultError) {
        let store = change.store
        let contents = try store.contents(removedWith: deletedPlace.row)
        var start = deletedPlace.row.time
        for time in contents.map(\.row.time).sorted(by: >) {
            let (pause, overflows) = start.subtractingReportingOverflow(time)
            guard !overflows, pause <= Removals.lifetime else { break }
            start = time
        }
        for (row, hasSuccessor) in contents where row.time >= start {
            guard let deletedPlace = try store.deletedPlace(row), deletedPlace.isFolderThere, mayRemove(deletedPlace, change.caller),
                allows(.write, on: deletedPlace.folder, for: change.caller),
                try mayRestore(
                    deletedPlace, to: deletedPlace.folder,
                    wasAnothers: hasSuccessor || wasAnothers(row.name, in: deletedPlace.folder, of: row.node), for: change.caller, store),
                try store.child(of: row.parent, named: row.name, variable: deletedPlace.node.kind == .variable) == nil,
                (try? checkProject(of: deletedPlace.node, as: row.name, in: deletedPlace.folder, store)) != nil
            else { continue }
            try putBack(deletedPlace, into: deletedPlace.folder, row.name, change)
        }
    }

    /// Takes what the caller removed within the last minute back to its name, for a version more. Who calls has asked `newItem`.
    func takeBack(_ deletedPlace: DeletedPlace, _ change: Change) throws(VaultError) -> NodeRow {
        try putBack(deletedPlace, into: deletedPlace.folder, deletedPlace.row.name, change)
        guard let node = try change.store.node(deletedPlace.node.id) else { throw .notFound }
        return node
    }

    private func putBack(_ deletedPlace: DeletedPlace, into folder: Place, _ name: [UInt8], _ change: Change) throws(VaultError) {
        let store = change.store
        var node = deletedPlace.node
        // What an earlier release made deeper comes back no deeper than it was.
        let isLower = folder.path.count + 1 > deletedPlace.row.components.count
        if isLower, !node.kind.isItem { try checkDepth(of: node.id, in: folder, store) }
        node.parent = folder.inode.node
        node.name = name
        if node.kind == .variable { node.line += Int64(name.count) }
        removals.noteTaking(of: EntryName(name, in: folder.inode))
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
