// SPDX-License-Identifier: MIT

/// The exposure of a place: the principals who can read what is in it by their grants, and the jobs that its policy admits, until
/// when.
///
/// Something that is moved keeps the grants on itself, and comes under those of another folder. A caller who moves something that they
/// may not read must not make it readable, to themselves or to anybody else: its new place may be exposed no wider than the old one.
package struct Exposure: Sendable {
    /// Those who hold `read`, and those who hold `manage`: they could give it to themselves.
    private let readers: Set<Principal>
    /// These, and those who hold `run`.
    private let users: Set<Principal>
    /// The secret's policy; nil if it can't be read, or is not known: then it may allow nothing.
    private let policy: AccessPolicy?
    /// The dates of the policy, which may be known where the rest of it is not.
    private let dates: PolicyDates

    /// - Parameters:
    ///   - levels: the grants that count in the place, as in a `Subject`.
    ///   - dates: those of the policy, if the policy itself is not known.
    package init(_ levels: some Sequence<[Grant]>, policy: AccessPolicy?, dates: PolicyDates = .none) {
        let grants = levels.joined()
        readers = Set(grants.lazy.filter { !$0.rights.isDisjoint(with: [.read, .manage]) }.map(\.principal))
        users = Set(grants.lazy.filter { !$0.rights.isDisjoint(with: [.read, .run, .manage]) }.map(\.principal))
        self.policy = policy
        self.dates = policy?.dates ?? dates
    }

    /// Whether a principal that may not read it there, or use it in a job, may here; or may in more jobs than there, or for longer.
    ///
    /// Principals are compared and not people: who is in which group is not known for certain. One who holds a right by a group there and
    /// by themselves here is taken for somebody else, so that this errs to the safe side.
    package func isWider(than other: Exposure) -> Bool {
        if !readers.isSubset(of: other.readers) || !users.isSubset(of: other.users) { return true }
        guard let policy else { return false }
        // Also where nobody may read it yet: the one who lets them later does not know that it had expired.
        if !dates.serveNoMore(than: other.dates) { return true }
        guard !users.isEmpty else { return false }
        // Not known: a user who may read it needs no job.
        guard let narrower = other.policy else { return !users.isSubset(of: readers) }
        return !policy.allowsNoMore(than: narrower)
    }
}

extension AccessPolicy {
    /// Whether all that it lets jobs do the other one does too, and for no longer.
    package func allowsNoMore(than other: AccessPolicy) -> Bool {
        let isWithin =
            switch (projects, other.projects) {
            case (.none, _), (_, .all): true
            case (.only(let names), .only(let others)): names.isSubset(of: others)
            case (.all, _), (.only, .none): false
            }
        return isWithin && (!debug || other.debug) && (!attach || other.attach) && dates.serveNoMore(than: other.dates)
    }
}
