// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// Renaming within an organization, or a home. The node keeps its number, its versions and the grants on it.
extension Vault {
    /// rename(2). With `replace`, an item that has the new name gets another version (`replace`), and an empty folder is removed.
    ///
    /// Items need `write` or `manage` on both folders, and what `authorizeMove` and `authorizeNaming` ask for; everything else `manage` on
    /// itself, and `write` or `manage` on the folder that it is in and the one that it goes to. Throws `denied` (logged), `crossScope`,
    /// `notFound`, `exists`, `notEmpty`, `isAFolder`, `notAFolder`, `invalidName`, `notPermitted`. All but `notAFolder` and `notPermitted`
    /// are told only to a caller who may do it, or may list the folder.
    package func rename(
        _ name: [UInt8], in parent: Inode, to newName: [UInt8], in newParent: Inode, replace: Bool, by caller: Caller
    ) throws(VaultError) -> Renaming {
        let (replacement, changes) = try change(by: caller) { store, caller throws(VaultError) -> Renaming.Replacement? in
            guard let source = try store.place(parent), let destination = try store.place(newParent) else { throw .notFound }
            guard source.isFolder, destination.isFolder else { throw .notAFolder }
            if source.kind == .secret, parent.facet == .itself {
                // mv(1) goes on with what is in it.
                if destination.kind == .secret, newParent.facet == .itself, parent != newParent, name == newName { throw .crossScope }
                throw .notPermitted("env, vars and files keep their names")
            }
            let child = try store.child(of: parent.node, named: name, variable: parent.facet == .vars).flatMap {
                $0.id == .users ? nil : $0
            }
            try self.authorizeRename(of: child, name, from: source, to: destination, newName, for: caller, store)
            guard let node = child else { throw .notFound }
            try self.checkScope(of: node, from: source, to: destination, newName)
            let variable = newParent.facet == .vars
            let old = try store.child(of: newParent.node, named: newName, variable: variable)
            // rename(2): "If oldpath and newpath are existing hard links to the same file … rename() does nothing".
            if let old, old.id == node.id { return nil }
            if old != nil, !replace { throw .exists }
            guard let place = try store.place(Inode(node.id)) else { throw .notFound }
            let change = Change(store: store, caller: caller, now: SystemClock.now())
            if let old, old.kind.isItem, node.kind.isItem {
                try self.authorizeVariableName(newName, of: node, at: place, for: caller)
                return try self.replace(old, by: node, change)
            }
            try self.authorizeMove(of: node, from: source, to: destination, for: caller, store)
            // Grants that come from elsewhere are grants in this folder.
            if old != nil || parent != newParent || self.wasAnothers(newName, in: destination, of: node.id) {
                try self.authorizeNaming(of: node, replacing: old, in: destination, as: newName, for: caller, store)
            }
            if !node.kind.isItem, parent != newParent { try self.checkDepth(of: node.id, in: destination, store) }
            if let old { try self.makeRoom(old, for: node, in: destination, change) }
            try self.authorizeVariableName(newName, of: node, at: place, for: caller)
            self.removals.noteTaking(of: EntryName(newName, in: newParent))
            var moved = node
            moved.parent = newParent.node
            moved.name = newName
            if variable { moved.line += Int64(newName.count - name.count) }
            try store.update(moved)
            if node.kind == .project { try self.renameTargets(of: node, to: newName, in: destination, for: caller, store) }
            if parent != newParent { try self.renewPassages(below: Inode(node.id), store) }
            try store.touch(parent.node, now: change.now, line: variable ? -node.line : 0)
            try store.touch(newParent.node, now: change.now, line: variable ? moved.line : 0)
            self.noteLeaving(node, place)
            self.formerNames.noteTaking(by: node.id)
            try self.log(
                caller, source.reference(to: name), .renamed, reason: "renamed to \(destination.reference(to: newName))")
            return nil
        }
        if let replacement { noteClose(of: replacement.source) }
        return Renaming(changes: changes, replacement: replacement)
    }

    private func checkScope(of node: NodeRow, from source: Place, to destination: Place, _ newName: [UInt8]) throws(VaultError) {
        switch node.kind {
        case .root, .users, .home, .shared: throw .notPermitted("a \(node.kind.word) keeps its name")
        case .variable:
            guard source.scope == destination.scope, destination.inode.facet == .vars else { throw .crossScope }
            try Name.checking(newName, as: .variable)
        case .file, .folder:
            guard source.scope == destination.scope, destination.holdsFiles else { throw .crossScope }
            try Name.checking(newName, as: .fileComponent)
            guard !destination.above.contains(Inode(node.id)), destination.inode != Inode(node.id) else {
                throw .invalidName("a folder can't be moved into itself")
            }
        case .organization:
            guard source.inode == destination.inode else { throw .crossScope }
            try Name.checking(newName, as: .organization)
        case .project:
            guard source.inode == destination.inode else { throw .crossScope }
            try Name.checking(newName, as: .project)
        case .target:
            guard source.inode == destination.inode, splitTarget(newName)?.project == splitTarget(node.name)?.project else {
                throw .crossScope
            }
            try Name.checking(newName, as: .target)
        case .secret:
            guard source.scope == destination.scope, destination.kind.holdsSecrets else { throw .crossScope }
            try Name.checking(newName, as: .secret)
        }
    }

    /// - Parameter node: nil where there is none of that name, which is refused as if there were one.
    private func authorizeRename(
        of node: NodeRow?, _ name: [UInt8], from source: Place, to destination: Place, _ newName: [UInt8], for caller: Caller,
        _ store: StoreConnection
    ) throws(VaultError) {
        let reference = source.reference(to: name)
        if source.holdsItems {
            try authorize(anyOf: [.write, .manage], on: source, for: caller, reference: reference)
            if destination.inode != source.inode {
                try concerning(Reference(components: destination.path + [newName])) { () throws(VaultError) in
                    _ = try authorize(
                        anyOf: [.write, .manage], on: destination, for: caller, reference: destination.reference(to: newName))
                }
            }
            return
        }
        guard let node, let place = try store.place(Inode(node.id)) else {
            return try authorizeMissing(reference, in: source, .manage, for: caller)
        }
        try authorize(.manage, on: place, for: caller)
        try authorize(anyOf: [.write, .manage], on: source, for: caller, reference: reference)
        if destination.inode != source.inode {
            try concerning(Reference(components: destination.path + [newName])) { () throws(VaultError) in
                _ = try authorize(anyOf: [.write, .manage], on: destination, for: caller, reference: destination.reference(to: newName))
            }
        }
    }

    private func makeRoom(
        _ old: NodeRow, for node: NodeRow, in folder: Place, _ change: Change
    ) throws(VaultError) {
        let (store, caller) = (change.store, change.caller)
        try authorizeRemoval(of: old, from: folder, for: caller, store)
        guard old.kind.isItem == node.kind.isItem else { throw old.kind.isItem ? .notAFolder : .isAFolder }
        if try store.hasChildren(old.id) { throw .notEmpty }
        if old.kind == .project, try !targets(of: old, store).isEmpty { throw .notEmpty }
        guard let place = try store.place(Inode(old.id)) else { throw .notFound }
        // It may have grants, and what was deleted from it can be restored.
        try discard(old, place, change)
    }

    /// A target is named after its project, and goes with it.
    private func renameTargets(
        of project: NodeRow, to newName: [UInt8], in organization: Place, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) {
        for target in try targets(of: project, store) {
            guard let parts = splitTarget(target.name) else { continue }
            var renamed = target
            renamed.name = newName + [UInt8(ascii: "@")] + parts.target
            try Name.checking(renamed.name, as: .target)
            guard try store.child(of: target.parent, named: renamed.name, variable: false) == nil else { throw .exists }
            if wasAnothers(renamed.name, in: organization, of: target.id) {
                try authorizeNaming(of: target, replacing: nil, in: organization, as: renamed.name, for: caller, store)
            }
            noteLeaving(target, try store.place(Inode(target.id)))
            try store.update(renamed)
        }
    }

    /// After a move: grants in what was moved make another way passable.
    private func renewPassages(below inode: Inode, _ store: StoreConnection) throws(VaultError) {
        let grants = try store.grants(below: inode) + store.grants(onNode: inode.node)
        for grant in grants {
            guard let place = try store.place(grant.subject) else { continue }
            try store.deletePassage(grant: grant.id)
            try store.insertPassage(grant: grant.id, above: place.above)
        }
    }
}

extension Place {
    /// Whether files and folders lie in it.
    fileprivate var holdsFiles: Bool { inode.facet == .files || kind == .folder }
}

extension NodeKind {
    /// Whether secrets lie in it.
    fileprivate var holdsSecrets: Bool {
        switch self {
        case .home, .shared, .project, .target: true
        default: false
        }
    }
}
