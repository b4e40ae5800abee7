// SPDX-License-Identifier: MIT

package import Linux
package import Secrets
internal import Sodium

/// An order for a job: what its starter asked for.
package struct JobOrder: Sendable {
    /// The scope of the job.
    package let scope: JobScope
    /// Names of secrets, as they were given; nil: all in its scopes.
    package let names: [[UInt8]]?
    /// The variables and files that it gets besides, in the order in which they were given.
    package let additions: [(path: JobPath, reference: Reference)]
    /// Whether it is a debug session.
    package let isDebug: Bool

    package init(scope: JobScope, names: [[UInt8]]?, additions: [(path: JobPath, reference: Reference)], isDebug: Bool) {
        self.scope = scope
        self.names = names
        self.additions = additions
        self.isDebug = isDebug
    }
}

/// Starting jobs.
extension Vault {
    /// Starts a job, and returns it with what its starter should know of: collisions, and secrets whose values have expired.
    ///
    /// Logged, refusals too. Throws `jobRefused` for what it can't have, `denied` about what has expired, `conflict` where two of its
    /// secrets that nobody has put in an order define the same, `notFound` where there is no such project or target that the caller may
    /// see, `exists` if a job is bound to the process or the control group already, `busy` where there are too many, `conflict` if it ended
    /// meanwhile, `notPermitted` for a control group that is not the caller's, and where it would be too deep in other jobs, and `denied`
    /// for a caller who binds one to a control group from inside a job, is in one that was ended, or is not known for certain.
    package func startJob(
        _ order: JobOrder, with anchor: Job.Anchor, by caller: Caller
    ) throws(VaultError) -> (job: Job, collisions: [JobCollision], expired: [(reference: Reference, since: Expiry)]) {
        if caller.job?.job.hasEnded == true {
            try log(caller, logged(order.scope.reference, of: caller), allowed: false, reason: "\(Reason.jobHasEnded)")
            throw .denied(.jobHasEnded)
        }
        try authorize(anchor, by: caller)
        if let outer = caller.job?.job, outer.depth >= Jobs.deepest {
            let problem = "there are \(Jobs.deepest) jobs in one another, and no more can be"
            try log(caller, logged(order.scope.reference, of: caller), allowed: false, reason: problem)
            throw .notPermitted(problem)
        }
        let mode = (order.isDebug ? JobMode.debug : .plain).nested(in: caller.job?.mode ?? .plain)
        let scopes = try scopes(of: order.scope, for: caller)
        guard let folder = scopes[.own] ?? scopes[.project], let organization = try place(Inode(folder)).scope else { throw .notFound }
        let selection: JobSelection
        do throws(VaultError) {
            selection = try self.selection(order, mode, scopes, organization, for: caller)
        } catch {
            guard case .jobRefused(let refused) = error else { throw error }
            for refusal in refused.refusals {
                try log(caller, logged(refusal.reference, of: caller), allowed: false, reason: "\(refusal.problem)")
            }
            throw error
        }
        let expired = try expired(in: selection, for: caller)
        // It sees what it is of, whatever it has there: or else no job of the same could be started in it.
        var above = Set(scopes.values.map { Inode($0) })
        for folder in scopes.values { above.formUnion(try place(Inode(folder)).above) }
        var sources = Set(selection.secrets.map(\.id))
        for secret in selection.secrets { above.formUnion(try place(Inode(secret.id)).above) }
        for item in selection.additions {
            above.formUnion(try place(item.item).above)
            sources.insert(item.item.node)
        }

        let groups: [UInt32]
        do { groups = try caller.groups() } catch { throw .unknownCaller(error) }
        let (id, serial) = try jobs.identity()
        let job = Job(
            id: id, serial: serial,
            starter: Job.Starter(identity: identity(of: caller), groups: groups), mode: mode,
            organization: organization, scopes: scopes, startScope: order.scope, selection: selection,
            access: JobAccess(selection, scopes: scopes.values.map { Inode($0) }, above: above), sources: sources,
            outer: caller.job?.job, anchor: anchor, started: SystemClock.now())
        let names = (selection.secrets.map(\.reference) + selection.additions.map(\.source)).map { logged($0, of: caller) }
        try enroll(job)
        let collisions: [JobCollision]
        do throws(VaultError) {
            // A fault is told at the start, so that nobody is surprised by it later.
            collisions = selection.collisions + (try view(of: job).view.collisions)
            if let problem = JobCollision.undecided(collisions) {
                try log(caller, logged(order.scope.reference, of: caller), allowed: false, reason: problem)
                throw .about(order.scope.reference, .conflict(problem))
            }
            try log(
                caller, logged(order.scope.reference, of: caller), about: job, allowed: true,
                reason: "started\(mode == .plain ? "" : ", \(mode)"): \(names.isEmpty ? "no secrets" : names.joined(separator: ", "))")
        } catch {
            _ = end(job)
            throw error
        }
        try begin(job)
        return (job, collisions, expired)
    }

    /// A reference as the log has it: the caller's own secrets by the number of their user.
    private func logged(_ reference: Reference, of caller: Caller) -> String {
        guard reference.components.first == TreeName.user else { return "\(reference)" }
        return "\(Reference(components: [TreeName.users, Array("\(caller.uid)".utf8)] + reference.components.dropFirst()))"
    }

    private func authorize(_ anchor: Job.Anchor, by caller: Caller) throws(VaultError) {
        guard case .cgroup(let cgroup) = anchor, !identity(of: caller).ownsStore else { return }
        guard caller.job == nil else {
            try log(caller, nil, allowed: false, reason: "\(Reason.insideJob)")
            throw .denied(.insideJob)
        }
        guard let owner = try? jobs.cgroups?.owner(of: cgroup), owner == caller.uid else {
            try log(caller, nil, allowed: false, reason: "the control group \(cgroup.path) is not the caller's")
            throw .notPermitted("the control group \(cgroup.path) is not yours: its folder must be owned by you")
        }
    }

    /// Bytes of the path of a job's control group: everybody who lists jobs is told it.
    private static let longestCgroup = 1024

    /// The control group of a path, as `/proc/<pid>/cgroup` has it or that of its folder. Throws `notPermitted` where there is none.
    package func cgroup(at path: String) throws(VaultError) -> Cgroup {
        guard let tree = jobs.cgroups else { throw .notPermitted("this machine has no control groups of version 2") }
        guard path.utf8.count <= Self.longestCgroup else {
            throw .notPermitted("the path of a job's control group has at most \(Self.longestCgroup) bytes")
        }
        do throws(Errno) { return try tree.cgroup(at: path) } catch {
            throw .notPermitted("\(path): no control group that a job can be bound to: \(error)")
        }
    }

    private func enroll(_ job: Job) throws(VaultError) {
        do throws(VaultError) { try jobs.add(job) } catch {
            // Where nobody has looked for them since, jobs whose control groups are gone are in the way.
            guard endAbandoned() else { throw error }
            try jobs.add(job)
        }
    }

    private func begin(_ job: Job) throws(VaultError) {
        let label = JobLabel(job: job, mode: job.mode)
        do throws(VaultError) {
            try enclose { () throws(Errno) in
                switch job.anchor {
                case .process(let root):
                    try jobs.enclosures.add(root, label)
                    try jobs.watch(root) { [weak self] in self?.tellEnd(job, "its process ended") }
                case .cgroup(let cgroup):
                    // One that was ended there gives way, not to somebody else whom its processes would be handed to.
                    let closed = try jobs.enclosures.add(cgroup, label) {
                        $0.job.hasEnded && (job.starter.identity.ownsStore || job.starter.uid == $0.job.starter.uid)
                    }
                    if let closed { _ = end(closed.job) }
                }
            }
        } catch {
            tellEnd(job, "it could not begin")
            throw error
        }
        guard job.isOver else { return }
        if jobs.closed.contains(where: { $0 === job }) { throw .conflict("the job was ended as it began") }
        let reason = job.outer?.isOver == true ? "the job that it was started in ended" : "its process ended"
        tellEnd(job, reason)
        throw .conflict("the job ended as it began: \(reason)")
    }

    /// Throws what the vault says of a process or a control group that can't be made an enclosure, or watched.
    func enclose(_ body: () throws(Errno) -> Void) throws(VaultError) {
        do throws(Errno) { try body() } catch .exists { throw .exists } catch .noSuchProcess { throw .denied(.unknownCaller) } catch {
            throw error.isShortage ? .exhausted(error, "the process can't be watched") : .busy("the process can't be watched: \(error)")
        }
    }
}
