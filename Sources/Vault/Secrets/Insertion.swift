// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets

/// Insertion of secrets and items, for changes that are made of several. The authorization is done before.
extension Vault {
    /// A new secret, empty.
    func insertSecret(
        _ name: [UInt8], in folder: Place, description: [UInt8]?, type: [UInt8]?, policy: [UInt8]?, _ change: Change
    ) throws(VaultError) -> Place {
        let store = change.store
        let parent = folder.inode.node
        if folder.kind == .home, try store.node(parent) == nil { try insertHome(parent, now: change.now, store) }
        var node = NodeRow(
            id: try store.takeNodeID(), uuid: NodeRow.newUUID(), parent: parent, kind: .secret, name: name, created: change.now,
            changed: change.now)
        node.description = description
        node.type = type
        node.policy = policy == AccessPolicy.standard.serialize() ? nil : policy
        try store.insert(node)
        try store.touch(parent, now: change.now)
        try log(change.caller, folder.reference(to: name), .made, reason: "made: \(NodeKind.secret.word)")
        guard let place = try store.place(Inode(node.id)) else { throw .corrupt("\(folder.reference): a new secret is not in it") }
        return place
    }

    /// Makes bytes the next version of an item, and the item and the folders on the way to it if they are not there. Throws
    /// `notAFolder`, `isAFolder`, `invalidValue`, `tooLarge`.
    func put(
        _ value: RawSpan, at path: ItemPath, in secret: Place, isOwn: Bool = false, _ change: Change, _ applied: inout Applied
    ) throws(VaultError) {
        try check(value, of: path.kind)
        let store = change.store
        let folder = try makeFolders(to: path, in: secret, change)
        let node: NodeRow
        if let existing = try store.child(of: folder.node, named: path.name, variable: path.facet == .vars) {
            guard existing.kind == path.kind else { throw .isAFolder }
            node = existing
        } else {
            node = try makeItem(path.name, path.kind, in: folder, isOwn: isOwn, change)
        }
        guard let place = try store.place(Inode(node.id)) else { throw .corrupt("\(secret.reference): an item is not in it") }
        let version = try addVersion(value, to: node, of: place, superseding: nil, isOwn: isOwn, change)
        applied.versions.append((item: place.exactReference, version: version))
    }

    private func makeFolders(to path: ItemPath, in secret: Place, _ change: Change) throws(VaultError) -> Inode {
        let store = change.store
        var inode = Inode(secret.inode.node, path.facet)
        var names = [path.facet.name ?? []]
        for name in path.folders {
            names.append(name)
            if let existing = try store.child(of: inode.node, named: name, variable: false) {
                guard existing.kind == .folder else { throw .notAFolder }
                inode = Inode(existing.id)
                continue
            }
            guard secret.path.count + names.count <= Self.deepest else {
                throw .nameTooLong("a folder lies at most \(Self.deepest) names deep")
            }
            let node = NodeRow(
                id: try store.takeNodeID(), uuid: NodeRow.newUUID(), parent: inode.node, kind: .folder, name: name,
                created: change.now, changed: change.now)
            try store.insert(node)
            try store.touch(inode.node, now: change.now)
            try log(change.caller, Place.reference(secret.path + names), .made, reason: "made: \(NodeKind.folder.word)")
            inode = Inode(node.id)
        }
        return inode
    }
}

extension StoreConnection {
    /// A number for a node that is made in this transaction.
    func takeNodeID() throws(VaultError) -> NodeID {
        guard let id = NodeID(rawValue: try takeNumber()) else { throw .corrupt("no number for a new node") }
        return id
    }
}
