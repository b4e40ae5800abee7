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

    /// Removes an item. Throws `denied` (logged), `notFound`, `isAFolder`, `notPermitted` (`env`, while there are variables).
    package func unlink(_ name: [UInt8], in parent: Inode, by caller: Caller) throws(VaultError) -> ChangeSet {
        try fromReserve { () throws(VaultError) in
            try remove(name, in: parent, by: caller) { node throws(VaultError) in
                guard node.kind.isItem else { throw .isAFolder }
            }
        }
    }

    /// Removes an empty folder; of an organization, its empty `@org` too. Throws `denied` (logged), `notFound`, `notAFolder`, `notEmpty`.
    package func rmdir(_ name: [UInt8], in parent: Inode, by caller: Caller) throws(VaultError) -> ChangeSet {
        try fromReserve { () throws(VaultError) in
            try remove(name, in: parent, by: caller) { node throws(VaultError) in
                guard !node.kind.isItem else { throw .notAFolder }
            }
        }
    }

    private func remove(
        _ name: [UInt8], in parent: Inode, by caller: Caller, check: (NodeRow) throws(VaultError) -> Void
    ) throws(VaultError) -> ChangeSet {
        let place = try place(parent)
        if place.kind == .secret, parent.facet == .itself { return try removeFacet(name, of: place, by: caller, check) }
        return try change(by: caller) { store, caller throws(VaultError) in
            guard let place = try store.place(parent) else { throw .notFound }
            guard place.isFolder else { throw .notAFolder }
            guard let node = try store.child(of: parent.node, named: name, variable: parent.facet == .vars), node.id != .users else {
                try self.authorizeMissing(place.reference(to: name), in: place, .write, for: caller)
                throw .notFound
            }
            try self.authorizeRemoval(of: node, from: place, for: caller, store)
            try check(node)
            if node.kind == .organization { try self.removeShared(of: node, by: caller, store) }
            if try store.hasChildren(node.id) { throw .notEmpty }
            if node.kind == .project, try !self.targets(of: node, store).isEmpty { throw .notEmpty }
            try self.destroy(node.id, by: caller, store)
            try store.touch(parent.node, now: SystemClock.now(), line: node.kind == .variable ? -node.line : 0)
            try self.log(caller, place.reference(to: name), .destroyed, reason: "removed")
        }.changes
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

    /// `vars`, `files` and `env` come and go with their secret. Removing one that is empty succeeds, so that `rm -r` of a secret does.
    private func removeFacet(
        _ name: [UInt8], of secret: Place, by caller: Caller, _ check: (NodeRow) throws(VaultError) -> Void
    ) throws(VaultError) -> ChangeSet {
        guard let facet = Self.facets.first(where: { $0.name == name }) else { throw .notFound }
        try authorize(anyOf: [.write, .manage], on: secret, for: caller, reference: secret.reference(to: name))
        try store.read { store throws(VaultError) in
            guard let node = try store.node(secret.inode.node) else { throw .notFound }
            let now = node.changed
            let shown = NodeRow(
                id: node.id, uuid: [], parent: node.id, kind: facet == .env ? .variable : .folder, name: name, created: now,
                changed: now)
            try check(shown)
            let kinds: [NodeKind] = facet == .files ? [.folder, .file] : [.variable]
            for kind in kinds where try !store.children(of: node.id, kind: kind, limit: 1).isEmpty {
                throw facet == .env ? .notPermitted("env is what the variables are: remove those") : .notEmpty
            }
        }
        return ChangeSet()
    }

    private func removeShared(of organization: NodeRow, by caller: Caller, _ store: StoreConnection) throws(VaultError) {
        guard let shared = try store.child(of: organization.id, named: TreeName.shared, variable: false),
            try !store.hasChildren(shared.id)
        else { return }
        try destroy(shared.id, by: caller, store)
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
    /// The word for this kind, in messages.
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
