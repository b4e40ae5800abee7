// SPDX-License-Identifier: MIT

internal import Secrets

/// Moves never widen access: if somebody could read or run the item at its new place who can't at the old one, the move takes `read` or
/// `manage` on it.
///
/// A place is the path to it with the grants there. The grants on what is moved go with it. Of an item all versions go that are kept, and
/// of a folder what was deleted from it and can be restored.
extension Vault {
    /// Refuses a move by which a caller would show a file or folder that they may neither read nor manage; logs the refusal.
    ///
    /// - Parameters:
    ///   - source: the folder that it is in.
    ///   - destination: the folder of the same organization or home that it goes to.
    func authorizeMove(
        of node: NodeRow, from source: Place, to destination: Place, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) {
        guard source.inode != destination.inode, !isOpen(.moveWidens) else { return }
        guard let moved = try store.place(Inode(node.id)) else { throw .notFound }
        for item in try store.items(in: moved) {
            guard let place = try store.place(Inode(item.node.id)) else { throw .notFound }
            var old = place.subject.levels
            var new = Array(old.dropLast(source.subject.levels.count)) + destination.subject.levels
            if node.kind == .variable {
                old += try store.environmentLevels(over: source)
                new += try store.environmentLevels(over: destination)
            }
            // A secret's policy goes with it.
            let policy = source.secret == nil ? place.policy : destination.policy
            guard Exposure(new, policy: policy).isWider(than: Exposure(old, policy: place.policy)),
                !makers.made(item.node.id, by: caller.uid)
            else { continue }
            try authorize(anyOf: [.read, .manage], on: place, for: caller, refusingAs: .wouldWiden)
        }
        guard !isOpen(.restoreWidens) else { return }
        for deleted in try store.deletedBelow(node.id) {
            guard let deletedPlace = try store.deletedRow(of: deleted).flatMap({ row throws(VaultError) in try store.deletedPlace(row) })
            else { continue }
            let place = deletedPlace.place
            // A grant that is newer than the deletion shows nothing of it: a restore is decided about by those that were there.
            let bound = deletedPlace.row.way?.sequence ?? .max
            let way = [place.inode] + place.above
            let old = try store.levels(way, before: bound)
            let new = try store.levels(way.dropLast(1 + source.above.count) + [destination.inode] + destination.above, before: bound)
            let policy = source.secret == nil ? deletedPlace.place.policy : destination.policy
            guard Exposure(new, policy: policy).isWider(than: try store.exposure(old, of: deletedPlace)),
                try !isMade(deletedPlace, by: caller, store), !allows(.read, on: place.with(old), for: caller)
            else { continue }
            try authorize(.manage, on: place, for: caller, refusingAs: .wouldWiden)
        }
    }

    /// Refuses a caller who would give a name that something else had to a thing with grants on it or in it, by which more may use it than
    /// what had the name; logs it.
    ///
    /// Values that people go on writing to the name come under those grants. So giving it the name is granting there, and takes `manage` on
    /// the folder.
    ///
    /// - Parameter old: what has the name now, and is replaced; nil if something had it before.
    func authorizeNaming(
        of node: NodeRow, replacing old: NodeRow?, in folder: Place, as name: [UInt8], for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) {
        guard try isWider(node, than: old, in: folder, store) else { return }
        try concerning(Reference(components: folder.path + [name])) { () throws(VaultError) in
            _ = try authorize(.manage, on: folder, for: caller, reference: folder.reference(to: name), refusingAs: .wouldName)
        }
    }

    /// Whether more may use something by the grants on it or in it than what has, or had, its name.
    private func isWider(_ node: NodeRow, than old: NodeRow?, in folder: Place, _ store: StoreConnection) throws(VaultError) -> Bool {
        guard case .tree = folder.subject.realm else { return false }
        // Deleted things of it can be restored there.
        var own: [Grant] = []
        for tree in [node.id] + (try store.deletedBelow(node.id)) { own += try store.grants(inTree: tree).map(\.grant) }
        guard !own.isEmpty else { return false }
        // Grants deeper in what is replaced count for a part of it only.
        let former = try old.map { old throws(VaultError) in try store.grants(on: Inode(old.id)).map(\.grant) } ?? []
        return Self.exposes([own] + folder.subject.levels, moreThan: [former] + folder.subject.levels)
    }

    /// Whether by these grants somebody may read, use or share what nobody else lets them.
    static func exposes(_ grants: [[Grant]], moreThan others: [[Grant]]) -> Bool {
        func managers(_ grants: [[Grant]]) -> Set<Principal> {
            Set(grants.joined().lazy.filter { $0.rights.contains(.manage) }.map(\.principal))
        }
        return Exposure(grants, policy: nil).isWider(than: Exposure(others, policy: nil))
            || !managers(grants).isSubset(of: managers(others))
    }

    /// Refuses a caller who would have shells tell, by the new name of a variable, a value that they may neither read nor manage; logs it.
    func authorizeVariableName(_ name: [UInt8], of node: NodeRow, at place: Place, for caller: Caller) throws(VaultError) {
        guard node.kind == .variable, ShellNames.choosesLocale(name), !makers.made(node.id, by: caller.uid) else { return }
        try authorize(anyOf: [.read, .manage], on: place, for: caller, refusingAs: .wouldTell)
    }

    /// Refuses a restore by which a caller would show something that they could neither read when it was deleted, nor manage now; logs the
    /// refusal.
    ///
    /// - Parameter folder: that it goes to.
    func authorizeRestore(of deletedPlace: DeletedPlace, to folder: Place, for caller: Caller, _ store: StoreConnection) throws(VaultError)
    {
        guard let shown = try widened(by: deletedPlace, to: folder, for: caller, store) else { return }
        try authorize(.manage, on: shown, for: caller, refusingAs: .wouldWiden)
    }

    /// Whether the caller might restore it there by the name that it had: `authorizeRestore`, and `authorizeNaming` where something else
    /// had the name since, let them pass. Logs nothing.
    ///
    /// - Parameter wasAnothers: whether something else had the name since.
    func mayRestore(
        _ deletedPlace: DeletedPlace, to folder: Place, wasAnothers: Bool, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) -> Bool {
        if wasAnothers, try isWider(deletedPlace.node, than: nil, in: folder, store), !allows(.manage, on: folder, for: caller) {
            return false
        }
        guard let shown = try widened(by: deletedPlace, to: folder, for: caller, store) else { return true }
        return allows(.manage, on: shown, for: caller)
    }

    /// The deleted thing as a place that the caller must manage to restore it there; nil if they need not.
    private func widened(
        by deletedPlace: DeletedPlace, to folder: Place, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) -> Place? {
        guard !isOpen(.restoreWidens) else { return nil }
        let (then, now) = try store.levels(of: deletedPlace)
        var (old, new) = (then, now.prefix(1) + folder.subject.levels)
        if deletedPlace.node.kind == .variable {
            old += try store.levels(deletedPlace.row.way?.environment ?? [], before: deletedPlace.row.way?.sequence ?? 0)
            new += try store.levels([Inode(folder.inode.node, .env)])
        }
        // A secret's policy goes with it.
        let isInSecret = folder.secret != nil
        let former = isInSecret ? try store.exposure(old, of: deletedPlace) : Exposure(old, policy: nil)
        guard Exposure(new, policy: isInSecret ? folder.policy : nil).isWider(than: former),
            try !isMade(deletedPlace, by: caller, store), !allows(.read, on: deletedPlace.place.with(then), for: caller)
        else { return nil }
        return deletedPlace.place.with(now)
    }

    /// Refuses a rollback by which a caller would show, to somebody who may read later versions only, one that they may neither read nor
    /// manage; logs it.
    ///
    /// A user who may read an item reads its current version. A user who was granted that after a version was replaced could never read
    /// that version.
    func authorizeRollback(
        of node: NodeRow, at place: Place, to version: VersionRow, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) {
        guard version.number != node.current, case .tree = place.subject.realm, !isOpen(.moveWidens) else { return }
        // The version that replaced it, if that is still there; else it is taken for one that was replaced at once.
        let bound = try store.version(version.number + 1, of: node.id)?.id ?? version.id
        let way = [place.inode] + place.above
        let environment = Way(sequence: bound, inodes: way).environment
        let (old, new) = (try store.levels(way + environment, before: bound), try place.subject.levels + store.levels(environment))
        let former =
            try place.secret.map { secret throws(VaultError) in try store.exposure(old, ofEarlier: secret) }
            ?? Exposure(old, policy: place.policy)
        guard Exposure(new, policy: place.policy).isWider(than: former),
            !makers.made(node.id, by: caller.uid)
        else { return }
        try authorize(anyOf: [.read, .manage], on: place, for: caller, refusingAs: .wouldWiden)
    }

    /// Whether all items in something deleted are ones that the caller has just made.
    private func isMade(_ deletedPlace: DeletedPlace, by caller: Caller, _ store: StoreConnection) throws(VaultError) -> Bool {
        for id in try store.tree(deletedPlace.node.id) {
            guard let node = try store.node(id), !node.kind.isItem || makers.made(id, by: caller.uid) else { return false }
        }
        return true
    }
}

extension Place {
    /// The same place under other grants.
    func with(_ levels: some Sequence<[Grant]>) -> Place {
        Place(
            inode: inode, kind: kind, uuid: uuid, path: path,
            subject: Subject(realm: subject.realm, kind: kind, facet: inode.facet, levels: Array(levels)), scope: scope, above: above,
            secret: secret, policy: policy)
    }
}

extension StoreConnection {
    /// The grants on each of these inodes, as far as they are older than a row of that number.
    func levels(_ inodes: [Inode], before number: Int64 = .max) throws(VaultError) -> [[Grant]] {
        try inodes.map { inode throws(VaultError) in try grants(on: inode).filter { $0.id < number }.map(\.grant) }
    }

    /// The grants that counted on something when it was deleted and are still there, and all that are now on what it lay in then.
    ///
    /// Of what an older release deleted it is not known where it lay: nothing counts then but the grants on itself; and now, those on the
    /// way to the folder.
    func levels(of deletedPlace: DeletedPlace) throws(VaultError) -> (then: [[Grant]], now: [[Grant]]) {
        let own = try levels([deletedPlace.place.inode])
        guard let way = deletedPlace.row.way, case .tree = deletedPlace.place.subject.realm else {
            return (own, deletedPlace.place.subject.levels)
        }
        return (own + (try levels(way.inodes, before: way.sequence)), own + (try levels(way.inodes)))
    }

    /// The exposure that something deleted had where it lay, by grants on it.
    func exposure(_ levels: some Sequence<[Grant]>, of deletedPlace: DeletedPlace) throws(VaultError) -> Exposure {
        for inode in deletedPlace.row.way?.inodes ?? [] {
            guard inode.facet == .itself, let node = try node(inode.node), node.kind == .secret else { continue }
            return try exposure(levels, ofEarlier: node.id)
        }
        return Exposure(levels, policy: nil)
    }

    /// The exposure in a secret at an earlier moment, by grants. Its policy was the standard one, if it has never been another; else that
    /// is not known, and it may have let jobs do nothing. Its dates are taken to be those of now: a user who manages the secret set them.
    func exposure(_ levels: some Sequence<[Grant]>, ofEarlier secret: NodeID) throws(VaultError) -> Exposure {
        guard let node = try node(secret) else { return Exposure(levels, policy: nil, dates: .unknown) }
        guard let policy = node.policy else { return Exposure(levels, policy: .standard) }
        return Exposure(levels, policy: nil, dates: (try? AccessPolicy.parse(policy))?.dates ?? .unknown)
    }
}
