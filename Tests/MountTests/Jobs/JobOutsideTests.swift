// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// What those who are outside of a job learn of what is in its folder, and what is logged of what they try.
@Suite struct JobOutsideTests {
    @Test func `nobody outside is told sizes and times, and what is looked at from outside takes nothing away`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            let before = Date().timeIntervalSince1970.rounded(.down)
            let job = try world.job("-p", "acme/web", "-s", "db")
            let path = "\(job.view)/vars/DB"
            /// Size and time as the kernel gives them without asking.
            func kept(_ caller: TestUser, _ path: String) throws -> [Double] {
                try mount.must("stat --cached=always -c '%s %Y' \(path)", as: caller).split(separator: " ").compactMap { Double($0) }
            }
            for caller in [alice, .root] {
                for path in [path, "\(job.view)/env"] {
                    let told = try kept(caller, path)
                    #expect(told.count == 2 && told[0] == 0 && told[1] >= before, "\(told)")
                    #expect(!(try mount.run("stat \(path)", as: caller).succeeded))
                }
            }
            // Inside, sizes are those of what is there.
            let inside = job.inside
            try expect(
                inside.tell(each: "look job/vars/DB", "keep a job/vars/DB", "map a", "peek a"), ["100400 1001 6 1", "ok", "ok", "= web/db"])
            try expect(inside.tell("sh cp job/vars/DB \(job.home)/copy && cat \(job.home)/copy && wc -c < job/env"), "web/db24\nexit 0")
            // Once the kernel asks for the name again, it is told no less.
            Thread.sleep(forTimeInterval: 1.2)
            for caller in [alice, .root] { try expect(kept(caller, path).first, 6) }
            try expect(inside.tell(each: "peek a", "again a"), ["= web/db", "= web/db"])
            // Of what has changed since, nobody outside is told.
            try mount.must("printf %s something-longer > acme/web/db/vars/DB")
            Thread.sleep(forTimeInterval: 1.2)
            for caller in [alice, .root] { try expect(kept(caller, path).first, 6) }
            try expect(inside.tell("sh cat job/vars/DB; wc -c < job/vars/DB"), "something-longer16\nexit 0")
            try expect(inside.tell(each: "keep b job/vars/DB", "map b", "peek b"), ["ok", "ok", "= something-longer"])
        }
    }

    /// What root tries, the action of the line in the log, and the name below the job's folder. The kernel keeps others from most by itself.
    private static let changes = """
        open wcx VIEW/new             | create   | /new
        open wcx VIEW/vars/NEW        | create   | /vars/NEW
        mkdir VIEW/files/d            | mkdir    | /files/d
        rmdir VIEW/files/.ssh         | rmdir    | /files/.ssh
        unlink VIEW/vars/DB           | unlink   | /vars/DB
        rename VIEW/vars/DB VIEW/vars/X | rename | /vars/DB
        rename VIEW/vars/DB acme/web/db/vars/X | rename | /vars/DB
        rename acme/web/db/vars/DB VIEW/vars/X | rename | /vars/X
        """

    @Test func `whoever tries to change something there is in the log`() throws {
        try withMount { mount in
            let world = try JobWorld(mount)
            try mount.grant("read", on: "acme/web", to: "user:0")
            let job = try world.job("-p", "acme/web", "-s", "db", as: .root)
            let outside = try world.outsider(.root)
            /// The answer, and the last line about something.
            func tried(_ puppet: Puppet, _ line: String, _ reference: String) throws -> String {
                let answer = try puppet.tell(line)
                let said = try mount.auditLog().last { $0["ref"] as? String == reference }
                return "\(answer); \(said?["verdict"] ?? "") \(said?["action"] ?? ""): \(said?["reason"] ?? "")"
            }
            for (puppet, reason) in [(outside, "not from outside the job"), (job.inside, "not from inside a job")] {
                for row in Self.changes.split(separator: "\n") {
                    let columns = row.components(separatedBy: " | ").map { $0.trimmingCharacters(in: .whitespaces) }
                    let line = columns[0].replacingOccurrences(of: "VIEW", with: job.view)
                    let call = line.prefix { $0 != " " }
                    try expect(tried(puppet, line, job.view + columns[2]), "\(call) EACCES; deny \(columns[1]): \(reason)", "\(line)")
                }
                for line in ["mkdir .jobs/d", "mkdir .jobs/e"] {
                    try expect(tried(puppet, line, String(line.dropFirst(6))), "mkdir EACCES; deny mkdir: \(reason)")
                }
            }
            // Who may look at one may try.
            try expect(
                tried(job.inside, "truncate 0 job/vars/DB", "\(job.view)/vars/DB"), "truncate EACCES; deny truncate: not from inside a job")
            try expect(
                tried(outside, "truncate 0 \(job.view)/vars/DB", "\(job.view)/vars/DB"),
                "truncate EACCES; deny stat: not from outside the job")
            #expect(!(try mount.run("setfacl -m u:1002:r \(job.view)/files").succeeded))
            let line = try mount.auditLog().last { $0["ref"] as? String == "\(job.view)/files" }
            #expect(line?["verdict"] as? String == "deny" && line?["action"] as? String == "setxattr")
        }
    }
}
