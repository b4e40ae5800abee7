// SPDX-License-Identifier: MIT

package import Secrets

/// From references to inodes, for the control socket.
extension Vault {
    /// The inode of a reference. With `item`, a secret that holds exactly one item stands for that item.
    ///
    /// Throws `notFound` also for a place that the caller may not see: without `list` they learn nothing of what is there.
    package func resolve(_ reference: Reference, item: Bool = false, for caller: Caller) throws(VaultError) -> Inode {
        if [TreeName.job, TreeName.jobs].contains(reference.components.first) { return try resolveInJob(reference, for: caller) }
        var inode = Inode.root
        for (index, name) in reference.components.enumerated() {
            inode = try lookup(name, in: inode)
            if index == 0, inode == .userLink { inode = Inode(NodeID(home: caller.uid)) }
        }
        let place = try place(inode)
        guard try maySee(place, caller) else { throw .notFound }
        guard item, place.kind == .secret, inode.facet == .itself else { return inode }
        guard let only = try onlyItem(of: place), try maySee(try self.place(only), caller) else { return inode }
        return only
    }

    /// Whether the caller may list the place, or has a grant below it. The root is there for everybody.
    func maySee(_ place: Place, _ caller: Caller, _ store: StoreConnection) throws(VaultError) -> Bool {
        if place.inode == .root || allows(.list, on: place, for: caller) { return true }
        let principals: [Principal]
        do { principals = try self.principals(of: caller) } catch { return false }
        return try store.hasGrant(below: place.inode, to: principals)
    }

    func maySee(_ place: Place, _ caller: Caller) throws(VaultError) -> Bool {
        try store.read { store throws(VaultError) in try self.maySee(place, caller, store) }
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
