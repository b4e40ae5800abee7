// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// Looking for secrets, grants and lines of the log across the tree.
@Suite struct CommandsFinding {
    private func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }

    /// The references that a listing tells, without its heading and times.
    private func references(_ text: String) -> [String] {
        lines(text).dropFirst().compactMap { $0.split(separator: " ").first.map(String.init) }
    }

    @Test func `a listing of all that is below is that of find(1) on the mount, item for item`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", "-f", "/etc/hostname:conf/name", as: alice, input: at.canary)
            try at.must("create", "acme/web/mail", "-e", "PASSWORD=p", as: alice)
            try at.must("add", "own", "-", as: alice, input: at.canary)
            for caller in [alice, mallory] {
                let told = try references(at.must("ls", "-R", as: caller)).filter { $0.contains("/vars/") || $0.contains("/files/") }
                let found = try at.mount.must(
                    "find acme user/ -type f ! -name env 2>/dev/null | sed 's|//|/|' || :", as: caller)
                expect(told.sorted(), lines(found).sorted())
            }
            let json = try at.json("ls", "-R", "acme/web", as: alice)
            let entries = try #require(json["entries"] as? [[String: Any]])
            expect(
                entries.compactMap { $0["ref"] as? String },
                ["acme/web/db", "acme/web/db/files/conf/name", "acme/web/db/vars/A", "acme/web/mail", "acme/web/mail/vars/PASSWORD"])
            expect(try at.tacit("ls", "-R", "--shared", as: alice).ending, .exited(2))
        }
    }

    @Test func `what has a name is found where the caller may list it, and nowhere else`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "DB_URL=-", "-e", "db_user=u", as: alice, input: at.canary)
            try at.must("create", "user/db", "-e", "A=a", as: alice)
            for (words, found) in [
                (["db"], ["acme/web/db", "acme/web/db/vars/DB_URL", "acme/web/db/vars/db_user", "user/db"]),
                (["DB_*"], ["acme/web/db/vars/DB_URL", "acme/web/db/vars/db_user"]), (["url", "acme"], ["acme/web/db/vars/DB_URL"]),
                (["db", "user"], ["user/db"]),
            ] {
                expect(lines(try at.run(["tacit", "find"] + words, as: alice).orThrow().text), found)
            }
            for words in [["x\\y"], ["[z]"], ["d"]] {
                let nothing = try at.run(["tacit", "find"] + words, as: mallory)
                #expect(nothing.ending == .exited(4) && nothing.text == "", "\(nothing)")
            }
        }
    }

    @Test func `every grant below a place is listed once, where it is`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            for place in ["acme/web/db", "acme/web/db/vars", "acme/web/db/vars/A", "acme/web/db/env"] {
                try at.mount.grant("list", on: place, to: "user:1003")
            }
            let json = try at.json("acl", "-R", "acme")
            let grants = try #require(json["grants"] as? [[String: Any]]).map { "\($0["ref"] ?? "") \($0["who"] ?? "")" }
            expect(
                grants.filter { $0.hasSuffix("1003") }.map { String($0.prefix { $0 != " " }) },
                ["acme/web/db", "acme/web/db/env", "acme/web/db/vars", "acme/web/db/vars/A"])
            expect(Set(grants).count, grants.count)
            expect(try at.tacit("acl", "-R").ending, .exited(2))
        }
    }

    @Test func `lines of the log are told by place, user and time`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            try at.must("create", "acme/web/dbx", "-e", "A=a", as: alice)
            try at.must("create", "own", "-e", "A=a", as: alice)
            try at.must("get", "own", as: alice, mayPrint: true)
            try at.must("rm", "acme/web/dbx", "-y", as: alice)
            let all = lines(try at.must("audit", "--json"))
            func told(_ words: String...) throws -> [String] {
                lines(try at.run(["tacit", "audit", "--json"] + words).orThrow().text)
            }
            func field(_ name: String, _ line: String) throws -> String {
                let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                return object[name].map { "\($0)" } ?? ""
            }
            let below = try all.filter { try field("ref", $0) == "acme/web/db" || field("ref", $0).hasPrefix("acme/web/db/") }
            expect(try told("--ref", "acme/web/db"), below)
            #expect(!below.isEmpty)
            let alices = try all.filter { try field("uid", $0) == "1001" }
            expect(try told("--user", "1001"), alices)
            expect(try told("--user", "1001", "--ref", "acme/web/db").count, Set(alices).intersection(below).count)
            // The middle line's own time, and all later ones.
            let middle = all[all.count / 2]
            let time = try field("time", middle)
            expect(try told("--since", time), try all.filter { try field("time", $0) >= time })
            expect(try told("--since", "1d"), all)
            expect(try told("--since", "9999-01-01"), [])
            for words in [["--since", "yesterday"], ["--user", "@root"], ["--verify", "--since", "1h"]] {
                let refused = try at.run(["tacit", "audit"] + words)
                #expect(refused.ending == .exited(2), "\(refused)")
            }
        }
    }
}
