// SPDX-License-Identifier: MIT

internal import Secrets

/// The place of something deleted, with what decides about it: the grants on itself, which it keeps, and those on the folder it lay in.
struct DeletedPlace {
    let row: DeletedRow
    let node: NodeRow
    /// The folder, where it still is, or was before it was deleted too. The organization or home, if the folder is no more.
    let folder: Place
    /// Whether the folder is in the tree, so that it can be put back.
    let isFolderThere: Bool
    /// The place as it would be in the folder.
    let place: Place
    /// Where it was, by the name that the folder has now, or had last.
    var path: [[UInt8]] { place.path }
}

extension StoreConnection {
    /// Nil where a row on the way to it is damaged.
    func deletedPlace(_ row: DeletedRow) throws(VaultError) -> DeletedPlace? {
        guard let node = try node(row.node), node.isDeleted else { return nil }
        guard let (folder, isThere) = try folder(of: row, kind: node.kind) else { return nil }
        let place = try entering(folder, Inode(node.id), kind: node.kind, uuid: node.uuid, name: row.name)
        return DeletedPlace(row: row, node: node, folder: folder, isFolderThere: isThere, place: place)
    }

    private func folder(of row: DeletedRow, kind: NodeKind) throws(VaultError) -> (Place, isThere: Bool)? {
        // The folders between it and the tree, nearest first: those were deleted later.
        var between: [(inode: Inode, kind: NodeKind, uuid: [UInt8], name: [UInt8])] = []
        var (row, kind) = (row, kind)
        // A way through what was deleted is no longer than one in the tree, as in `place`.
        for _ in 0..<4096 {
            guard var current = try nodeOrHome(row.parent) else {
                guard var folder = try place(Inode(row.scope)) else { return nil }
                // The names are those it had: only who decides is another.
                folder = folder.named(Array(row.components.dropLast()))
                return (try entering(folder, between), false)
            }
            var inode = Inode(current.id, Self.facet(holding: kind, in: current.kind))
            if let folder = try place(inode) { return (try entering(folder, between), between.isEmpty) }
            while true {
                if let name = inode.facet.name {
                    between.append((inode, current.kind, current.uuid, name))
                    inode = Inode(current.id)
                }
                if current.isDeleted { break }
                between.append((inode, current.kind, current.uuid, current.name))
                guard between.count < 4096, let parent = try node(current.parent) else { return nil }
                inode = Inode(parent.id, Self.facet(holding: current.kind, in: parent.kind))
                current = parent
            }
            guard let above = try deletedRow(of: current.id) else { return nil }
            between.append((inode, current.kind, current.uuid, above.name))
            (row, kind) = (above, current.kind)
        }
        return nil
    }

    /// In which view of a folder a node is shown.
    static func facet(holding kind: NodeKind, in parent: NodeKind) -> Facet {
        guard parent == .secret else { return .itself }
        return kind == .variable ? .vars : .files
    }

    private func entering(
        _ folder: Place, _ between: [(inode: Inode, kind: NodeKind, uuid: [UInt8], name: [UInt8])]
    ) throws(VaultError) -> Place {
        var place = folder
        for step in between.reversed() {
            place = try entering(place, step.inode, kind: step.kind, uuid: step.uuid, name: step.name)
        }
        return place
    }

    /// The place of a node in a folder.
    private func entering(
        _ folder: Place, _ inode: Inode, kind: NodeKind, uuid: [UInt8], name: [UInt8]
    ) throws(VaultError) -> Place {
        let levels: [[Grant]] = folder.subject.realm == .tree ? [try grants(on: inode).map(\.grant)] + folder.subject.levels : []
        return Place(
            inode: inode, kind: kind, uuid: uuid, path: folder.path + [name],
            subject: Subject(realm: folder.subject.realm, kind: kind, facet: inode.facet, levels: levels), scope: folder.scope,
            above: [folder.inode] + folder.above, secret: kind == .secret ? inode.node : folder.secret,
            policy: folder.policy)
    }
}

extension Place {
    fileprivate func named(_ path: [[UInt8]]) -> Place {
        Place(
            inode: inode, kind: kind, uuid: uuid, path: path, subject: subject, scope: scope, above: above, secret: secret, policy: policy)
    }
}
