// SPDX-License-Identifier: MIT

import Bytes
import Foundation
import Secrets
import Sodium
import Testing

@testable import Linux
@testable import Vault

/// Files that a job brings along: what is logged of one is what becomes of it.
@Suite struct JobFileTests {
    /// The word of the refusal; nil if the file is put.
    private func put(_ path: String, _ job: Job, _ site: JobSite) -> String? { put(path, site.safe.vault, site.caller(in: job)) }

    private func put(_ path: String, _ vault: Vault, _ caller: Caller) -> String? {
        refusal {
            let names = path.split(separator: "/").map { Array($0.utf8) }
            try vault.putFile(try Safe.buffer("x"), at: names, share: 0, by: caller)
        }
    }

    /// What becomes of files that are put at once, in any order.
    private func putAtOnce(_ paths: [String], _ job: Job, _ site: JobSite) -> [String] {
        let outcomes = Guarded<[String]>([])
        let (vault, caller) = (site.safe.vault, site.caller(in: job))
        DispatchQueue.concurrentPerform(iterations: paths.count) { number in
            let outcome = put(paths[number], vault, caller)
            outcomes.withLock { $0.append(outcome ?? "put") }
        }
        return outcomes.withLock { $0.sorted() }
    }

    /// Verdict and reason of each line of the log about a file of the job.
    private func lines(_ path: String, _ job: Job, _ site: JobSite) throws -> [String] {
        try site.safe.auditLines.compactMap { line in
            let fields = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            guard fields["ref"] as? String == ".jobs/\(job.id)/files/\(path)" else { return nil }
            return "\(fields["verdict"] ?? "") \(fields["reason"] ?? "")"
        }
    }

    @Test func `a refused file is logged as refused`() throws {
        let site = try JobSite()
        try site.safe.apply("acme/web/db", ["files/theirs": "x", "files/folder/theirs": "x"])
        let job = try site.start()
        #expect(put("a/b", job, site) == nil)
        #expect(try lines("a/b", job, site) == ["allow given to the job"])
        for path in ["a", "a/b/c", "theirs", "theirs/x", "folder"] {
            #expect(put(path, job, site) == "exists")
            #expect(try lines(path, job, site) == ["deny the name is taken"], "\(path)")
        }
        #expect(put("a/b", job, site) == "exists")
        #expect(try lines("a/b", job, site) == ["allow given to the job", "deny the name is taken"])
        #expect(put("folder/ours", job, site) == nil)
    }

    @Test func `only what the job was given is overwritten`() throws {
        let site = try JobSite()
        try site.safe.apply("acme/web/db", ["files/theirs": "x"])
        let job = try site.start()
        let put = { (path: String, value: String) in
            refusal {
                let names = path.split(separator: "/").map { Array($0.utf8) }
                let caller = site.caller(in: job)
                try site.safe.vault.putFile(try Safe.buffer(value), at: names, overwrite: true, share: 0, by: caller)
            }
        }
        #expect(put("a/b", "first") == nil && put("a/b", "second") == nil)
        let names = ["a", "b"].map { Array($0.utf8) }
        let value = try site.safe.vault.open(.below(names), of: job, for: site.caller(in: job))
        #expect(value.withBytes { $0.publicBytes(0..<$0.byteCount) } == Array("second".utf8))
        let told = try lines("a/b", job, site)
        #expect(told.count { $0 == "allow given to the job" } == 3, "\(told)")
        for path in ["a", "a/b/c", "theirs", "theirs/x"] { #expect(put(path, "x") == "exists", "\(path)") }
    }

    @Test func `of two at once one is put`() throws {
        let site = try JobSite()
        let job = try site.start()
        for round in 0..<20 {
            #expect(putAtOnce(Array(repeating: "\(round)", count: 4), job, site) == ["exists", "exists", "exists", "put"])
            #expect(try lines("\(round)", job, site) == ["allow given to the job"] + Array(repeating: "deny the name is taken", count: 3))
        }
    }

    @Test func `there are only so many`() throws {
        let site = try JobSite()
        let job = try site.start()
        let file = JobFile(value: SecretBox(try Safe.buffer("x").finished()), created: 0, share: 0)
        job.state.withLock { state in
            for number in 1..<Vault.mostFiles { state.files[[Array("f".utf8), Array("\(number)".utf8)]] = file }
        }
        let paths = (0..<4).map { "more/\($0)" }
        #expect(putAtOnce(paths, job, site) == ["notPermitted", "notPermitted", "notPermitted", "put"])
        #expect(job.state.withLock { $0.files.count } == Vault.mostFiles)
        let told = try paths.flatMap { try lines($0, job, site) }
        #expect(told.sorted() == ["allow given to the job"] + Array(repeating: "deny too many files", count: 3))
    }
}
