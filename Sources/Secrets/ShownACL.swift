// SPDX-License-Identifier: MIT

// Grants as the ACL that `getfacl` shows. The kernel checks the same ACL (`default_permissions`), so it must never refuse what
// `decide` allows; what it lets pass is decided again.

/// The groups of users that grants name, as the group database has them.
///
/// The kernel looks at a user's own entry and, if there is one, no longer at those of groups. So the entry shown for a
/// user must hold what their groups have too: otherwise a grant to a user would take away what their group was granted.
package typealias Memberships = [UInt32: Set<UInt32>]

/// The ACL that a subject shows, and for folders that of what is made in it. Nil: the mode says it all.
///
/// `below` are those with a grant on something further down, who must be able to pass.
package func shownAccessACL(
    _ subject: Subject, below: [Principal] = [], memberships: Memberships = [:], storeOwner: UInt32? = nil
) -> PosixACL? {
    let shown = ShownEntries(access: subject, below, memberships, storeOwner: storeOwner)
    guard !shown.named.isEmpty else { return nil }
    return PosixACL(user: shown.user, named: shown.named, other: shown.other)
}

/// The default ACL that a folder shows: who may read and write what is in it. Nil: none.
package func shownDefaultACL(_ subject: Subject, memberships: Memberships = [:]) -> PosixACL? {
    let shown = ShownEntries(defaults: subject, memberships)
    guard !shown.named.isEmpty else { return nil }
    return PosixACL(user: shown.user, named: shown.named)
}

/// The permission bits of a subject's mode. Those of the group are the mask of the ACL if it shows one, and else 0, so
/// that the kernel does not even ask for it.
package func shownMode(
    _ subject: Subject, below: [Principal] = [], memberships: Memberships = [:], storeOwner: UInt32? = nil
) -> UInt16 {
    let shown = ShownEntries(access: subject, below, memberships, storeOwner: storeOwner)
    let mask = shown.named.values.reduce(ACLEntry.Permissions()) { $0.union($1) }
    return shown.user.rawValue << 6 | mask.rawValue << 3 | shown.other.rawValue
}

/// Whom a subject shows as its owner: in a home its user; else the user who was granted `manage` nearest, the first of
/// several on one level; else the store's owner. An owner may use `setfacl`.
package func shownOwner(_ subject: Subject, storeOwner: UInt32) -> UInt32 {
    if case .home(let owner) = subject.realm { return owner }
    return manager(of: subject) ?? storeOwner
}

/// The user who was granted `manage` nearest; nil for none.
private func manager(of subject: Subject) -> UInt32? {
    guard subject.isShareable else { return nil }
    for grant in subject.levels.joined() where grant.rights.contains(.manage) {
        if case .user(let uid) = grant.principal { return uid }
    }
    return nil
}

/// The entries of a shown ACL.
struct ShownEntries {
    let user: ACLEntry.Permissions
    var named: [Principal: ACLEntry.Permissions] = [:]
    var other: ACLEntry.Permissions = []

    /// - Parameter storeOwner: shown as the owner where nobody was granted `manage`; nil if that is not known.
    init(access subject: Subject, _ below: [Principal], _ memberships: Memberships, storeOwner: UInt32? = nil) {
        user = subject.isFolder ? [.read, .write, .execute] : [.read, .write]
        guard subject.isShareable else {
            // The root: all see it (0705). `.users`: all pass (0701).
            if subject.realm == .tree, subject.kind == .root { other = [.read, .execute] }
            if subject.realm == .tree, subject.kind == .users { other = .execute }
            return
        }
        if subject.isFolder {
            // A way to something below is no more than `list` here.
            let ways = [below.map { Grant($0, .list) }]
            for (principal, rights) in grantedRights(subject.levels + ways, memberships) {
                named[principal] = rights.ofFolder
            }
        } else {
            for (principal, rights) in grantedRights(subject.levels, memberships) where !rights.ofItem.isEmpty {
                named[principal] = rights.ofItem
            }
            // The kernel goes by `user` for the owner, and programs such as ssh(1) take no key whose mode lets others read it: what was
            // granted to the owner alone shows no entry, and so no bits of the group.
            if named.count == 1, let owner = manager(of: subject) ?? storeOwner { named[.user(owner)] = nil }
        }
        if named.count > PosixACL.maximumNamed {
            // More than the kernel takes: let it pass everybody that somebody may, and leave it all to `decide`.
            other = named.values.reduce(other) { $0.union($1) }
            named = [:]
        }
    }

    init(defaults subject: Subject, _ memberships: Memberships) {
        user = [.read, .write, .execute]
        guard subject.isShareable, subject.isFolder else { return }
        for (principal, rights) in grantedRights(subject.levels, memberships) where !rights.ofItem.isEmpty {
            named[principal] = rights.ofItem
        }
        if named.count > PosixACL.maximumNamed { named = [:] }
    }
}

extension Rights {
    /// The permissions that these rights give on a folder: `manage` lets remove and rename what is in it, so the kernel must allow it.
    var ofFolder: ACLEntry.Permissions {
        isDisjoint(with: [.write, .manage]) ? [.read, .execute] : [.read, .write, .execute]
    }

    /// The permissions that these rights give on an item.
    var ofItem: ACLEntry.Permissions {
        var permissions: ACLEntry.Permissions = []
        if contains(.read) { permissions.insert(.read) }
        if contains(.write) { permissions.insert(.write) }
        return permissions
    }
}

/// All that each principal was granted on these levels, a user's groups included as far as they are known.
func grantedRights(_ levels: [[Grant]], _ memberships: Memberships) -> [Principal: Rights] {
    var granted: [Principal: Rights] = [:]
    for grant in levels.joined() where !grant.rights.isEmpty {
        granted[grant.principal, default: []].formUnion(grant.rights)
    }
    for case .user(let uid) in granted.keys {
        for group in memberships[uid] ?? [] {
            if let rights = granted[.group(group)] { granted[.user(uid), default: []].formUnion(rights) }
        }
    }
    return granted
}
