import Foundation
import Secrets
import Testing

@testable import Linux
@testable import Vault

/// How many jobs there may be, of a user and in one another.
@Suite struct StartingJobsTests {
    private func isBusy(_ body: () throws -> Void) -> Bool {
        do { try body() } catch VaultError.busy { return true } catch { return false }
        return false
    }

    @Test func jobsAreInOneAnotherOnlySoDeep() throws {
        let site = try JobSite()
        var jobs = [try site.start()]
        while jobs.count < Jobs.deepest { jobs.append(try site.start(in: jobs.last)) }
        #expect { try site.start(in: jobs.last) } throws: { if case VaultError.notPermitted = $0 { true } else { false } }
        #expect(try site.safe.holds("1", "acme/web/db/vars/A", for: site.actor(in: jobs.last)))
        // Beside each other there may be more.
        _ = try site.start(in: jobs.first)
        try site.safe.vault.endJob(jobs[0].id, by: site.safe.owner)
        #expect(site.safe.vault.jobs.all.isEmpty)
    }

    @Test func aUserHasAQuarterOfThePlaces() throws {
        let site = try JobSite()
        let (first, second, third) = (try site.start(), try site.start(), try site.start())
        let jobs = Jobs(descriptors: 32)
        #expect(jobs.most == 8 && jobs.mostOfUser == 2)
        try jobs.add(first)
        try jobs.reserve(for: 1001)
        #expect(isBusy { try jobs.add(second) })
        #expect(isBusy { try jobs.reserve(for: 1001) })
        jobs.release(1, of: 1001)
        try jobs.add(second)
        #expect(isBusy { try jobs.add(third) })
        for uid in UInt32(1)...3 { for _ in 0..<2 { try jobs.reserve(for: uid) } }
        #expect(isBusy { try jobs.reserve(for: 4) })
        #expect(jobs.remove(first) && !jobs.remove(first))
        try jobs.reserve(for: 4)
        // The daemon that may have no files open has no jobs.
        #expect(isBusy { try Jobs(descriptors: 0).add(third) })
    }

    /// Else nothing of `env` could be read any more.
    @Test func whatWasAddedAndIsGoneLeavesItsPlaceEmpty() throws {
        let site = try JobSite()
        let (safe, vault) = (site.safe, site.safe.vault)
        try safe.apply("acme/api/key", ["vars/ONE": "1", "vars/TWO": "2"])
        _ = try vault.grant([.list, .read], to: .user(1001), on: safe.inode("acme/api"), by: safe.owner)
        let added = try [("A", "ONE"), ("X", "TWO")].map {
            (path: JobPath.variable(Array($0.0.utf8)), reference: try safe.reference("acme/api/key/vars/\($0.1)"))
        }
        let job = try site.start(adding: added)
        let holds = { (text: String) in try vault.open(.env, of: job, for: site.actor(in: job)).holds(Array(text.utf8)) }
        #expect(try holds("A=1\nB=2\nX=2\n"))
        try safe.apply("acme/api/key", ["vars/ONE": nil])
        // Not that of the secret in its place.
        #expect(try holds("B=2\nX=2\n"))
        #expect(try vault.attributes(of: .env, in: job).size == 8)
        #expect(try vault.list(.vars, of: job, after: 0, for: site.actor(in: job)).map(\.name) == [Array("B".utf8), Array("X".utf8)])
        try safe.unlink("acme/api/key/vars/TWO")
        #expect(try holds("B=2\n"))
    }

    /// The kernel does not ask to open what it may not look at.
    @Test func aLookFromOutsideIsInTheLog() throws {
        let site = try JobSite()
        let job = try site.start()
        let lines = site.safe.auditLines.count
        try site.safe.vault.authorizeLook(at: .variable(Array("A".utf8)), of: job, for: site.actor(in: job))
        #expect(site.safe.auditLines.count == lines)
        for actor in [site.actor(), site.safe.owner, site.actor(in: try site.start())] {
            #expect { try site.safe.vault.authorizeLook(at: .variable(Array("A".utf8)), of: job, for: actor) } throws: {
                if case VaultError.denied(.outsideJob) = $0 { true } else { false }
            }
            let line = try #require(site.safe.auditLines.last)
            #expect(line.contains("\"deny\"") && line.contains(".jobs/\(job.id)/vars/A"))
        }
    }

    @Test func whatIsFoundIsForgottenWithTheJob() throws {
        let site = try JobSite()
        let job = try site.start()
        let (vault, generation) = (site.safe.vault, site.safe.vault.places.generation)
        #expect(try vault.view(of: job).view.variables.count == 2)
        #expect(vault.jobs.views.view(of: job, as: generation) != nil)
        #expect(vault.jobs.views.view(of: job, as: generation + 1) == nil)
        try vault.endJob(job.id, by: site.actor())
        #expect(vault.jobs.views.view(of: job, as: generation) == nil)
        // Also by who has looked meanwhile.
        _ = try vault.view(of: job)
        #expect(vault.jobs.views.view(of: job, as: generation) == nil)
    }
}
