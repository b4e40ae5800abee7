// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// How jobs end.
extension Vault {
    /// Ends a job, for who started it and is in none, and for the owner of the store. Logged, refusals too. Throws `notFound`, `denied`.
    ///
    /// Its processes are outside only when what it would have ended with is gone: they shall not have more by it, neither what their user
    /// has nor what the job around has.
    package func endJob(_ id: JobID, by caller: Caller) throws(VaultError) {
        guard let job = jobs.job(id) else { throw .notFound }
        let decision = decideEnd(startedBy: job.starter.uid, for: identity(of: caller), inside: caller.job?.job.id)
        try log(caller, job.reference, about: job, allowed: decision.allowed, reason: decision.allowed ? "ended" : "\(decision.reason)")
        guard decision.allowed else { throw .denied(decision.reason) }
        _ = close(job)
    }

    /// Ends the jobs whose control groups were removed, and forgets those that had been ended. Nobody can be in them. Returns whether
    /// there were any.
    @discardableResult
    func endAbandoned() -> Bool {
        var any = false
        for job in jobs.all + jobs.closed {
            guard case .cgroup(let cgroup) = job.anchor, jobs.cgroups?.has(cgroup) != true else { continue }
            tellEnd(job, "its control group was removed")
            any = true
        }
        return any
    }

    /// Ends a job, and says so in the log, where that can be written.
    func tellEnd(_ job: Job, _ reason: String) {
        guard end(job) else { return }
        logEnd(job, reason)
    }

    private func logEnd(_ job: Job, _ reason: String) {
        let root: Int32 = if case .process(let process) = job.anchor { process.id } else { 0 }
        let starter = Caller(uid: job.starter.uid, gid: job.starter.identity.gid, pid: root, comm: [], action: "end", groups: { [] })
        try? log(starter, job.reference, about: job, allowed: true, reason: reason)
    }

    private static let endOfOuter = "the job that it was started in ended"

    /// From now on nothing opens for who is in it, nor in those that were started in it. Returns false if it had ended.
    private func close(_ job: Job) -> Bool {
        guard jobs.close(job) else { return false }
        letGo(of: job)
        for inner in jobs.within(job) where close(inner) { logEnd(inner, Self.endOfOuter) }
        return true
    }

    /// Of what it holds, all that nobody needs any more who is still in it.
    private func letGo(of job: Job) {
        let files = job.state.withLock { state in
            state.isOver = true
            state.opened = []
            state.numbers = JobNumbers()
            defer { state.files = [:] }
            return state.files
        }
        // Wiped behind the lock.
        _ = files
        jobs.views.forget(job)
    }

    /// From now on nobody is in it, nor in those that were started in it. Returns false if it had ended.
    func end(_ job: Job) -> Bool {
        letGo(of: job)
        let attached = job.state.withLock { state in
            state.isGone = true
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
        let ran = jobs.remove(job)
        for inner in jobs.within(job) { tellEnd(inner, Self.endOfOuter) }
        // Each holds the one around it, whose room was given back.
        for inner in jobs.closed where inner.outer === job { _ = end(inner) }
        return ran
    }
}
