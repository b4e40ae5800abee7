// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets
internal import Synchronization

/// The groups of users that grants name, as the group database has them, kept for a minute.
///
/// They only make the shown ACL let users pass whom a grant to their group admits (`Secrets.Memberships`); the decision is made by
/// the groups that the caller's thread has.
final class MembershipCache: Sendable {
    private static let lifetime: Int64 = 60_000_000
    private static let capacity = 4096

    private let kept = Mutex<[UInt32: (groups: Set<UInt32>, read: Int64)]>([:])

    func groups(of uid: UInt32) -> Set<UInt32> {
        let now = SystemClock.now()
        if let kept = kept.withLock({ $0[uid] }), now - kept.read < Self.lifetime, now >= kept.read { return kept.groups }
        let groups = Set(GroupDatabase.groups(of: uid))
        kept.withLock { kept in
            if kept.count >= Self.capacity { kept.removeAll() }
            kept[uid] = (groups, now)
        }
        return groups
    }
}

extension Vault {
    /// Asked only where grants name both users and groups: elsewhere the group database does not matter.
    func memberships(of subject: Subject) -> Memberships {
        var users: Set<UInt32> = []
        var hasGroups = false
        for grant in subject.levels.joined() {
            switch grant.principal {
            case .user(let uid): users.insert(uid)
            case .group: hasGroups = true
            }
        }
        guard hasGroups else { return [:] }
        var memberships: Memberships = [:]
        for uid in users { memberships[uid] = membershipCache.groups(of: uid) }
        return memberships
    }
}
