// SPDX-License-Identifier: MIT

/// The places that a job's processes may use: its secrets, those that `--env` and `--file` added, and the way to them.
package struct JobAccess: Sendable {
    private let secrets: Set<NodeID>
    private let items: Set<Inode>
    private let ways: Set<Inode>
    private let scopes: Set<Inode>

    /// The access of a job, given the folders that are its scopes, and the inodes above its secrets and above what was added to it.
    package init(_ selection: JobSelection, scopes: some Sequence<Inode>, above: some Sequence<Inode>) {
        self.scopes = Set(scopes)
        secrets = Set(selection.secrets.map(\.id))
        items = Set(selection.additions.map(\.item))
        ways = Set(above).union([.root])
    }

    /// Whether it is one of the job's secrets or in one, or was added to the job. `above` are the inodes on the way down to it,
    /// nearest first.
    ///
    /// A job has its secrets whole: also what a collision keeps out of its view. One that was moved out of its scopes is no longer its.
    package func covers(_ inode: Inode, above: [Inode]) -> Bool {
        if items.contains(inode) { return true }
        guard secrets.contains(inode.node) || above.contains(where: { secrets.contains($0.node) }) else { return false }
        return above.contains { scopes.contains($0) }
    }

    /// Whether it is on the way to something that the job covers.
    package func leads(through inode: Inode) -> Bool { ways.contains(inode) }

    /// Whether something in a folder that the job does not cover can be covered, or lead on. Of all else it is certain that neither is.
    package func mayHold(_ inode: Inode) -> Bool { ways.contains(inode) || items.contains(inode) || secrets.contains(inode.node) }
}

/// The standing of a job with a secret: all that decides whether it may use it, as of this moment.
package struct JobStanding: Sendable {
    /// The scope of the job, by the names that it has now.
    package let scope: JobScope
    /// The policy of the secret that the item is in.
    package let policy: AccessPolicy
    /// Whose that secret is.
    package let origin: JobOrigin
    /// Whether the one who started the job may use the item: what `decideUse` says; for a job that was started within another,
    /// what `decide` says about `read` in that one, if it still runs.
    package let starterMayUse: Bool

    package init(scope: JobScope, policy: AccessPolicy, origin: JobOrigin, starterMayUse: Bool) {
        self.scope = scope
        self.policy = policy
        self.origin = origin
        self.starterMayUse = starterMayUse
    }
}

/// Whether somebody may start jobs with something: whoever may `read` it, or `run` it. `groups` is asked as by `decide`.
package func decideUse<E: Error>(
    on subject: Subject, for caller: Identity, groups: () throws(E) -> [UInt32]
) throws(E) -> Decision {
    let reading = try decide(.read, on: subject, for: caller, groups: groups)
    return reading.allowed ? reading : try decide(.run, on: subject, for: caller, groups: groups)
}

/// Whether a process in a job may use a right on something in the tree. The user does not matter: inside, a process has the job's rights
/// and no others.
///
/// The right is exactly one; anything else is denied. `list` is allowed on what the job has and on what leads there. `read` is, on
/// what the job has, as long as the policy admits the job and its starter may use it. `run`, to start a job within, takes what
/// `read` takes. All else is denied. `above` are the inodes on the way down to the place, nearest first. `standing` is asked only
/// when it matters; what it throws is thrown on.
package func decide<E: Error>(
    _ right: Rights, on inode: Inode, above: [Inode], in job: JobAccess, _ mode: JobMode, standing: () throws(E) -> JobStanding
) throws(E) -> Decision {
    switch right {
    case .list, .read, .run: break
    default: return .deny(.insideJob)
    }
    let isCovered = job.covers(inode, above: above)
    if right == .list {
        return isCovered ? .allow(.ofJob) : job.leads(through: inode) ? .allow(.wayOfJob) : .deny(.notOfJob)
    }
    let now = try standing()
    let refusal = now.policy.refusal(of: now.scope, mode, from: now.origin)
    guard isCovered else {
        // It may be why the job does not have it.
        guard let refusal, case .project = refusal else { return .deny(.notOfJob) }
        return .deny(.policy(refusal))
    }
    if let refusal { return .deny(.policy(refusal)) }
    return now.starterMayUse ? .allow(.ofJob) : .deny(.starterMayNot)
}

/// Whether a caller may use a right on the view of a job (`.jobs/<id>`) and all that is in it. Only processes of that very job may,
/// and they may only look: opening one of its items takes `decide` on the item besides.
///
/// `inside` is the innermost job that the caller is in. Who it is does not matter: neither root nor the one who started the job sees
/// it from outside, nor does a job that was started within it.
package func decide(_ right: Rights, onViewOf job: JobID, inside: JobID?) -> Decision {
    guard inside == job else { return .deny(.outsideJob) }
    return right == .list || right == .read ? .allow(.ofJob) : .deny(.insideJob)
}

/// Whether a caller may attach to a job that `starter` started: only they, and not from within a job, whose processes have the
/// rights of that one and no others. `inside` is the job that the caller is in.
package func decideAttach(startedBy starter: UInt32, for caller: Identity, inside: JobID?) -> Decision {
    if caller.isUnknown { return .deny(.unknownCaller) }
    if inside != nil { return .deny(.insideJob) }
    return caller.uid == starter ? .allow(.starterOfJob) : .deny(.notStarter)
}

/// Whether a caller may end a job that `starter` started: they and the owner of the store, but not from within a job.
package func decideEnd(startedBy starter: UInt32, for caller: Identity, inside: JobID?) -> Decision {
    if caller.isUnknown { return .deny(.unknownCaller) }
    if inside != nil { return .deny(.insideJob) }
    if caller.ownsStore { return .allow(.ownerOfStore) }
    return caller.uid == starter ? .allow(.starterOfJob) : .deny(.notStarter)
}

/// Whether a caller may know of a job that `starter` started: they and the owner of the store; from within a job, of that one alone.
package func mayList(_ job: JobID, startedBy starter: UInt32, for caller: Identity, inside: JobID?) -> Bool {
    if let inside { return inside == job }
    return !caller.isUnknown && (caller.ownsStore || caller.uid == starter)
}
