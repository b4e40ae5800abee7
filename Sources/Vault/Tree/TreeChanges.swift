// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// Changes of the tree: making and removing places.
extension Vault {
    /// Makes a folder, whatever one of that name is here: an organization, a project, a target, a secret, a folder of files.
    ///
    /// Throws `denied` (logged), `exists`, `invalidName`, `notPermitted`, `notFound` (a target's project).
    package func mkdir(_ name: [UInt8], in parent: Inode, by caller: Caller) throws(VaultError) -> (inode: Inode, changes: ChangeSet) {
        let (inode, changes) = try change(by: caller) { store, caller throws(VaultError) -> Inode in
            guard let place = try store.place(parent) else { throw .notFound }
            let kind = try self.kind(ofNew: name, in: place)
            let reference = place.reference(to: name)
            if kind == .organization {
                guard identity(of: caller).ownsStore else {
                    try self.log(caller, reference, allowed: false, reason: "\(Reason.ownerOnly)")
                    throw .denied(.ownerOnly)
                }
            } else {
                // A user who manages a place may lay out the tree below it; in a home only its own user may.
                let rights: [Rights] = place.subject.realm == .tree ? [.write, .manage] : [.write]
                try self.authorize(anyOf: rights, on: place, for: caller, reference: reference)
            }
            try self.checkDepth(in: place, store)
            guard try store.child(of: parent.node, named: name, variable: false) == nil else { throw .exists }
            if kind == .target, let parts = splitTarget(name) {
                guard let project = try store.child(of: parent.node, named: parts.project, variable: false), project.kind == .project
                else { throw .notFound }
            }

            let now = SystemClock.now()
            let id = try store.takeNodeID()
            if place.kind == .home, try store.node(parent.node) == nil { try self.insertHome(parent.node, now: now, store) }
            try store.insert(
                NodeRow(id: id, uuid: NodeRow.newUUID(), parent: parent.node, kind: kind, name: name, created: now, changed: now))
            if kind == .organization {
                try store.insert(
                    NodeRow(
                        id: try store.takeNodeID(), uuid: NodeRow.newUUID(), parent: id, kind: .shared, name: TreeName.shared, created: now,
                        changed: now))
                try store.insertKey(scope: id, now: now)
            }
            try store.touch(parent.node, now: now)
            try self.log(caller, reference, .made, reason: "made: \(kind.word)")
            return Inode(id)
        }
        return (inode, changes)
    }

    /// Removes an item, which can be restored; of `env` nothing is removed. Throws `denied` (logged), `notFound`, `isAFolder`.
    package func unlink(_ name: [UInt8], in parent: Inode, by caller: Caller) throws(VaultError) -> ChangeSet {
        try fromReserve(restorableBy: caller) { () throws(VaultError) in
            try remove(name, in: parent, purge: false, by: caller) { node throws(VaultError) in
                guard node.kind.isItem else { throw .isAFolder }
            }
        }
    }

    /// Removes an empty folder, which can be restored; with `purge`, destroys it. An empty `@org` does not count in an organization. Throws
    /// `denied` (logged), `notFound`, `notAFolder`, `notEmpty`.
    package func rmdir(_ name: [UInt8], in parent: Inode, purge: Bool = false, by caller: Caller) throws(VaultError) -> ChangeSet {
        try fromReserve(restorableBy: purge ? nil : caller) { () throws(VaultError) in
            try remove(name, in: parent, purge: purge, by: caller) { node throws(VaultError) in
                guard !node.kind.isItem else { throw .notAFolder }
            }
        }
    }

    private func remove(
        _ name: [UInt8], in parent: Inode, purge: Bool, by caller: Caller, check: (NodeRow) throws(VaultError) -> Void
    ) throws(VaultError) -> ChangeSet {
        let place = try place(parent)
        if place.kind == .secret, parent.facet == .itself { return try removeFacet(name, of: place, by: caller, check) }
        let (removal, changes) = try change(by: caller) { store, caller throws(VaultError) -> Removals.Removal? in
            guard let place = try store.place(parent) else { throw .notFound }
            guard place.isFolder else { throw .notAFolder }
            guard let node = try store.child(of: parent.node, named: name, variable: parent.facet == .vars), node.id != .users else {
                try self.authorizeMissing(place.reference(to: name), in: place, .write, for: caller)
                throw .notFound
            }
            try self.authorizeRemoval(of: node, from: place, for: caller, store)
            try check(node)
            try self.checkEmpty(node, store)
            let change = Change(store: store, caller: caller, now: SystemClock.now())
            guard !purge, let removed = try store.place(Inode(node.id)) else {
                try self.destroy(node.id, by: caller, store)
                try store.touch(parent.node, now: change.now)
                try self.log(caller, place.reference(to: name), .destroyed, reason: "destroyed")
                return nil
            }
            let isTemporary = try self.isTemporary(node, for: caller, store)
            return Removals.Removal(node: node.id, sequence: try self.discard(node, removed, change), isTemporary: isTemporary)
        }
        if let removal { removals.note(removal, of: EntryName(name, in: parent), by: caller.uid) }
        return changes
    }

    /// Throws `notEmpty`.
    private func checkEmpty(_ node: NodeRow, _ store: StoreConnection) throws(VaultError) {
        if node.kind == .organization {
            for kind in Self.kindsInOrganization {
                for child in try store.children(of: node.id, kind: kind, limit: 1) {
                    guard child.kind == .shared, try !store.hasChildren(child.id) else { throw .notEmpty }
                }
            }
        } else if try store.hasChildren(node.id) {
            throw .notEmpty
        }
        if node.kind == .project, try !targets(of: node, store).isEmpty { throw .notEmpty }
    }

    /// Removing takes `write` on the folder, or `manage` on what is removed.
    func authorizeRemoval(
        of node: NodeRow, from folder: Place, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) {
        if let place = try store.place(Inode(node.id)), allows(.manage, on: place, for: caller) { return }
        if node.kind == .organization {
            let reference = folder.reference(to: node.name)
            try log(caller, reference, allowed: false, reason: "\(Reason.ownerOnly)")
            throw .denied(.ownerOnly)
        }
        try authorize(.write, on: folder, for: caller, reference: folder.reference(to: node.name), orAny: [.manage])
    }

    /// Whether the caller may remove a part of a secret, or make it again. Throws `denied` (logged), `notFound`.
    package func authorizePart(_ name: [UInt8], of secret: Inode, by caller: Caller) throws(VaultError) {
        let place = try place(secret)
        try authorize(anyOf: [.write, .manage], on: place, for: caller, reference: place.reference(to: name))
    }

    /// `vars`, `files` and `env` come and go with their secret. Removing one succeeds, so that `rm -r` of a secret does, and programs that
    /// remove what they replace; but for `vars` and `files` that hold something.
    private func removeFacet(
        _ name: [UInt8], of secret: Place, by caller: Caller, _ check: (NodeRow) throws(VaultError) -> Void
    ) throws(VaultError) -> ChangeSet {
        guard let facet = Self.facets.first(where: { $0.name == name }) else { throw .notFound }
        try authorizePart(name, of: secret.inode, by: caller)
        try store.read { store throws(VaultError) in
            guard let node = try store.node(secret.inode.node) else { throw .notFound }
            let now = node.changed
            let shown = NodeRow(
                id: node.id, uuid: [], parent: node.id, kind: facet == .env ? .variable : .folder, name: name, created: now,
                changed: now)
            try check(shown)
            let kinds: [NodeKind] =
                switch facet {
                case .files: [.folder, .file]
                case .vars: [.variable]
                case .env, .itself: []
                }
            for kind in kinds where try !store.children(of: node.id, kind: kind, limit: 1).isEmpty { throw .notEmpty }
        }
        return ChangeSet()
    }

    func targets(of project: NodeRow, _ store: StoreConnection) throws(VaultError) -> [NodeRow] {
        try store.children(of: project.parent, kind: .target).filter { splitTarget($0.name)?.project == project.name }
    }

    /// The first thing in a home makes the home's row and keys.
    func insertHome(_ home: NodeID, now: Int64, _ store: StoreConnection) throws(VaultError) {
        guard let uid = home.homeUID else { throw .notFound }
        try store.insert(
            NodeRow(
                id: home, uuid: NodeRow.newUUID(), parent: .users, kind: .home, name: Array(String(uid).utf8), created: now,
                changed: now))
        try store.insertKey(scope: home, now: now)
    }

    /// The kind that a folder of this name would have in this place; throws if there can be none.
    func kind(ofNew name: [UInt8], in place: Place) throws(VaultError) -> NodeKind {
        switch (place.kind, place.inode.facet) {
        case (.root, _):
            try Name.checking(name, as: .organization)
            return .organization
        case (.organization, _):
            if name == TreeName.shared { return .shared }
            let isTarget = name.contains(UInt8(ascii: "@"))
            try Name.checking(name, as: isTarget ? .target : .project)
            return isTarget ? .target : .project
        case (.shared, _), (.project, _), (.target, _), (.home, _):
            try Name.checking(name, as: .secret)
            return .secret
        case (.secret, .files), (.folder, _):
            try Name.checking(name, as: .fileComponent)
            return .folder
        case (.secret, .itself) where Self.facets.contains { $0.name == name }: throw .exists
        case (.secret, .itself): throw .notPermitted("a secret holds env, vars and files only")
        case (.secret, .vars): throw .notPermitted("vars holds variables, no folders")
        case (.users, _): throw .notPermitted("homes come by themselves")
        case (.variable, _), (.file, _), (.secret, .env): throw .notAFolder
        }
    }
}

extension NodeKind {
    /// Whether it holds secrets, or what does, and others go by its name.
    var isScope: Bool {
        switch self {
        case .organization, .shared, .project, .target: true
        default: false
        }
    }

    /// The word for it in messages and in the log.
    var word: String {
        switch self {
        case .root: "root"
        case .users: "folder of homes"
        case .home: "home"
        case .organization: "organization"
        case .shared: "folder of organization secrets"
        case .project: "project"
        case .target: "target"
        case .secret: "secret"
        case .variable: "variable"
        case .folder: "folder"
        case .file: "file"
        }
    }
}
