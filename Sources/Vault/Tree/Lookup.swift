// SPDX-License-Identifier: MIT

package import Secrets

/// An entry of a folder, as readdir(3) tells it.
package struct DirectoryEntry: Sendable {
    package let inode: Inode
    package let name: [UInt8]
    package let form: PlaceAttributes.Form
    /// Where to go on behind this entry.
    package let cookie: UInt64
}

/// Finding and listing names. Looking is not logged. `lookup` is the same for everyone, since the kernel keeps its answers for all; `list`
/// is not.
extension Vault {
    /// The inode of a name in a folder; throws `notFound`, `notAFolder`.
    package func lookup(_ name: [UInt8], in parent: Inode) throws(VaultError) -> Inode {
        let place = try place(parent)
        guard place.isFolder else { throw .notAFolder }
        if parent == .root {
            if name == TreeName.user { return .userLink }
            if name == TreeName.users { return Inode(.users) }
            if name == TreeName.job { return .jobLink }
            if name == TreeName.jobs { return .jobs }
        }
        if place.kind == .users {
            guard let home = Self.home(named: name) else { throw .notFound }
            return Inode(home)
        }
        if place.kind == .secret, parent.facet == .itself {
            guard let facet = Self.facets.first(where: { $0.name == name }) else { throw .notFound }
            return Inode(parent.node, facet)
        }
        let child = try store.read { store throws(VaultError) in
            try store.child(of: parent.node, named: name, variable: parent.facet == .vars)
        }
        guard let child, child.id != parent.node else { throw .notFound }
        return Inode(child.id)
    }

    /// The folder that a place lies in; the root's is itself.
    package func parent(of inode: Inode) throws(VaultError) -> Inode { try place(inode).parent }

    package func kind(of inode: Inode) throws(VaultError) -> NodeKind { try place(inode).kind }

    /// In the order of a listing: `rm -r` removes the items before `env`, which then is empty.
    static let facets: [Facet] = [.vars, .files, .env]

    /// A home by its name: a uid in decimal without leading zeros.
    static func home(named name: [UInt8]) -> NodeID? {
        guard name.count <= 10, let uid = UInt32(String(decoding: name, as: UTF8.self)), Array(String(uid).utf8) == name else {
            return nil
        }
        return NodeID(home: uid)
    }

    /// The entries of a folder behind `cookie` (0: from the start), as many as `limit` at most, only those that the caller may get at.
    ///
    /// Throws `denied`, which is not logged: looking at names is not.
    package func list(_ folder: Inode, after cookie: UInt64, limit: Int, for caller: Caller) throws(VaultError) -> [DirectoryEntry] {
        let place = try place(folder)
        guard place.isFolder else { throw .notAFolder }
        // Everybody may look into the root, and sees what it may get at.
        let listsAll = listsAll(of: place, for: caller)
        let access = caller.job?.job.access
        return try store.read { store throws(VaultError) in
            let principals = listsAll ? [] : try self.principals(of: caller)
            // The root is there for everyone; other folders for who has a right on them or below, or passes on the way of a job.
            if !listsAll, folder != .root, !self.allows(.list, on: place, for: caller) {
                guard try store.hasGrant(below: folder, to: principals) else {
                    throw .denied(access == nil ? .noGrant : .notOfJob, for: [.list])
                }
            }
            let maySee = { (inode: Inode) throws(VaultError) -> Bool in
                if listsAll { return true }
                guard access?.mayHold(inode) ?? true, let place = try store.place(inode) else { return false }
                if self.allows(.list, on: place, for: caller) { return true }
                return try store.hasGrant(below: inode, to: principals)
            }
            if place.kind == .secret, folder.facet == .itself {
                return try self.listFacets(of: folder, after: cookie, store, maySee: maySee)
            }
            return try self.listNodes(in: place, after: cookie, limit: limit, store, maySee: maySee)
        }
    }

    /// Whether the caller sees all that is in a folder. Throws `notFound`.
    package func listsAll(of folder: Inode, for caller: Caller) throws(VaultError) -> Bool { listsAll(of: try place(folder), for: caller) }

    /// Those by whose grants a caller passes to what is below: nobody inside a job, where no grant counts. Throws `denied` if its groups
    /// can't be told.
    func principals(of caller: Caller) throws(VaultError) -> [Principal] {
        guard caller.job == nil else { return [] }
        let groups: [UInt32]
        do { groups = try caller.groups() } catch { throw .unknownCaller(error) }
        return [.user(caller.uid), .group(caller.gid)] + Set(groups).subtracting([caller.gid]).sorted().map { .group($0) }
    }

    private func listFacets(
        of secret: Inode, after cookie: UInt64, _ store: StoreConnection, maySee: (Inode) throws(VaultError) -> Bool
    ) throws(VaultError) -> [DirectoryEntry] {
        var entries: [DirectoryEntry] = []
        for (index, facet) in Self.facets.enumerated() where UInt64(index + 1) > cookie {
            let inode = Inode(secret.node, facet)
            guard let name = facet.name, try maySee(inode) else { continue }
            entries.append(
                DirectoryEntry(inode: inode, name: name, form: facet == .env ? .item : .folder, cookie: UInt64(index + 1)))
        }
        return entries
    }

    /// Nodes in the order of their kinds, then of their numbers: targets before projects, so that `rm -r` of an organization
    /// finds each project without targets. A cookie is number and kind, and stays good whatever is created or removed.
    private func listNodes(
        in place: Place, after cookie: UInt64, limit: Int, _ store: StoreConnection,
        maySee: (Inode) throws(VaultError) -> Bool
    ) throws(VaultError) -> [DirectoryEntry] {
        let kinds = Self.kindsListed(in: place)
        var entries: [DirectoryEntry] = []
        var last = Int64(truncatingIfNeeded: cookie >> 4)
        var remaining = kinds[...]
        if cookie != 0 {
            guard let kind = NodeKind(rawValue: UInt8(truncatingIfNeeded: cookie & 15)) else { return [] }
            remaining = kinds.drop { $0 != kind }
        }
        for kind in remaining {
            while entries.count < limit {
                let nodes = try store.children(of: place.inode.node, kind: kind, after: last, limit: limit)
                for node in nodes {
                    last = node.id.rawValue
                    let inode = Inode(node.id)
                    guard entries.count < limit, try maySee(inode) else { continue }
                    entries.append(
                        DirectoryEntry(
                            inode: inode, name: node.name, form: kind.isItem ? .item : .folder,
                            cookie: UInt64(bitPattern: node.id.rawValue) << 4 | UInt64(kind.rawValue)))
                }
                if nodes.count < limit { break }
            }
            guard entries.count < limit else { break }
            last = 0
        }
        return entries
    }

    /// The contents of an organization, in the order of its listing.
    static let kindsInOrganization: [NodeKind] = [.target, .project, .shared]

    private static func kindsListed(in place: Place) -> [NodeKind] {
        switch place.kind {
        case .root: [.organization]
        case .users: [.home]
        case .organization: kindsInOrganization
        case .project, .target, .shared, .home: [.secret]
        case .secret: place.inode.facet == .vars ? [.variable] : [.folder, .file]
        case .folder: [.folder, .file]
        case .variable, .file: []
        }
    }
}
