// SPDX-License-Identifier: MIT

import Foundation
import Secrets
import Testing

@testable import Linux
@testable import Vault

/// How many jobs there may be, of a user and in one another.
@Suite struct StartingJobsTests {
    private func isBusy(_ body: () throws -> Void) -> Bool { refusal(body) == "busy" }

    @Test func `jobs are in one another only so deep`() throws {
        let site = try JobSite()
        var jobs = [try site.start()]
        while jobs.count < Jobs.deepest { jobs.append(try site.start(in: jobs.last)) }
        #expect { try site.start(in: jobs.last) } throws: { if case VaultError.notPermitted = $0 { true } else { false } }
        #expect(try site.safe.holds("1", "acme/web/db/vars/A", for: site.caller(in: jobs.last)))
        // Beside each other there may be more.
        _ = try site.start(in: jobs.first)
        try site.safe.vault.endJob(jobs[0].id, by: site.safe.owner)
        #expect(site.safe.vault.jobs.all.isEmpty)
    }

    @Test func `a user has a quarter of the places`() throws {
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
    @Test func `what was added and is gone leaves its place empty`() throws {
        let site = try JobSite()
        let (safe, vault) = (site.safe, site.safe.vault)
        try safe.apply("acme/api/key", ["vars/ONE": "1", "vars/TWO": "2"])
        _ = try vault.grant([.list, .read], to: .user(1001), on: safe.inode("acme/api"), by: safe.owner)
        let added = try [("A", "ONE"), ("X", "TWO")].map {
            (path: JobPath.variable(Array($0.0.utf8)), reference: try safe.reference("acme/api/key/vars/\($0.1)"))
        }
        let job = try site.start(adding: added)
        let holds = { (text: String) in try vault.open(.env, of: job, for: site.caller(in: job)).holds(Array(text.utf8)) }
        #expect(try holds("A=1\nB=2\nX=2\n"))
        try safe.apply("acme/api/key", ["vars/ONE": nil])
        // Not that of the secret in its place.
        #expect(try holds("B=2\nX=2\n"))
        #expect(try vault.attributes(of: .env, in: job).size == 8)
        #expect(try vault.list(.vars, of: job, after: 0, for: site.caller(in: job)).map(\.name) == [Array("B".utf8), Array("X".utf8)])
        try safe.unlink("acme/api/key/vars/TWO")
        #expect(try holds("B=2\n"))
    }

    /// The kernel does not ask to open what it may not look at.
    @Test func `a look from outside is in the log`() throws {
        let site = try JobSite()
        let job = try site.start()
        let lines = site.safe.auditLines.count
        try site.safe.vault.authorizeLook(at: .variable(Array("A".utf8)), of: job, for: site.caller(in: job))
        #expect(site.safe.auditLines.count == lines)
        for caller in [site.caller(), site.safe.owner, site.caller(in: try site.start())] {
            #expect { try site.safe.vault.authorizeLook(at: .variable(Array("A".utf8)), of: job, for: caller) } throws: {
                if case VaultError.denied(.outsideJob, _) = $0 { true } else { false }
            }
            let line = try #require(site.safe.auditLines.last)
            #expect(line.contains("\"deny\"") && line.contains(".jobs/\(job.id)/vars/A"))
        }
    }

    @Test func `what is found is forgotten with the job`() throws {
        let site = try JobSite()
        let job = try site.start()
        let vault = site.safe.vault
        func kept() -> JobView? { vault.jobs.views.view(of: job, asOf: vault.caches.nodes.count, vault.caches.nodes)?.view }
        #expect(try vault.view(of: job).view.variables.count == 2)
        #expect(kept() != nil)
        try vault.endJob(job.id, by: site.caller())
        #expect(kept() == nil)
        // Also by who has looked meanwhile.
        _ = try vault.view(of: job)
        #expect(kept() == nil)
    }

    @Test func `who is refused leaves nothing`() throws {
        let site = try JobSite()
        let vault = site.safe.vault
        let root = try site.process()
        let order = JobOrder(scope: try JobScope(site.safe.reference("acme/web")), names: nil, additions: [], isDebug: false)
        let job = try vault.startJob(order, with: .process(root), by: site.caller()).job
        #expect(throws: VaultError.self) { try vault.startJob(order, with: .process(root), by: site.caller()) }
        #expect(vault.jobs.views.countOfJobs == 1)
        try vault.endJob(job.id, by: site.caller())
        #expect(vault.jobs.views.countOfJobs == 0)
    }

    /// What others change is none of a job's business; what changes in its secrets is there at the next look.
    @Test func `only its own changes are read`() throws {
        let site = try JobSite()
        let vault = site.safe.vault
        let job = try site.start()
        func kept() -> JobView? { vault.jobs.views.view(of: job, asOf: vault.caches.nodes.count, vault.caches.nodes)?.view }
        func names() throws -> [String] {
            try vault.view(of: job).view.variables.map { String(decoding: $0.path.components[1], as: UTF8.self) }
        }
        try site.safe.apply("acme/api/other", ["vars/X": "1"])
        try site.safe.apply("acme/web/late", ["vars/LATE": "1"])
        #expect(kept() != nil)
        try site.safe.apply("acme/web/db", ["vars/C": "3"])
        #expect(kept() == nil)
        #expect(try names() == ["A", "B", "C"])
        #expect(kept() != nil)
        _ = try vault.rename(
            Array("A".utf8), in: site.safe.inode("acme/web/db/vars"), to: Array("Z".utf8),
            in: site.safe.inode("acme/web/db/vars"), replace: false, by: site.safe.owner)
        #expect(try names() == ["B", "C", "Z"])
        try site.safe.apply("acme/web/db", ["files/a/b/c": "3"])
        #expect(try vault.view(of: job).view.names(in: [Array("a".utf8), Array("b".utf8)])?.count == 1)
        _ = try vault.remove(site.safe.reference("acme/web/db/files/a/b/c"), purge: false, by: site.safe.owner)
        #expect(try vault.view(of: job).view.files.isEmpty)
        _ = try vault.remove(site.safe.reference("acme/web/db"), purge: false, by: site.safe.owner)
        #expect(try names() == [])
    }

    /// A tower of folders takes no more than its names do.
    @Test func `deep files are refused`() throws {
        let site = try JobSite()
        let item = try site.safe.reference("acme/web/db/vars/A")
        let deep = Array(repeating: Array("a".utf8), count: JobPath.maximumDepth)
        let long = Array(repeating: Array(repeating: UInt8(ascii: "a"), count: 255), count: 17)
        let job = try site.start(adding: [(.file(deep), item), (.file(Array(long.dropFirst())), item)])
        #expect(try vault(site).view(of: job).view.files.count == 2)
        for path in [deep + [Array("a".utf8)], long, Array(repeating: [UInt8(ascii: "a")], count: 100_000)] {
            #expect(throws: VaultError.self) { try site.start(adding: [(.file(path), item)]) }
            #expect(
                refusal { try vault(site).putFile(try Safe.buffer("x"), at: path, share: 0, by: site.caller(in: job)) } == "invalidName")
        }
    }

    private func vault(_ site: JobSite) -> Vault { site.safe.vault }

    @Test func `an environment has a limit`() throws {
        let site = try JobSite()
        let value = String(repeating: "v", count: 900_000)
        try site.safe.apply("acme/web/db", ["vars/A": value])
        let item = try site.safe.reference("acme/web/db/vars/A")
        let many = (0..<40).map { number in (path: JobPath.variable(Array("N\(number)".utf8)), reference: item) }
        let job = try site.start(adding: many)
        #expect(refusal { _ = try vault(site).open(.env, of: job, for: site.caller(in: job)) } == "tooLarge")
    }

    /// Between the look at what there is and the open of it something may be removed: then it is not there, and the rest is.
    @Test func `what is removed meanwhile is not there`() throws {
        let site = try JobSite()
        let vault = site.safe.vault
        let job = try site.start()
        // What was looked at before stays what is looked at.
        vault.jobs.views.keep(try vault.view(of: job), of: job, asOf: .max)
        _ = try vault.remove(site.safe.reference("acme/web/db/vars/A"), purge: true, by: site.safe.owner)
        let caller = site.caller(in: job)
        #expect(try vault.view(of: job).view.variables.count == 2)
        #expect(try vault.jobItems(all: true, for: caller).items.map(\.name) == [Array("vars/B".utf8)])
        #expect(try vault.open(.env, of: job, for: caller).withBytes { $0.byteCount } == 4)
        #expect(try vault.attributes(of: .env, in: job).size == 4)
        #expect(refusal { _ = try vault.open(.variable(Array("A".utf8)), of: job, for: caller) } == "notFound")
    }
}
