package import Secrets

/// From references to inodes, for the control socket.
extension Vault {
    /// The inode of a reference. With `item`, a secret that holds exactly one item stands for that item.
    ///
    /// Throws `notFound` also where the actor may not see the place: who may not list learns nothing of what is there.
    package func resolve(_ reference: Reference, item: Bool = false, for actor: Actor) throws(VaultError) -> Inode {
        if reference.components.first == Self.jobLinkName { return try resolveInJob(reference, for: actor) }
        var inode = Inode.root
        for (index, name) in reference.components.enumerated() {
            inode = try lookup(name, in: inode)
            if index == 0, inode == .userLink { inode = Inode(NodeID(home: actor.uid)) }
        }
        let place = try place(inode)
        if inode != .root {
            guard try maySee(place, actor) else { throw .notFound }
        }
        guard item, place.kind == .secret, inode.facet == .itself else { return inode }
        guard let only = try onlyItem(of: place), try maySee(try self.place(only), actor) else { return inode }
        return only
    }

    func maySee(_ place: Place, _ actor: Actor) throws(VaultError) -> Bool {
        if allows(.list, on: place, for: actor) { return true }
        // What leads to something of the job's is decided with it.
        if actor.job != nil { return false }
        let groups: [UInt32]
        do { groups = try actor.groups() } catch { return false }
        let principals = [Principal.user(actor.uid), .group(actor.gid)] + groups.map { Principal.group($0) }
        return try store.read { store throws(VaultError) in try store.hasGrant(below: place.inode, to: principals) }
    }

    private func onlyItem(of secret: Place) throws(VaultError) -> Inode? {
        try store.read { store throws(VaultError) in
            var items: [NodeRow] = []
            var folders: [NodeID] = [secret.inode.node]
            while let folder = folders.popLast(), items.count < 2 {
                for kind in [NodeKind.variable, .file] { items += try store.children(of: folder, kind: kind, limit: 2) }
                folders += try store.children(of: folder, kind: .folder).map(\.id)
            }
            return items.count == 1 ? items.first.map { Inode($0.id) } : nil
        }
    }
}
