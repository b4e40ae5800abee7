internal import Linux
package import Secrets

/// How jobs end.
extension Vault {
    /// Ends a job, for who started it and is in none, and for the owner of the store. Logged, refusals too. Throws `notFound`, `denied`.
    package func endJob(_ id: JobID, by actor: Actor) throws(VaultError) {
        guard let job = jobs.job(id) else { throw .notFound }
        let decision = decideEnd(startedBy: job.starter.uid, for: caller(actor), inside: actor.job?.job.id)
        try log(actor, job.reference, about: job, allowed: decision.allowed, reason: decision.allowed ? "ended" : "\(decision.reason)")
        guard decision.allowed else { throw .denied(decision.reason) }
        _ = end(job)
    }

    /// Ends the jobs whose control groups were removed. Nobody can be in them. Returns whether there were any.
    @discardableResult
    func endAbandoned() -> Bool {
        var any = false
        for job in jobs.all {
            guard case .cgroup(let cgroup) = job.anchor, jobs.cgroups?.has(cgroup) != true else { continue }
            tellEnd(job, "its control group was removed")
            any = true
        }
        return any
    }

    /// Ends a job, and says so in the log, where that can be written.
    func tellEnd(_ job: Job, _ reason: String) {
        guard end(job) else { return }
        let root: Int32 = if case .process(let process) = job.anchor { process.id } else { 0 }
        let starter = Actor(uid: job.starter.uid, gid: job.starter.gid, pid: root, comm: [], action: "end", groups: { [] })
        try? log(starter, job.reference, about: job, allowed: true, reason: reason)
    }

    /// From now on nobody is in it, nor in those that were started in it. Returns false if it had ended.
    private func end(_ job: Job) -> Bool {
        let attached = job.state.withLock { state in
            state.isOver = true
            state.files = [:]
            defer { state.attached = [] }
            return state.attached
        }
        switch job.anchor {
        case .process(let root):
            // One that could not begin leaves the job alone whose root the process is.
            if jobs.enclosures.remove(root, where: { $0.job === job }) { jobs.forget(root) }
        case .cgroup(let cgroup):
            jobs.enclosures.remove(cgroup) { $0.job === job }
        }
        jobs.release(attached.count, of: job.starter.uid)
        for process in attached {
            if jobs.enclosures.remove(process, where: { $0.job === job }) { jobs.forget(process) }
        }
        jobs.views.forget(job)
        guard jobs.remove(job) else { return false }
        for inner in jobs.within(job) { tellEnd(inner, "the job that it was started in ended") }
        return true
    }
}
