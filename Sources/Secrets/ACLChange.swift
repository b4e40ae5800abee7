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

/// What setting a subject's access ACL changes, sorted by principal. Nil: the attribute is removed.
///
/// On a folder `r` or `x` asks for `list` and `w` for `write`; to remove an entry revokes all that its principal was
/// granted on the folder itself but `manage`. On an item `r` asks for `read` and `w` for `write`. Only what is asked
/// beyond the inherited is granted; to take away what is inherited is an error. `user::` is ignored.
package func grantChanges(
    settingAccess acl: PosixACL?, on subject: Subject, below: [Principal] = [], memberships: Memberships = [:]
) throws(ACLError) -> [GrantChange] {
    let shown = ShownEntries(access: subject, below, memberships)
    let asked = try askedEntries(acl, on: subject, other: shown.other)
    let grants = DirectGrants(subject, memberships)
    return try changes(shown.named, asked, grants) { (who, before, after) throws(ACLError) in
        subject.isFolder
            ? try grants.settingFolder(who, before, after, removingAll: asked.isEmpty)
            : try grants.settingItem(who, before, after)
    }
}

/// What setting a folder's default ACL changes, sorted by principal. Nil: the attribute is removed.
///
/// `r` asks for `read` and `w` for `write` on all that is in the folder.
package func grantChanges(
    settingDefault acl: PosixACL?, on subject: Subject, memberships: Memberships = [:]
) throws(ACLError) -> [GrantChange] {
    guard subject.isFolder else {
        if acl == nil { return [] }
        throw .notAFolder
    }
    let shown = ShownEntries(defaults: subject, memberships)
    // `setfacl` fills the first default ACL of a folder up from its access ACL, so `other::` may be as there.
    let other = ShownEntries(access: subject, [], memberships).other
    let asked = try askedEntries(acl, on: subject, other: other)
    let grants = DirectGrants(subject, memberships)
    return try changes(shown.named, asked, grants) { (who, before, after) throws(ACLError) in
        try grants.settingDefault(who, before, after)
    }
}

/// The named entries that are asked for, after what can't be granted was refused.
private func askedEntries(
    _ acl: PosixACL?, on subject: Subject, other: ACLEntry.Permissions
) throws(ACLError) -> [Principal: ACLEntry.Permissions] {
    let asked = acl?.named ?? [:]
    guard subject.isShareable else {
        if asked.isEmpty, (acl?.permissions(of: .other) ?? other) == other,
            acl?.permissions(of: .groupObject) ?? [] == []
        {
            return [:]
        }
        throw .notShareable
    }
    if let acl {
        guard acl.permissions(of: .groupObject) ?? [] == [], (acl.permissions(of: .other) ?? []).isSubset(of: other)
        else { throw .unnamed }
    }
    return asked
}

/// Compares what was shown with what is asked for, principal by principal. `nil` stands for no entry.
private func changes(
    _ shown: [Principal: ACLEntry.Permissions], _ asked: [Principal: ACLEntry.Permissions], _ grants: DirectGrants,
    setting: (Principal, ACLEntry.Permissions?, ACLEntry.Permissions?) throws(ACLError) -> Rights
) throws(ACLError) -> [GrantChange] {
    var changes: [GrantChange] = []
    for principal in Set(shown.keys).union(asked.keys).sorted() {
        let (before, after) = (shown[principal], asked[principal])
        if before == after { continue }
        let rights = try setting(principal, before, after)
        if rights != grants.direct[principal] ?? [] { changes.append(GrantChange(principal, rights)) }
    }
    return changes
}

/// What was granted on a subject itself, and what holds there without it.
private struct DirectGrants {
    /// Granted on the subject itself.
    let direct: [Principal: Rights]
    /// Granted further up.
    private let inherited: [Principal: Rights]
    /// Held by users only through their groups, from any level.
    private let throughGroups: [Principal: Rights]

    init(_ subject: Subject, _ memberships: Memberships) {
        direct = grantedRights(Array(subject.levels.prefix(1)), [:])
        inherited = grantedRights(Array(subject.levels.dropFirst()), [:])
        let all = grantedRights(subject.levels, [:])
        var throughGroups: [Principal: Rights] = [:]
        for (uid, groups) in memberships {
            throughGroups[.user(uid)] = groups.reduce([]) { $0.union(all[.group($1)] ?? []) }
        }
        self.throughGroups = throughGroups
    }

    /// The direct rights after a change of an item's entry.
    func settingItem(
        _ who: Principal, _ before: ACLEntry.Permissions?, _ after: ACLEntry.Permissions?
    ) throws(ACLError) -> Rights {
        let rights = try setting(who, before, after)
        // `list` alone was only the way to what is now taken away.
        return after ?? [] == [] && rights == .list ? [] : rights
    }

    /// The direct rights after a change of a folder's default entry.
    func settingDefault(
        _ who: Principal, _ before: ACLEntry.Permissions?, _ after: ACLEntry.Permissions?
    ) throws(ACLError) -> Rights {
        try setting(who, before, after)
    }

    /// `r` is `read`, `w` is `write`.
    private func setting(
        _ who: Principal, _ before: ACLEntry.Permissions?, _ after: ACLEntry.Permissions?
    ) throws(ACLError) -> Rights {
        let (before, asked) = (Rights(ofItem: before ?? []), Rights(ofItem: after ?? []))
        try checkRemovable(before.subtracting(asked), from: who, entryStays: after != nil)
        return (direct[who] ?? []).union(asked.subtracting(before).subtracting(inherited[who] ?? []))
            .subtracting(before.subtracting(asked))
    }

    /// The direct rights after a change of a folder's access entry.
    func settingFolder(
        _ who: Principal, _ before: ACLEntry.Permissions?, _ after: ACLEntry.Permissions?, removingAll: Bool
    ) throws(ACLError) -> Rights {
        let direct = direct[who] ?? []
        let inherited = inherited[who] ?? []
        guard let after, !after.isEmpty else {
            if before == nil { return direct }
            if !inherited.isEmpty { throw .inherited(who) }
            // `setfacl -b` removes what is on this folder; the way to what lies below was never that.
            if direct.isEmpty, !removingAll { throw .passesThrough(who) }
            return direct.intersection(.manage)
        }
        var rights = direct
        if after.contains(.write) {
            if before?.contains(.write) != true { rights.formUnion(.write.subtracting(inherited)) }
        } else if before?.contains(.write) == true {
            // Shown for `manage` too, which no ACL takes away.
            if direct.union(inherited).contains(.manage) { throw .inherited(who) }
            try checkRemovable(.write, from: who, entryStays: true)
            rights.subtract(.write)
            // What stays of the entry asks for `list`, which may have come with `write`.
            if rights.isEmpty, inherited.isEmpty { rights = .list }
        }
        if before == nil, !after.isDisjoint(with: [.read, .execute]), inherited.isEmpty { rights.formUnion(.list) }
        return rights
    }

    /// Refuses to take away what a grant on the subject itself does not give.
    private func checkRemovable(_ rights: Rights, from who: Principal, entryStays: Bool) throws(ACLError) {
        // With the entry goes what is shown in it of the user's groups: those keep it in entries of their own.
        let kept = (inherited[who] ?? []).union(entryStays ? throughGroups[who] ?? [] : [])
        if !rights.isDisjoint(with: kept) { throw .inherited(who) }
    }
}

extension Rights {
    /// What an item's permissions ask for.
    fileprivate init(ofItem permissions: ACLEntry.Permissions) {
        self = []
        if permissions.contains(.read) { insert(.read) }
        if permissions.contains(.write) { insert(.write) }
    }
}
