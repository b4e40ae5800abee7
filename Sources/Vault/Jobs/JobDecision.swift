// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// Decisions about a process inside a job: its job's rights and no others.
extension Vault {
    func decision(_ right: Rights, on place: Place, in job: Job, _ mode: JobMode) -> Decision {
        guard !job.hasEnded else { return Decision(allowed: false, reason: .jobHasEnded) }
        do throws(VaultError) {
            return try decide(right, on: place.inode, above: place.above, in: job.access, mode) { () throws(VaultError) in
                try standing(of: place, in: job, mode)
            }
        } catch {
            if case .exhausted(let error, _) = error { return Decision(allowed: false, reason: .shortage(error.rawValue)) }
            return Decision(allowed: false, reason: .notOfJob)
        }
    }

    /// Throws `notFound` if the project is gone, `corrupt` if the policy can't be read.
    private func standing(of place: Place, in job: Job, _ mode: JobMode) throws(VaultError) -> JobStanding {
        JobStanding(
            scope: try scope(of: job), policy: try place.readablePolicy(), origin: place.origin(for: job.organization),
            starterMayUse: starterMayUse(place, of: job, mode))
    }

    private func starterMayUse(_ place: Place, of job: Job, _ mode: JobMode) -> Bool {
        if let outer = job.outer { return !outer.isOver && decision(.read, on: place, in: outer, mode).allowed }
        return decideUse(on: place.subject, for: job.starter.identity) { job.starter.groups }.allowed
    }

    /// The scope of the job, by the names that it has now. Throws `notFound` if that is gone.
    package func scope(of job: Job) throws(VaultError) -> JobScope {
        if let home = job.scopes[.own] {
            _ = try place(Inode(home))
            return job.startScope
        }
        for level in [JobScope.Level.target, .project] {
            guard let folder = job.scopes[level] else { continue }
            let path: [[UInt8]]
            do throws(VaultError) { path = try place(Inode(folder)).path } catch {
                // A target that was removed: its job is still one of the project.
                guard case .notFound = error, level == .target else { throw error }
                continue
            }
            do { return try JobScope(Reference(components: path)) } catch { throw .notFound }
        }
        throw .notFound
    }
}

extension Job {
    func noteOpened(_ place: Place) {
        guard let secret = place.secret else { return }
        state.withLock { _ = $0.opened.insert(secret) }
    }
}
