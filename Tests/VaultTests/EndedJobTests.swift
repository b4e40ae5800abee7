// SPDX-License-Identifier: MIT

import Glibc
import Secrets
import TestSupport
import Testing

@testable import Linux
@testable import Vault

/// A job that was ended while its processes go on: they stay inside, and nothing opens for them.
@Suite struct EndedJobTests {
    /// Whether the newest line of the audit log is a refusal for this reason.
    private func isRefused(_ site: JobSite, _ reason: Reason) -> Bool {
        site.safe.auditLines.last.map { $0.contains("\"deny\"") && $0.contains("\"\(reason)\"") } ?? false
    }

    private func root(_ job: Job) throws -> HeldProcess {
        guard case .process(let root) = job.anchor else { throw Trouble("it has no root") }
        return root
    }

    @Test func `nothing opens for who is in it`() throws {
        let site = try JobSite()
        let (safe, vault) = (site.safe, site.safe.vault)
        try safe.apply("acme/web/other", ["vars/C": "1"])
        let job = try site.start()
        let inner = try site.start(in: job)
        let shell = try vault.attach(site.process(), to: job.id, by: site.caller())
        #expect(shell === job && job.attached.count == 1)
        try vault.endJob(job.id, by: safe.owner)
        for ended in [job, inner] {
            let caller = site.caller(in: ended)
            for path in ["acme/web/db/vars/A", "acme/web/other/vars/C"] {
                #expect(try safe.holds("1", path, for: site.caller()))
                #expect(refusal { _ = try vault.open(safe.inode(path), .read, for: caller) } == "denied")
                #expect(isRefused(site, .jobHasEnded), "\(path)")
            }
            #expect(try safe.names(in: "", for: caller).isEmpty)
            #expect(refusal { _ = try vault.jobItems(all: true, for: caller) } == "denied")
            #expect(isRefused(site, .jobHasEnded))
            #expect(refusal { try vault.putFile(try Safe.buffer("x"), at: [Array("f".utf8)], share: 0, by: caller) } == "denied")
            #expect(isRefused(site, .jobHasEnded))
            #expect(refusal { _ = try site.start(in: ended) } == "denied")
            #expect(isRefused(site, .jobHasEnded))
            // Its processes are in it, and of it is nothing there.
            #expect(try vault.jobs.enclosures.innermost(try root(ended))?.label.job === ended)
            #expect(vault.job(ended.id.bytes) == nil)
            #expect(refusal { try vault.endJob(ended.id, by: safe.owner) } == "notFound")
            #expect(refusal { _ = try vault.attach(site.process(), to: ended.id, by: site.caller()) } == "notFound")
        }
        #expect(try vault.jobs.enclosures.innermost(#require(job.attached.first))?.label.job === job)
        #expect(vault.jobs(for: safe.owner).isEmpty)
    }

    /// The inner one goes with the one around it, which it holds.
    @Test func `they are outside when its process has ended`() throws {
        let site = try JobSite()
        let vault = site.safe.vault
        let job = try site.start()
        let inner = try site.start(in: job)
        _ = try vault.attach(site.process(), to: job.id, by: site.caller())
        try vault.endJob(inner.id, by: site.caller())
        #expect(try vault.jobs.enclosures.innermost(try root(inner))?.label.job === inner)
        #expect(vault.jobs(for: site.caller()).map(\.id) == [job.id])
        try vault.endJob(job.id, by: site.caller())
        #expect(vault.jobs.closed.count == 2)
        let lines = site.safe.auditLines.count
        #expect(try kill(root(job).id, SIGKILL) == 0)
        try Wait.until("the job to be gone") { vault.jobs.enclosures.isEmpty && vault.jobs.closed.isEmpty }
        #expect(!(try root(inner)).hasEnded)
        // It had ended before.
        #expect(site.safe.auditLines.count == lines)
    }

    @Test func `what it held is let go and its place is not`() throws {
        let site = try JobSite()
        let vault = site.safe.vault
        let (first, second, third) = (try site.start(), try site.start(), try site.start())
        final class Share: Sendable {}
        weak var share: Share?
        do {
            let made = Share()
            share = made
            try vault.putFile(try Safe.buffer("x"), at: [Array("f".utf8)], share: made, by: site.caller(in: first))
        }
        #expect(share != nil)
        try vault.endJob(first.id, by: site.caller())
        #expect(share == nil)

        let jobs = Jobs(descriptors: 32)
        #expect(jobs.mostOfUser == 2)
        try jobs.add(first)
        #expect(jobs.close(first) && !jobs.close(first))
        try jobs.add(second)
        #expect(refusal { try jobs.add(third) } == "busy")
        #expect(!jobs.remove(first) && !jobs.remove(first))
        try jobs.add(third)
        #expect(refusal { try jobs.add(first) } == "busy")
    }

    @Test func `what is asked from outside of any job is in the log`() throws {
        let site = try JobSite()
        let vault = site.safe.vault
        #expect(refusal { _ = try vault.jobItems(all: false, for: site.caller()) } == "denied")
        #expect(isRefused(site, .notInJob) && site.safe.auditLines.last?.contains("\"job\"") == true)
        #expect(
            refusal { try vault.putFile(try Safe.buffer("x"), at: [Array("a".utf8), Array("b".utf8)], share: 0, by: site.caller()) }
                == "denied")
        #expect(isRefused(site, .notInJob) && site.safe.auditLines.last?.contains("\"job/files/a/b\"") == true)
    }
}
