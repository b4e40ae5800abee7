// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// A grant as `tacit acl` shows it.
package struct GrantView: Sendable {
    /// The place that the grant is on.
    package let reference: Reference
    package let principal: Principal
    package let rights: Rights
    /// Whether it is on the place asked about itself, and not above it.
    package let isDirect: Bool
}

/// Whether somebody may, and why, right by right.
package struct Explanation: Sendable {
    package let reference: Reference
    /// The reason names the place of the grant that decides.
    package let rights: [(right: Rights, allowed: Bool, reason: String)]
    package let isLocked: Bool
}

/// Grants: the same ones by `tacit grant` and by setfacl(1).
extension Vault {
    /// Gives a principal rights on a place and everything below, beside those it has there. Needs `manage`; logged.
    @discardableResult
    package func grant(
        _ rights: Rights, to principal: Principal, on inode: Inode, by caller: Caller
    ) throws(VaultError) -> ChangeSet {
        try setGrants(on: inode, by: caller) { direct in
            [Grant(principal, (direct[principal] ?? []).union(rights))]
        }
    }

    /// Takes rights, or with nil all, that were granted on this very place. Needs `manage`; logged.
    @discardableResult
    package func revoke(
        _ rights: Rights?, from principal: Principal, on inode: Inode, by caller: Caller
    ) throws(VaultError) -> ChangeSet {
        try fromReserve { () throws(VaultError) in
            try setGrants(on: inode, by: caller) { direct throws(VaultError) in
                guard let held = direct[principal], rights.map({ !held.isDisjoint(with: $0) }) ?? true else { throw .notGranted(principal) }
                return [Grant(principal, rights.map { held.subtracting($0) } ?? [])]
            }
        }
    }

    /// The ACL that getfacl(1) shows; nil where there are no named entries.
    package func accessACL(of inode: Inode) throws(VaultError) -> PosixACL? {
        let place = try place(inode)
        return try store.read { store throws(VaultError) in
            shownAccessACL(
                place.subject, below: try self.passing(place, in: store), memberships: self.memberships(of: place.subject),
                storeOwner: configuration.ownerUID)
        }
    }

    /// The same of an item that is being created and has no row yet.
    package func accessACL(ofNewItemIn parent: Inode) throws(VaultError) -> PosixACL? {
        let subject = try subject(ofNewItemIn: parent)
        return shownAccessACL(subject, memberships: memberships(of: subject), storeOwner: configuration.ownerUID)
    }

    package func defaultACL(of inode: Inode) throws(VaultError) -> PosixACL? {
        let subject = try place(inode).subject
        guard subject.isFolder else { return nil }
        return shownDefaultACL(subject, memberships: memberships(of: subject))
    }

    /// setfacl(1): what differs from what is shown becomes grants; that needs `manage`, and is logged. Nil is to remove the ACL: as an ACL
    /// that names nobody it is a mode, and changes nothing (`checkMode`).
    ///
    /// `thread` is the calling thread's id: the second ACL that it sets on the same place is compared with what was shown before the
    /// first. Throws `invalidGrant` for what grants can't express, `notPermitted` for taking away what is granted further up.
    package func setACL(
        _ acl: PosixACL?, isDefault: Bool, on inode: Inode, by caller: Caller, thread: Int32, isWriter: Bool = false
    ) throws(VaultError) -> ChangeSet {
        let place = try place(inode)
        let context = try aclContext(of: place)
        if context.isMode(acl), !isDefault || acl == nil || place.isFolder {
            if !isDefault { try checkMode(acl?.permissions(of: .groupObject) ?? [], of: place.subject, by: caller, isWriter) }
            return ChangeSet()
        }
        guard place.subject.isShareable else {
            try authorize(.manage, on: place, for: caller)
            do throws(ACLError) { _ = try grantChanges(setting: acl, isDefault: isDefault, on: context) } catch { throw VaultError(error) }
            return ChangeSet()
        }
        let setter = ACLCommands.Setter(uid: caller.uid, thread: thread)
        let begun = aclCommands.take(setter, inode, isDefault: isDefault) ?? ACLCommand(on: context)
        var done = begun
        let changes = try setGrants(on: inode, by: caller) { direct throws(VaultError) in
            done = begun
            do throws(ACLError) {
                return try done.set(acl, isDefault: isDefault, current: direct).map { Grant($0.principal, $0.newDirectRights) }
            } catch { throw VaultError(error) }
        }
        if place.isFolder { aclCommands.keep(done, setter, inode) }
        return changes
    }

    /// A thread is about to be shown an ACL: what it sets after that is not compared with what was shown before.
    package func readsACL(of inode: Inode, uid: UInt32, thread: Int32) {
        aclCommands.forget(ACLCommands.Setter(uid: uid, thread: thread), inode)
    }

    private func aclContext(of place: Place) throws(VaultError) -> ACLContext {
        let below = try store.read { store throws(VaultError) in try self.passing(place, in: store) }
        return aclContext(of: place.subject, below: below)
    }

    private func aclContext(of subject: Subject, below: [Principal] = []) -> ACLContext {
        ACLContext(subject, below: below, memberships: memberships(of: subject), storeOwner: configuration.ownerUID)
    }

    /// Whether an access ACL on an item that is being created asks for grants, which takes an item that is stored. One that says no more
    /// and no less than what the item will show, or is but a mode, changes nothing, and anybody may set it.
    ///
    /// Throws `denied` (logged) for a caller who may not grant there, `notPermitted` in a home and for taking away what is granted further
    /// up, and `invalidGrant` for what grants can't express.
    package func asksForGrants(
        _ acl: PosixACL?, onNewItem name: [UInt8], in parent: Inode, by caller: Caller
    ) throws(VaultError) -> Bool {
        if acl?.isMinimal != false { return false }
        let context = aclContext(of: try subject(ofNewItemIn: parent))
        do throws(ACLError) {
            if try grantChanges(setting: acl, isDefault: false, on: context).isEmpty { return false }
        } catch { throw VaultError(error) }
        let place = try place(parent)
        try authorize(.manage, on: place, for: caller, reference: place.reference(to: name))
        return true
    }

    /// chmod(2): the mode is a view of the grants, and is not changed. Throws `notPermitted` if that would seem to take from an item what
    /// others than its owner were granted there; by others than root and the store's owner, what they were granted further up too: programs
    /// that root runs set modes by habit.
    ///
    /// - Parameter isWriter: whether the caller is shown as the owner because they have just written the file. As for root, then.
    package func checkMode(_ permissions: UInt32, of inode: Inode, by caller: Caller, isWriter: Bool = false) throws(VaultError) {
        let group = ACLEntry.Permissions(rawValue: UInt16(truncatingIfNeeded: permissions >> 3) & 7)
        try checkMode(group, of: try place(inode).subject, by: caller, isWriter)
    }

    private func checkMode(
        _ group: ACLEntry.Permissions, of subject: Subject, by caller: Caller, _ isWriter: Bool
    ) throws(VaultError) {
        let isHabit = caller.uid == 0 || isOwner(caller) || (isWriter && caller.uid != owner(of: subject))
        let levels = isHabit ? Array(subject.levels.prefix(1)) : subject.levels
        let counted = Subject(realm: subject.realm, kind: subject.kind, facet: subject.facet, levels: levels)
        do throws(ACLError) {
            try aclContext(of: counted).checkMode(group: group, owner: owner(of: subject))
        } catch { throw VaultError(error) }
    }

    /// Everything that counts on a place, nearest first. For those who may list it.
    package func acl(of inode: Inode, for caller: Caller) throws(VaultError) -> [GrantView] {
        let place = try place(inode)
        guard place.inode == .root || listsAll(of: place, for: caller) else {
            throw .denied(caller.job == nil ? .noGrant : .notOfJob, for: [.list])
        }
        return try store.read { store throws(VaultError) in
            var views: [GrantView] = []
            for (index, level) in ([place.inode] + place.above).enumerated() {
                guard let above = try store.place(level) else { continue }
                views += try store.grants(on: level).map {
                    GrantView(
                        reference: above.exactReference, principal: $0.grant.principal, rights: $0.grant.rights, isDirect: index == 0)
                }
            }
            return views
        }
    }

    /// All that is shared with the caller, by its uid or a group.
    package func shared(with caller: Caller) throws(VaultError) -> [GrantView] {
        if caller.job != nil { throw .denied(.insideJob) }
        let groups: [UInt32]
        do { groups = try caller.groups() } catch { throw .unknownCaller(error) }
        let principals = [Principal.user(caller.uid)] + Set(groups + [caller.gid]).sorted().map { Principal.group($0) }
        return try store.read { store throws(VaultError) in
            var views: [GrantView] = []
            for principal in principals {
                for grant in try store.grants(to: principal) {
                    guard let place = try store.place(grant.subject) else { continue }
                    views.append(
                        GrantView(reference: place.exactReference, principal: principal, rights: grant.grant.rights, isDirect: true))
                }
            }
            return views
        }
    }

    /// Whether a user may, and why. Oneself anywhere one may ask; another user where one holds `manage`. Throws `notFound` for what the
    /// caller may not see; in a job that is what they could not see outside of it, as for stat(2).
    package func why(_ reference: Reference, as subject: Caller, asked caller: Caller) throws(VaultError) -> Explanation {
        if reference.components.first == TreeName.jobs, placeInJob(reference, for: caller) == nil {
            guard let job = reference.components.dropFirst().first.flatMap(job) else { throw .notFound }
            let rights = Rights.words.map { known in
                let decision = decide(known.right, onViewOf: job.id, inside: subject.job?.job.id)
                return (right: known.right, allowed: decision.allowed, reason: "\(decision.reason)")
            }
            return Explanation(reference: reference, rights: rights, isLocked: isLocked)
        }
        let inode = try resolve(reference, for: placeInJob(reference, for: caller) == nil ? caller.outsideJobs : caller)
        let place = try place(inode)
        if subject.uid != caller.uid { try authorize(.manage, on: place, for: caller) }
        let levels = try store.read { store throws(VaultError) in
            try ([inode] + place.above).map { level throws(VaultError) in try store.place(level)?.reference ?? "" }
        }
        let rights = Rights.words.map { known in
            let decision = decision(known.right, on: place, for: subject)
            return (right: known.right, allowed: decision.allowed, reason: decision.reason.description(levels: levels))
        }
        return Explanation(reference: place.exactReference, rights: rights, isLocked: isLocked)
    }

    /// Sets what principals hold on a place itself to what `changes` makes of it, in one transaction.
    private func setGrants(
        on inode: Inode, by caller: Caller, _ changes: ([Principal: Rights]) throws(VaultError) -> [Grant]
    ) throws(VaultError) -> ChangeSet {
        try change(by: caller) { store, caller throws(VaultError) in
            guard let place = try store.place(inode), let node = try store.nodeOrHome(inode.node) else { throw .notFound }
            if case .home = place.subject.realm { throw .notPermitted("what is below user is never shared") }
            guard place.kind != .root, place.kind != .users else { throw .notPermitted("grants are made on an organization or below") }
            try self.authorize(.manage, on: place, for: caller)

            self.makers.noteGrant(on: inode.node)
            var direct: [Principal: Rights] = [:]
            for grant in try store.grants(on: inode) { direct[grant.grant.principal] = grant.grant.rights }
            let now = SystemClock.now()
            for grant in try changes(direct) where direct[grant.principal] ?? [] != grant.rights {
                try store.setGrant(grant, on: inode, node: node, above: place.above, author: caller.uid, now: now)
                let held = grant.rights.isEmpty ? "nothing" : "\(grant.rights)"
                try self.log(caller, place.reference, .granted, reason: "\(grant.principal) now holds \(held)")
            }
        }.changes
    }
}

extension VaultError {
    fileprivate init(_ error: ACLError) {
        self =
            switch error {
            case .inherited, .passesThrough, .modeTakes, .notShareable: .notPermitted("\(error)")
            default: .invalidGrant("\(error)")
            }
    }
}
