// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// What a job is told of what it may not have, by `tacit why`; and of what is there to be asked about.
@Suite struct JobReasonTests {
    @Test func `why says what keeps something from a job`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            /// The line about a right of an item, asked for by alice in a job or, without one, outside.
            func why(_ path: String, _ job: String...) throws -> String {
                let words = job.isEmpty ? [] : ["run"] + job + ["--", "tacit"]
                let outcome = try mount.command(["env", "HOME=\(world.home)", "tacit"] + words + ["why", path], as: alice).run()
                return outcome.lines.first { $0.hasPrefix("read") }?.split(separator: " ").dropFirst().joined(separator: " ")
                    ?? outcome.complaint.components(separatedBy: "\n").first { !$0.contains(" hides ") } ?? ""
            }
            try expect(why("acme/@org/aws/vars/AWS", "-p", "acme/api"), "no its policy does not admit project \"api\"")
            try expect(why("acme/web/more/vars/MORE", "-p", "acme/web", "-s", "db"), "no not given to the job")
            try expect(why("acme/web/db/vars/DB", "-p", "acme/web", "-s", "db"), "yes given to the job")
            try expect(why("job/vars/DB", "-p", "acme/web", "-s", "db"), "yes given to the job")
            try expect(why("job/vars/NONE", "-p", "acme/web", "-s", "db"), "tacit: job/vars/NONE: the job has no such item")
            try expect(why("job/vars/DB"), "tacit: job: the caller is in no job")
            // What they may not see outside is not there inside.
            try expect(why("acme/vault/key", "-p", "acme/web", "-s", "db"), "tacit: acme/vault: no such project")
        }
    }

    @Test func `who is outside is told so`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let job = try world.job("-p", "acme/web", "-s", "db")
            for caller in [alice, .root] {
                let told = try mount.tacit("why", job.view + "/vars/DB", as: caller).orThrow()
                #expect(told.lines.allSatisfy { $0.hasSuffix("not from outside the job") && $0.contains(" no ") }, "\(told)")
            }
            try expect(mount.tacit("why", ".jobs/0000000000000000/env", as: alice).ending, .exited(4))
        }
    }

    @Test func `get takes what is below job`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            func get(_ path: String) throws -> Outcome {
                let words = ["tacit", "run", "-p", "acme/web", "-s", "db", "--no-mask", "--", "tacit", "get", path]
                return try mount.command(["env", "HOME=\(world.home)"] + words, as: alice).run()
            }
            for path in ["job/env", "job/vars/DB", "job/files/.ssh/id"] {
                let outcome = try get(path)
                #expect(outcome.succeeded && outcome.text.contains("web/db"), "\(outcome)")
            }
            for path in ["job/vars", "job/files/.ssh", "job/vars/NONE", "job/other"] {
                let outcome = try get(path)
                #expect(!outcome.succeeded && outcome.bytes.isEmpty && outcome.complaint.contains(path), "\(outcome)")
            }
        }
    }
}
