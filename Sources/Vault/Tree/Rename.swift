// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// Renaming within a scope. The node keeps its number, its versions and the grants on it.
extension Vault {
    /// rename(2). With `replace`, an item that has the new name is removed, and so is an empty folder.
    ///
    /// Items need `write` or `manage` on both folders, and what `authorizeMove` and `authorizeNaming` ask for; everything else `manage` on
    /// itself, and `write` or `manage` on the folder that it is in. Throws `denied` (logged), `crossScope`, `notFound`, `exists`,
    /// `notEmpty`, `isAFolder`, `notAFolder`, `invalidName`, `notPermitted`. All but `notAFolder` and `notPermitted` are told only to a
    /// caller who may do it, or may list the folder.
    package func rename(
        _ name: [UInt8], in parent: Inode, to newName: [UInt8], in newParent: Inode, replace: Bool, by caller: Caller
    ) throws(VaultError) -> ChangeSet {
        try change(by: caller) { store, caller throws(VaultError) in
            guard let source = try store.place(parent), let destination = try store.place(newParent) else { throw .notFound }
            guard source.isFolder, destination.isFolder else { throw .notAFolder }
            if source.kind == .secret, parent.facet == .itself { throw .notPermitted("env, vars and files keep their names") }
            let child = try store.child(of: parent.node, named: name, variable: parent.facet == .vars).flatMap {
                $0.id == .users ? nil : $0
            }
            try self.authorizeRename(of: child, name, from: source, to: destination, newName, for: caller, store)
            guard let node = child else { throw .notFound }
            try self.checkScope(of: node, from: source, to: destination, newName)
            try self.authorizeMove(of: node, from: source, to: destination, for: caller, store)

            let now = SystemClock.now()
            let variable = newParent.facet == .vars
            var line: Int64 = 0
            let old = try store.child(of: newParent.node, named: newName, variable: variable)
            // rename(2): "If oldpath and newpath are existing hard links to the same file … rename() does nothing".
            if let old, old.id == node.id { return }
            if old != nil, !replace { throw .exists }
            if old != nil || self.wasAnothers(newName, in: destination, of: node.id) {
                try self.authorizeNaming(of: node, replacing: old, in: destination, as: newName, for: caller, store)
            }
            if let old {
                try self.makeRoom(old, for: node, in: destination, by: caller, store)
                if variable { line -= old.line }
            }
            guard let place = try store.place(Inode(node.id)) else { throw .notFound }
            try self.authorizeVariableName(newName, of: node, at: place, for: caller)
            self.removals.noteTaking(of: EntryName(newName, in: newParent))
            var moved = node
            moved.parent = newParent.node
            moved.name = newName
            if variable {
                moved.line += Int64(newName.count - name.count)
                line += moved.line - node.line
            }
            try store.update(moved)
            if node.kind == .project { try self.renameTargets(of: node, to: newName, in: destination, for: caller, store) }
            if parent != newParent { try self.renewPassages(below: Inode(node.id), store) }
            try store.touch(parent.node, now: now, line: line)
            if newParent.node != parent.node { try store.touch(newParent.node, now: now) }
            self.noteLeaving(node, place)
            self.formerNames.noteTaking(by: node.id)
            try self.log(
                caller, source.reference(to: name), .renamed, reason: "renamed to \(destination.reference(to: newName))")
        }.changes
    }

    private func checkScope(of node: NodeRow, from source: Place, to destination: Place, _ newName: [UInt8]) throws(VaultError) {
        switch node.kind {
        case .root, .users, .home, .shared: throw .notPermitted("a \(node.kind.word) keeps its name")
        case .variable:
            // Another secret's variables, or files: the values would have to be read and written.
            guard source.inode == destination.inode else { throw .crossScope }
            try Name.checking(newName, as: .variable)
        case .file, .folder:
            guard source.inode.facet != .vars, source.fileRoot == destination.fileRoot, destination.fileRoot != nil else {
                throw .crossScope
            }
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
            guard source.inode == destination.inode else { throw .crossScope }
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
    }

    private func makeRoom(
        _ old: NodeRow, for node: NodeRow, in folder: Place, by caller: Caller, _ store: StoreConnection
    ) throws(VaultError) {
        try authorizeRemoval(of: old, from: folder, for: caller, store)
        guard old.kind.isItem == node.kind.isItem else { throw old.kind.isItem ? .notAFolder : .isAFolder }
        if try store.hasChildren(old.id) { throw .notEmpty }
        if old.kind == .project, try !targets(of: old, store).isEmpty { throw .notEmpty }
        try destroy(old.id, by: caller, store)
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
    /// The `files` that this folder is or lies in; nil elsewhere.
    fileprivate var fileRoot: Inode? {
        ([inode] + above).first { $0.facet == .files }
    }
}
