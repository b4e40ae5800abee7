// SPDX-License-Identifier: MIT

import Secrets
import TestSupport

@testable import Linux
@testable import Vault

/// A store with jobs whose processes sleep.
final class JobSite {
    let safe: Safe
    private var children: [Child] = []

    init() throws {
        safe = try Safe()
        for path in ["acme", "acme/web", "acme/api"] { try safe.mkdir(path) }
        try safe.apply("acme/web/db", ["vars/A": "1", "vars/B": "2"])
        _ = try safe.vault.grant([.list, .read], to: .user(1001), on: safe.inode("acme/web"), by: safe.owner)
    }

    func process() throws -> HeldProcess {
        let child = try Command(["sleep", "60"]).start()
        children.append(child)
        return try HeldProcess.open(child.pid)
    }

    /// A user, in a job or in none.
    func caller(_ uid: UInt32 = 1001, in job: Job? = nil) -> Caller {
        guard let job, case .process(let root) = job.anchor else { return Safe.caller(uid) }
        let membership = JobMembership(Enclosure(label: JobLabel(job: job, mode: job.mode), line: [root]))
        return Caller(uid: uid, gid: uid, pid: root.id, comm: [], action: "test", job: membership, groups: { [] })
    }

    func start(in outer: Job? = nil, adding additions: [(path: JobPath, reference: Reference)] = []) throws -> Job {
        let order = JobOrder(scope: try JobScope(safe.reference("acme/web")), names: nil, additions: additions, isDebug: false)
        return try safe.vault.startJob(order, with: .process(try process()), by: caller(in: outer)).job
    }
}
