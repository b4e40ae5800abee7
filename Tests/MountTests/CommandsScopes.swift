// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// `org`, `project`, `target`, `ls`, `policy`, `migrate`, `doctor`.
@Suite struct CommandsScopes {
    private func names(_ listing: String) -> [String] {
        listing.components(separatedBy: "\n").dropFirst().map { String($0.prefix { $0 != " " }) }
    }

    @Test func `scopes are made, listed and removed`() throws {
        try watched { at in
            try at.must("org", "create", "corp")
            try at.must("project", "create", "corp/site")
            try at.must("target", "create", "corp/site@production")
            try expect(at.mount.must("ls corp"), "@org\nsite\nsite@production")
            try expect(names(at.must("org", "ls")), ["acme/", "corp/"])
            try expect(names(at.must("project", "ls", "corp")), ["site/"])
            try expect(names(at.must("target", "ls", "corp")), ["site@production/"])
            try expect(names(at.must("target", "ls", "corp/site")), ["site@production/"])
            try expect(names(at.must("target", "ls", "corp/sit")), [])
            let full = try at.tacit("project", "rm", "corp/site")
            #expect(
                full.ending == .exited(8)
                    && full.complaint.hasSuffix("hint: tacit ls corp/site lists what is in it, and tacit target ls corp/site its targets\n"),
                "\(full)")
            try at.must("target", "rm", "corp/site@production")
            try at.must("project", "rm", "corp/site")
            try at.must("org", "rm", "corp")
            try expect(names(at.must("org", "ls")), ["acme/"])
        }
    }

    @Test func `a reference of another kind is refused, and so are those without the right`() throws {
        try watched { at in
            for words in [
                ["org", "create", "a/b"], ["org", "rm", "acme/web"], ["project", "create", "acme"], ["project", "rm", "acme/web/db"],
                ["project", "create", "acme/web@production"], ["target", "create", "acme/web"],
            ] {
                let outcome = try at.run(["tacit"] + words)
                #expect(outcome.ending == .exited(2) && outcome.complaint.contains("hint: REF is "), "\(outcome)")
            }
            try expect(at.tacit("org", "create", "corp", as: alice).ending, .exited(3))
            try expect(at.tacit("project", "create", "acme/site", as: alice).ending, .exited(3))
            try expect(at.tacit("project", "rm", "acme/web", as: alice).ending, .exited(3))
        }
    }

    @Test func `ls shows NAME and AGE of what the caller may see`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", "-f", "/dev/null:f", "--empty", as: alice, input: at.canary)
            let listing = try at.must("ls", "acme/web", as: alice)
            #expect(listing.wholeMatch(of: /NAME  AGE\ndb    \ds/) != nil, "\(listing)")
            try expect(names(at.must("ls", "acme/web/db", as: alice)), ["files/f", "vars/A"])
            try at.mount.must("mkdir -p acme/web/db/files/d && echo x > acme/web/db/files/d/g", as: alice)
            for (folder, name) in [("db/vars", "A"), ("db/files/d", "g")] {
                let entries = try #require(try at.json("ls", "acme/web/\(folder)", as: alice)["entries"] as? [[String: Any]])
                expect(entries.map { $0["name"] as? String }, [name])
                expect(entries.map { $0["ref"] as? String }, ["acme/web/\(folder)/\(name)"])
            }
            try expect(names(at.must("ls", "acme/web/db/files", as: alice)), ["d/g", "f"])
            try expect(names(at.must("ls", "acme", as: alice)), ["web/"])
            let entries = try #require(try at.json("ls", "acme/web", as: alice)["entries"] as? [[String: Any]])
            expect(entries.map { $0["ref"] as? String }, ["acme/web/db"])
            #expect(!(try at.tacit("ls", "acme/web", as: mallory).text.contains("db")))
        }
    }

    @Test func `ls pages through more than one answer holds`() throws {
        try watched { at in
            let names = (1...1200).map { "s\($0)" }.sorted()
            try at.mount.must("cd acme/web && seq -f 's%.0f' 1200 | xargs mkdir")
            try expect(self.names(at.must("ls", "acme/web")), names)
        }
    }

    @Test func `policy is shown and changed`() throws {
        try watched { at in
            try at.must("create", "acme/@org/aws", "-e", "A=-", "--projects", "web", input: at.canary)
            try expect(at.must("policy", "acme/@org/aws"), "projects  web\ndebug     allow\nattach    allow")
            try expect(at.must("policy", "acme/@org/aws", "--projects", "none", "--debug", "deny"), "")
            try expect(at.must("policy", "acme/@org/aws"), "projects  none\ndebug     deny\nattach    allow")
            try expect(at.tacit("policy", "acme/@org/aws", "--attach", "maybe").ending, .exited(2))
            for words in ["all,web", "none, web", "", ",", "acme/web"] {
                try expect(at.tacit("policy", "acme/@org/aws", "--projects", words).ending, .exited(2), "'\(words)'")
            }
            try expect(at.must("policy", "acme/@org/aws"), "projects  none\ndebug     deny\nattach    allow")
            for project in ["acme/api", "acme/site"] { try at.mount.make(project) }
            try at.must("policy", "acme/@org/aws", "--projects", "web, api", "--projects", "site")
            try expect(at.must("policy", "acme/@org/aws"), "projects  api,site,web\ndebug     deny\nattach    allow")
            try at.must("create", "acme/web/db", "-e", "A=a", as: alice)
            try expect(at.tacit("policy", "acme/web/db", "--debug", "deny", as: alice).ending, .exited(3))
        }
    }

    @Test func `migrate copies a whole scope or nothing`() throws {
        try watched { at in
            for name in ["a", "b"] { try at.must("create", "user/\(name)", "-e", "A=-", as: alice, input: at.canary + name) }
            let dry = try at.must("migrate", "--dry-run", "user", "acme/web", as: alice)
            #expect(dry.contains("2 secrets, 2 items; nothing was copied"), "\(dry)")
            try expect(names(at.must("ls", "acme/web", as: alice)), [])
            try at.must("create", "acme/web/b", "-e", "A=old", as: alice)
            let taken = try at.tacit("migrate", "user", "acme/web", as: alice)
            #expect(taken.ending == .exited(8), "\(taken)")
            try expect(names(at.must("ls", "acme/web", as: alice)), ["b"])
            try at.must("migrate", "--overwrite", "user", "acme/web", as: alice)
            try expect(["a", "b"].map { try at.value("acme/web/\($0)", as: alice) }, [at.canary + "a", at.canary + "b"])
            try expect(at.value("user/a", as: alice), at.canary + "a")
        }
    }

    @Test func `doctor is for the owner, and finds a store that is well`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            #expect(try at.must("doctor").hasPrefix("checked "))
            try expect(at.tacit("doctor", as: alice).ending, .exited(3))
        }
    }
}
