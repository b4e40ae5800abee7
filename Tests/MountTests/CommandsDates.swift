// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// Dates of values: when they expire, and how often they are to be replaced.
@Suite struct CommandsDates {
    /// A secret that alice has made, in the project and in her home.
    private static let secrets = ["acme/web/db", "user/db"]

    private func withSecrets(_ test: (Watched) throws -> Void) throws {
        try watched { at in
            try at.mount.grant("manage", on: "acme/web", to: "user:1001")
            for secret in Self.secrets {
                try at.must("create", secret, "-e", "A=-", "-f", "/etc/hostname:conf/name", as: alice, input: at.canary)
            }
            try test(at)
        }
    }

    @Test func `a value that has expired is refused by every way of reading, and one that has not is not`() throws {
        try withSecrets { at in
            for secret in Self.secrets {
                for date in ["2999-01-31", "90d", "never", "9999-12-31T23:59:59Z"] {
                    try at.must("policy", secret, "--expires", date, "--on-expire", "deny", as: alice)
                    try expect(at.value(secret + "/vars/A", as: alice), at.canary)
                }
                try at.must("policy", secret, "--expires", "2026-01-31", as: alice)
                for item in ["vars/A", "files/conf/name", "env"] {
                    try expect(at.mount.probe("read", "\(secret)/\(item)", as: alice), "open EKEYEXPIRED")
                }
                try expect(at.mount.probe("write", "a", "\(secret)/vars/A", "x", as: alice), "write EKEYEXPIRED")
                let commands = [
                    ["get", secret + "/vars/A"], ["get", secret + "/env"], ["cp", secret, secret + "2"],
                    ["export", "--format", "json", secret],
                    ["run", "-p", String(secret.dropLast(3)), "--", "true"], ["run", "--env", "X=\(secret)/vars/A", "--", "true"],
                    ["check", "-p", String(secret.dropLast(3))],
                ]
                for words in commands {
                    let refused = try at.run(["tacit"] + words, as: alice)
                    if words[0] != "check" { #expect(refused.complaint.contains("has expired"), "\(words) \(refused)") }
                    #expect(refused.ending == .exited(words[0] == "run" ? 125 : words[0] == "check" ? 4 : 3), "\(words) \(refused)")
                }
                // What is stored anew is of the same policy.
                try at.must("set", secret, "A=-", as: alice, input: at.canary)
                try expect(at.mount.probe("read", "\(secret)/vars/A", as: alice), "open EKEYEXPIRED")
                try at.must("policy", secret, "--on-expire", "warn", as: alice)
                try expect(at.value(secret + "/vars/A", as: alice), at.canary)
            }
            // A caller who may not read it is told that, and nothing of dates.
            try at.must("policy", "acme/web/db", "--on-expire", "deny", as: alice)
            try expect(at.mount.probe("read", "acme/web/db/vars/A", as: mallory), "open EACCES")
            let told = try at.tacit("get", "acme/web/db/vars/A", as: mallory)
            #expect(!told.complaint.contains("expired"), "\(told)")
            let lines = try at.mount.auditLog().filter { ($0["reason"] as? String)?.contains("it has expired") ?? false }
            #expect(lines.contains { $0["ref"] as? String == "acme/web/db/vars/A" && $0["verdict"] as? String == "deny" })
        }
    }

    /// By mallory, who may write in all of it and manage nothing; by bob, who may read too.
    @Test func `a writer brings nothing that has expired to where it is read`() throws {
        try withSecrets { at in
            try at.mount.grant("write", on: "acme/web", to: "user:1004")
            try at.mount.grant("read,write", on: "acme/web", to: "user:1002")
            try at.must("policy", "acme/web/db", "--expires", "2026-01-31", "--on-expire", "deny", as: alice)
            try at.must("create", "acme/web/open", "-e", "B=b", as: alice)
            for writer in [mallory, bob] {
                let ways = [
                    "mv acme/web/db/vars/A acme/web/open/vars/A", "mv acme/web/db/files/conf acme/web/open/files/conf",
                    "mkdir acme/web/new && mv acme/web/db/vars/A acme/web/new/vars/A", "tacit mv acme/web/db/vars/A acme/web/open/vars/A",
                    "tacit cp acme/web/db acme/web/copied", "tacit migrate acme/web user",
                    "rm acme/web/db/vars/A && tacit restore acme/web/db/vars/A --to acme/web/open/vars/A",
                    "tacit restore acme/web/db/vars/A --to acme/web/open/vars/A",
                    "rm acme/web/db/files/conf/name && mv acme/web/db/files/conf acme/web/open/files/conf && tacit restore acme/web/open/files/conf/name",
                ]
                for way in ways {
                    #expect(try !at.mount.run(way, as: writer).succeeded, "\(way)")
                    let read = try at.mount.must("find acme/web user/ -type f -exec cat {} + 2>/dev/null || :", as: bob)
                    #expect(!read.contains(at.canary), "\(way)")
                }
                try at.mount.run(
                    "tacit restore acme/web/db/vars/A; tacit restore acme/web/db/files/conf/name; mkdir acme/web/db/files/conf", as: alice)
            }
            try at.must("policy", "acme/web/db", "--expires", "never", as: alice)
            try expect(at.value("acme/web/db/vars/A", as: alice), at.canary)
        }
    }

    @Test func `a job with values that have expired says so, and its files are refused once they are`() throws {
        try withSecrets { at in
            try at.must("policy", "acme/web/db", "--expires", "2026-01-31", as: alice)
            let told = try at.tacit("run", "-p", "acme/web", "--", "true", as: alice)
            #expect(told.ending == .exited(0) && told.complaint.contains("acme/web/db expired at 2026-01-31T00:00:00Z"), "\(told)")
            let job = try Puppet(at.mount, words: ["tacit", "run", "-p", "acme/web", "--"], as: alice, home: at.home)
            let places = ["vars/A", "env", "files/conf/name"]
            expect(try job.tell(each: places.map { "read job/\($0)" }).filter { $0.hasPrefix("open") }, [])
            try at.must("policy", "acme/web/db", "--on-expire", "deny", as: alice)
            expect(try job.tell(each: places.map { "read job/\($0)" }), Array(repeating: "open EKEYEXPIRED", count: 3))
        }
    }

    @Test func `due lists what has come, for those who may see it, and its status says so`() throws {
        try withSecrets { at in
            try at.must("create", "acme/web/plain", "-e", "A=a", as: alice)
            try at.must("due", as: alice)
            try at.must("policy", "acme/web/db", "--expires", "2026-01-31", "--rotate", "1s", as: alice)
            try at.must("policy", "user/db", "--expires", "20d", "--on-expire", "deny", as: alice)
            func due(_ words: String..., as caller: TestUser = alice) throws -> (status: Outcome.Ending, lines: [String]) {
                let outcome = try at.run(["tacit", "due", "--json"] + words, as: caller)
                let object = try JSONSerialization.jsonObject(with: outcome.bytes) as? [String: [[String: Any]]]
                let lines = try #require(object?["due"]).map {
                    "\($0["ref"] ?? "") \($0["what"] ?? "") \($0["isPast"] ?? "") \($0["denies"] ?? "")"
                }
                return (outcome.ending, lines)
            }
            // It was written more than a second ago, once a second has gone by.
            try Wait.until("the period is over") { try due().lines.count == 2 }
            var found = try due()
            expect(found.lines, ["acme/web/db expires 1 0", "acme/web/db rotate 1 0"])
            #expect(found.status == .exited(1))
            found = try due("--within", "30d")
            expect(found.lines.last, "user/db expires 0 1")
            expect(try due("acme/web/db").lines.count, 2)
            expect(try due("user").lines, [])
            found = try due("acme/web/plain", "--within", "36500d")
            #expect(found.lines == [] && found.status == .exited(0))
            // A writer may not see all of it; a stranger sees nothing.
            found = try due("--within", "30d", as: mallory)
            #expect(found.lines == [] && found.status == .exited(0))
            // A new value begins the period anew, and leaves the date.
            try at.must("policy", "acme/web/db", "--rotate", "1d", as: alice)
            try at.must("set", "acme/web/db", "A=-", as: alice, input: at.canary)
            expect(try due().lines, ["acme/web/db expires 1 0"])
            expect(try due("--within", "2d").lines, ["acme/web/db expires 1 0", "acme/web/db rotate 0 0"])
            let table = try at.tacit("due", as: alice)
            #expect(table.text.contains("acme/web/db  2026-01-31T00:00:00Z  expired"), "\(table)")
            for words in [["--within", "soon"], ["--within", "never"]] {
                expect(try at.run(["tacit", "due"] + words, as: alice).ending, .exited(2))
            }
        }
    }

    @Test func `dates are shown, kept by a manifest, and refused where they are none`() throws {
        try withSecrets { at in
            let words = ["--expires", "2027-01-31T18:00:00Z", "--rotate", "36h", "--on-expire", "deny"]
            try at.run(["tacit", "policy", "acme/web/db"] + words, as: alice).orThrow()
            let policy = try at.json("policy", "acme/web/db", as: alice)
            expect(["expires", "rotate", "onExpire"].map { policy[$0] as? String }, ["2027-01-31T18:00:00Z", "36h", "deny"])
            #expect(try at.must("policy", "acme/web/db", as: alice).contains("expires    2027-01-31T18:00:00Z"))
            try expect(at.must("policy", "user/db", as: alice), "projects  all\ndebug     allow\nattach    allow")
            let manifest = try at.must("show", "acme/web/db", as: alice)
            for line in ["  expires: \"2027-01-31T18:00:00Z\"\n", "  rotate: \"36h\"\n", "  on_expire: deny"] {
                #expect(manifest.contains(line), "\(manifest)")
            }
            // One that says the same policy, with a value.
            let given = "apiVersion: v1beta\nkind: Secret\nmetadata:\n  ref: acme/web/other\ndata:\n  env_vars:\n  - {name: A, value: a}\n"
            let rules = manifest.split(separator: "\n").drop { $0 != "org_config:" }.joined(separator: "\n")
            try at.must("apply", "-f", "-", as: alice, input: given + rules + "\n")
            var other = try at.json("policy", "acme/web/other", as: alice)
            other["ref"] = policy["ref"]
            expect(other as NSDictionary, policy as NSDictionary)
            // What a manifest does not say stays.
            try at.must("apply", "-f", "-", as: alice, input: given + "org_config:\n  expires: never\n")
            other = try at.json("policy", "acme/web/other", as: alice)
            expect(["expires", "rotate", "onExpire"].map { other[$0] as? String }, ["never", "36h", "deny"])
            for (key, value) in [("expires", "2027-02-30"), ("expires", "soon"), ("rotate", "0d"), ("on_expire", "DENY")] {
                let refused = try at.tacit("apply", "-f", "-", as: alice, input: given + "org_config:\n  \(key): \(value)\n")
                #expect(refused.ending == .exited(9) && refused.complaint.contains(key), "\(refused)")
            }
            for words in [
                ["--expires", "2027-02-30"], ["--expires", "1969-12-31"], ["--rotate", "0d"], ["--rotate", "36501d"],
                ["--on-expire", "no"],
            ] {
                let refused = try at.run(["tacit", "policy", "acme/web/db"] + words, as: alice)
                #expect(refused.ending == .exited(2) && refused.complaint.contains(words[0]), "\(refused)")
            }
            expect(try at.json("policy", "acme/web/db", as: alice) as NSDictionary, policy as NSDictionary)
        }
    }
}
