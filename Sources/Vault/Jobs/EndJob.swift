package import Linux
package import Secrets

/// Joining jobs that run, listing them, and how they end.
extension Vault {
    /// Makes a process one of a job, with all that descends from it. Logged, refusals too. Throws `notFound`, `denied`, `busy`, and
    /// `exists` if the process is the root of a job already.
    package func attach(_ process: HeldProcess, to id: JobID, by actor: Actor) throws(VaultError) -> Job {
        guard let job = jobs.job(id), !job.isOver else { throw .notFound }
        let decision = decideAttach(startedBy: job.starter.uid, for: caller(actor), inside: actor.job?.job.id)
        try log(actor, job.reference, about: job, allowed: decision.allowed, reason: "\(decision.reason)")
        guard decision.allowed else { throw .denied(decision.reason) }
        try jobs.attach(for: job.starter.uid)
        do throws(VaultError) {
            try enclose { () throws(Errno) in
                try jobs.enclosures.add(process, JobLabel(job: job, mode: job.mode.union(.attached)))
            }
        } catch {
            jobs.detach(1, of: job.starter.uid)
            throw error
        }
        let isIn = job.state.withLock { state in
            if !state.isOver { state.attached.append(process) }
            return !state.isOver
        }
        guard isIn else {
            jobs.enclosures.remove(process)
            jobs.detach(1, of: job.starter.uid)
            throw .notFound
        }
        do throws(VaultError) {
            try enclose { () throws(Errno) in try jobs.watch(process) { [weak self] in self?.detach(process, from: job) } }
        } catch {
            detach(process, from: job)
            throw error
        }
        return job
    }

    private func detach(_ process: HeldProcess, from job: Job) {
        jobs.enclosures.remove(process)
        let isIn = job.state.withLock { state in
            guard let index = state.attached.firstIndex(where: { $0 === process }) else { return false }
            state.attached.remove(at: index)
            return true
        }
        if isIn { jobs.detach(1, of: job.starter.uid) }
    }

    /// Ends a job, for who started it and is in none, and for the owner of the store. Logged, refusals too. Throws `notFound`, `denied`.
    package func endJob(_ id: JobID, by actor: Actor) throws(VaultError) {
        guard let job = jobs.job(id) else { throw .notFound }
        let decision = decideEnd(startedBy: job.starter.uid, for: caller(actor), inside: actor.job?.job.id)
        try log(actor, job.reference, about: job, allowed: decision.allowed, reason: decision.allowed ? "ended" : "\(decision.reason)")
        guard decision.allowed else { throw .denied(decision.reason) }
        _ = end(job)
    }

    /// The jobs that run and that the actor may know of, the oldest first.
    package func jobs(for actor: Actor) -> [Job] {
        endAbandoned()
        return jobs.all.filter { mayList($0.id, startedBy: $0.starter.uid, for: caller(actor), inside: actor.job?.job.id) }
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
        jobs.detach(attached.count, of: job.starter.uid)
        for process in attached {
            if jobs.enclosures.remove(process, where: { $0.job === job }) { jobs.forget(process) }
        }
        jobs.views.forget(job)
        guard jobs.remove(job) else { return false }
        for inner in jobs.within(job) { tellEnd(inner, "the job that it was started in ended") }
        return true
    }
}
