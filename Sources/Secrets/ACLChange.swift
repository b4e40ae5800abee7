// SPDX-License-Identifier: MIT

// What `setfacl` means: the ACL that is set, minus the one that was shown, is the change. What was left as it was shown
// stays as it is stored.

/// A change of what a principal was granted on the subject itself.
package struct GrantChange: Hashable, Sendable {
    package let principal: Principal
    /// The rights that the grant on the subject itself is to have; none: there is to be no such grant.
    package let newDirectRights: Rights

    package init(_ principal: Principal, _ newDirectRights: Rights) {
        self.principal = principal
        self.newDirectRights = newDirectRights
    }
}

/// All that decides which ACLs a subject shows.
package struct ACLContext: Sendable {
    package let subject: Subject
    /// Those with a grant on something further down, who must be able to pass.
    package let below: [Principal]
    package let memberships: Memberships
    /// Shown as the owner where nobody was granted `manage`; nil if that is not known.
    package let storeOwner: UInt32?

    package init(_ subject: Subject, below: [Principal] = [], memberships: Memberships = [:], storeOwner: UInt32? = nil) {
        self.subject = subject
        self.below = below
        self.memberships = memberships
        self.storeOwner = storeOwner
    }

    /// Whether an ACL is but a mode: it is to be removed, or names nobody. It changes no grant then. What `setfacl -x` leaves of the last
    /// entry has a mask, and is none.
    package func isMode(_ acl: PosixACL?) -> Bool {
        guard let acl else { return true }
        guard acl.named.isEmpty else { return false }
        let shown = ShownEntries(access: subject, below, memberships, storeOwner: storeOwner)
        return acl.permissions(of: .mask) == nil || acl.isForeign(other: shown.other)
    }

    /// What a mode with these bits of the group does: nothing, for it is a view of the grants. A program that takes the group's bits from a
    /// key file believes afterwards that nobody else reads it: so that throws `modeTakes` on an item that others than its owner were
    /// granted.
    package func checkMode(group: ACLEntry.Permissions, owner: UInt32) throws(ACLError) {
        guard !subject.isFolder, subject.isShareable else { return }
        let shown = ShownEntries(access: subject, below, memberships, storeOwner: storeOwner)
        for (who, permissions) in shown.named.sorted(by: { $0.key < $1.key }) where !permissions.isSubset(of: group) {
            if who != .user(owner) { throw .modeTakes(who) }
        }
    }
}

/// The effect of setting one ACL on the rights that a principal was granted on the subject itself.
struct ACLEffect {
    /// The rights that the new entry asks for: they are granted afterwards, whatever the other ACL's entry takes away.
    var asked: Rights = []
    /// The rights that went with the old entry.
    var dropped: Rights = []
    /// The entry asks that its principal can at least see the folder.
    var asksToSee = false
    /// The entry of an item is gone: `list` alone was only the way to it.
    var endsAccess = false

    /// The rights after the effects of all ACLs that one command set, in any order.
    static func rights(_ held: Rights, _ effects: [ACLEffect], inherited: Rights) -> Rights {
        var rights = effects.reduce(held) { $0.subtracting($1.dropped) }
        rights = effects.reduce(rights) { $0.union($1.asked) }
        if rights.isEmpty, inherited.isEmpty, effects.contains(where: \.asksToSee) { rights = .list }
        if rights == .list, effects.contains(where: \.endsAccess) { rights = [] }
        return rights
    }
}

/// The effects of setting one of a subject's ACLs, principal by principal; those whose entry stays as it was shown are left out.
///
/// One that is but a mode has none (`ACLContext.isMode`). On a folder's access ACL `r` or `x` asks for `list` and `w` for `write`; to
/// remove an entry revokes all that its principal was granted on the folder itself but `manage`. On an item `r` asks for `read` and `w`
/// for `write`, and so they do in a folder's default ACL, for all that is in the folder. Only what is asked beyond the inherited is
/// granted; to take away what is inherited is an error. `user::`, `group::` and `other::` are ignored.
struct ACLEffects {
    private let context: ACLContext
    private let isDefault: Bool
    /// Granted further up.
    let inherited: [Principal: Rights]
    /// Granted on the subject itself, before.
    private let direct: [Principal: Rights]
    /// Held by users only through their groups, from any level.
    private let throughGroups: [Principal: Rights]

    init(_ context: ACLContext, isDefault: Bool) {
        self.context = context
        self.isDefault = isDefault
        let levels = context.subject.levels
        direct = grantedRights(Array(levels.prefix(1)), [:])
        inherited = grantedRights(Array(levels.dropFirst()), [:])
        let all = grantedRights(levels, [:])
        var throughGroups: [Principal: Rights] = [:]
        for (uid, groups) in context.memberships {
            throughGroups[.user(uid)] = groups.reduce([]) { $0.union(all[.group($1)] ?? []) }
        }
        self.throughGroups = throughGroups
    }

    /// The effect of an ACL; nil is to remove it. Throws the `ACLError`s of what it asks for.
    func of(_ acl: PosixACL?) throws(ACLError) -> [Principal: ACLEffect] {
        let subject = context.subject
        if isDefault, !subject.isFolder {
            if acl == nil { return [:] }
            throw .notAFolder
        }
        guard let acl, !context.isMode(acl) else { return [:] }
        let asked = acl.named
        guard subject.isShareable else {
            if asked.isEmpty { return [:] }
            throw .notShareable
        }
        let shown =
            isDefault
            ? ShownEntries(defaults: subject, context.memberships)
            : ShownEntries(access: subject, context.below, context.memberships, storeOwner: context.storeOwner)
        let isForeign = acl.isForeign(other: shown.other)
        var effects: [Principal: ACLEffect] = [:]
        for who in Set(shown.named.keys).union(asked.keys).sorted() {
            let (before, after) = (shown.named[who], asked[who])
            if meaning(before) == meaning(after) {
                // It was not left as it was shown, but says so itself.
                if isForeign { effects[who] = ofKeptEntry(who, after) }
                continue
            }
            effects[who] =
                subject.isFolder && !isDefault
                ? try ofFolderEntry(who, before, after, isWhole: isForeign)
                : try ofItemEntry(who, before, after)
        }
        return effects
    }

    /// The permissions as they would be shown: bits that mean nothing are left out.
    private func meaning(_ permissions: ACLEntry.Permissions?) -> ACLEntry.Permissions? {
        guard let permissions else { return nil }
        guard context.subject.isFolder, !isDefault else { return permissions.intersection([.read, .write]) }
        return permissions.isEmpty ? [] : permissions.union([.read, .execute])
    }

    /// The effect of an entry that asks for what is shown already: what it asks for stays, whatever the other ACL takes away.
    private func ofKeptEntry(_ who: Principal, _ permissions: ACLEntry.Permissions?) -> ACLEffect {
        guard let permissions, let held = direct[who] else { return ACLEffect() }
        let isOfFolder = context.subject.isFolder && !isDefault
        let asked = Rights(ofItem: isOfFolder ? permissions.intersection(.write) : permissions)
        return ACLEffect(asked: asked.intersection(held), asksToSee: isOfFolder)
    }

    /// The effect of a changed entry of an item, or of a folder's default ACL.
    private func ofItemEntry(
        _ who: Principal, _ before: ACLEntry.Permissions?, _ after: ACLEntry.Permissions?
    ) throws(ACLError) -> ACLEffect {
        let (shown, asked) = (Rights(ofItem: before ?? []), Rights(ofItem: after ?? []))
        let dropped = shown.subtracting(asked)
        try checkRemovable(dropped, from: who, entryStays: after != nil)
        let added = asked.subtracting(shown).subtracting(inherited[who] ?? [])
        let kept = asked.intersection(direct[who] ?? [])
        return ACLEffect(asked: added.union(kept), dropped: dropped, endsAccess: asked.isEmpty && !isDefault)
    }

    /// The effect of a changed entry of a folder's access ACL.
    private func ofFolderEntry(
        _ who: Principal, _ before: ACLEntry.Permissions?, _ after: ACLEntry.Permissions?, isWhole: Bool
    ) throws(ACLError) -> ACLEffect {
        let direct = direct[who] ?? []
        let inherited = inherited[who] ?? []
        guard let after, !after.isEmpty else {
            if before == nil { return ACLEffect() }
            if !inherited.isEmpty { throw .inherited(who) }
            // An ACL from elsewhere replaces what is on this folder; the way to what lies below was never that.
            if direct.isEmpty, !isWhole { throw .passesThrough(who) }
            return ACLEffect(dropped: Rights.all.subtracting(.manage))
        }
        // What stays of an entry without `w` asks for `list`, which may have come with `write`.
        var effect = ACLEffect(asksToSee: true)
        if after.contains(.write) {
            effect.asked = before?.contains(.write) == true ? direct.intersection(.write) : .write.subtracting(inherited)
        } else if before?.contains(.write) == true {
            // Shown for `manage` too, which no ACL takes away.
            if direct.union(inherited).contains(.manage) { throw .inherited(who) }
            try checkRemovable(.write, from: who, entryStays: true)
            effect.dropped = .write
        }
        if before == nil, !after.isDisjoint(with: [.read, .execute]), inherited.isEmpty { effect.asked.insert(.list) }
        return effect
    }

    /// Refuses to take away what a grant on the subject itself does not give.
    private func checkRemovable(_ rights: Rights, from who: Principal, entryStays: Bool) throws(ACLError) {
        // With the entry goes what is shown in it of the user's groups: those keep it in entries of their own.
        let kept = (inherited[who] ?? []).union(entryStays ? throughGroups[who] ?? [] : [])
        if !rights.isDisjoint(with: kept) { throw .inherited(who) }
    }
}

extension PosixACL {
    /// Whether `group::` or `other::` gives more than is ever shown. Such an ACL was not made of one that was read here: it comes from
    /// another file system, by `cp -a`, `rsync -A` or a dump of getfacl(1), and if it names nobody it is a mode.
    fileprivate func isForeign(other shown: ACLEntry.Permissions) -> Bool {
        permissions(of: .groupObject) ?? [] != [] || !(permissions(of: .other) ?? []).isSubset(of: shown)
    }
}

extension Rights {
    /// The rights that an item's permissions ask for.
    fileprivate init(ofItem permissions: ACLEntry.Permissions) {
        self = []
        if permissions.contains(.read) { insert(.read) }
        if permissions.contains(.write) { insert(.write) }
    }
}
