// SPDX-License-Identifier: MIT

package import Linux
package import Secrets

/// Attaching a process to a job that runs.
extension Vault {
    /// Makes a process one of a job, with all that descends from it. Logged, refusals too. Throws `notFound`, `denied`, `busy`, and
    /// `exists` if the process is the root of a job already.
    package func attach(_ process: HeldProcess, to id: JobID, by caller: Caller) throws(VaultError) -> Job {
        guard let job = jobs.job(id), !job.isOver else { throw .notFound }
        let decision = decideAttach(startedBy: job.starter.uid, for: identity(of: caller), inside: caller.job?.job.id)
        try log(caller, job.reference, about: job, allowed: decision.allowed, reason: "\(decision.reason)")
        guard decision.allowed else { throw .denied(decision.reason) }
        do throws(VaultError) { try jobs.reserve(for: job.starter.uid) } catch {
            guard endAbandoned() else { throw error }
            try jobs.reserve(for: job.starter.uid)
        }
        do throws(VaultError) {
            try enclose { () throws(Errno) in
                try jobs.enclosures.add(process, JobLabel(job: job, mode: job.mode.union(.attached)))
            }
        } catch {
            jobs.release(1, of: job.starter.uid)
            throw error
        }
        let isIn = job.state.withLock { state in
            if !state.isOver { state.attached.append(process) }
            return !state.isOver
        }
        guard isIn else {
            jobs.enclosures.remove(process)
            jobs.release(1, of: job.starter.uid)
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
        if isIn { jobs.release(1, of: job.starter.uid) }
    }
}
