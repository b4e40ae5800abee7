// SPDX-License-Identifier: MIT

import ControlAPI
import Foundation
import Testing

@testable import tacit

@Suite struct JobTableTests {
    private func job(_ id: String, _ change: (inout JobReply) -> Void = { _ in }) -> JobReply {
        var job = JobReply(
            id: id, path: ".jobs/\(id)", project: "acme/web", debug: false, started: "2026-01-02T03:04:05.000000Z", uid: 0, pid: 42,
            cgroup: nil, attached: [], outer: nil, secrets: ["acme/web/db", "user/\u{1B}[2J"], opened: ["acme/web/db"], files: [],
            counts: JobReply.Counts(secrets: 2, opened: 1))
        change(&job)
        return job
    }

    @Test func `jobs are a table`() throws {
        let now = try #require(Age.microseconds("2026-01-02T03:04:47.000000Z"))
        let jobs = [
            job("0123456789abcdef"),
            job("fedcba9876543210") {
                ($0.debug, $0.attached, $0.project) = (true, [7], "acme/web@production")
            },
            job("0000000000000000") { ($0.pid, $0.cgroup) = (nil, "/agents") },
        ]
        #expect(
            JobTable.all(jobs, now: now) == """
                ID                PROJECT              USER  PID  SINCE  OPENED  MODE
                0123456789abcdef  acme/web             root  42   42s    1/2
                fedcba9876543210  acme/web@production  root  42   42s    1/2     debug,attached
                0000000000000000  acme/web             root  -    42s    1/2     cgroup

                """)
    }

    @Test func `a job has its secrets`() {
        let details = JobTable.details(job("0123456789abcdef") { ($0.outer, $0.attached) = ("fedcba9876543210", [7, 8]) })
        #expect(
            details == """
                id          0123456789abcdef
                project     acme/web
                user        root
                since       2026-01-02T03:04:05.000000Z
                pid         42
                started in  fedcba9876543210
                attached    7, 8
                view        .jobs/0123456789abcdef

                SECRET          OPENED
                acme/web/db     opened
                user/\\u{1b}[2J  -

                """)
    }

    @Test func `what is not told is counted`() {
        let long = job("0123456789abcdef") { $0.counts = JobReply.Counts(secrets: 5, opened: 4) }
        #expect(JobTable.all([long]).contains("  4/5"))
        #expect(JobTable.details(long).hasSuffix("\nand 3 more\n"))
    }

    @Test func `the status has the jobs besides`() throws {
        let status = StatusReply(
            release: "1", locked: false, key: .file, mountpoint: "/m", store: "/s", audit: "/a", started: "t", nodes: 1, versions: 2,
            damage: nil)
        let bytes = try DaemonAnswer(encoding: StatusWithJobs(status: status, jobs: [job("0123456789abcdef")])).bytes
        #expect(try JSONDecoder().decode(StatusReply.self, from: Data(bytes)) == status)
        #expect(try JSONDecoder().decode(JobsReply.self, from: Data(bytes)).jobs == [job("0123456789abcdef")])
    }
}
