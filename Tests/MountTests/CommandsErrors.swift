import Foundation
import TestSupport
import Testing

/// Messages that help, and exit statuses that scripts can count on.
@Suite struct CommandsErrors {
    @Test func `a name that is not there is answered with the one that may be meant`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            for words in [["get", "acme/web/dbb"], ["show", "acme/web/dbb"], ["history", "acme/web/dbb"]] {
                let outcome = try at.run(["tacit"] + words, as: alice)
                expect(outcome.ending, .exited(4))
                expect(outcome.complaint, "tacit: acme/web/dbb: no such secret\nhint: did you mean acme/web/db?\n")
            }
            // Who may not see it is not told of it.
            let other = try at.tacit("get", "acme/web/dbb", as: mallory)
            #expect(!other.complaint.contains("acme/web/db?"), "\(other)")
        }
    }

    @Test func `what is not there is named, and no more of the reference than that`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            try at.must("create", "acme/web/other", "-e", "A=-", as: alice, input: at.canary)
            try at.mount.grant("manage,read,write", on: "acme/web", to: "user:1001")
            for (words, status, said) in [
                (["create", "acme/nope/x", "-e", "A=a"], 4, "acme/nope: no such project"),
                (["get", "acme/web/none/vars/A"], 4, "acme/web/none: no such secret"),
                (["cp", "acme/web/db", "acme/nope/x"], 4, "acme/nope: no such project"),
                (["mv", "acme/web/db/vars/A", "acme/web/none/vars/A"], 4, "acme/web/none: no such secret"),
                (["mv", "acme/web/none", "acme/web/x"], 4, "acme/web/none: no such secret"),
                (["migrate", "acme/web", "acme/nope"], 4, "acme/nope: no such project"),
                (["mv", "acme/web/db", "acme/web/other"], 8, "acme/web/other: it exists already"),
                (["cp", "acme/web/db", "acme/web/other"], 8, "acme/web/other: it exists already"),
                (["rollback", "acme/web/db/vars/A", "9"], 4, "acme/web/db/vars/A has no version 9"),
                (["rollback", "acme/web/db/vars/B", "9"], 4, "acme/web/db/vars/B: no such variable"),
            ] as [([String], Int32, String)] {
                let outcome = try at.run(["tacit"] + words, as: alice)
                expect(outcome.ending, .exited(status))
                expect(outcome.complaint.components(separatedBy: "\n").first, "tacit: " + said)
            }
            // What somebody may not see and what is not there look the same to him.
            for name in ["db", "nil"] {
                let outcome = try at.tacit("get", "acme/web/\(name)/vars/A", as: mallory)
                #expect(outcome.ending == .exited(4) && outcome.complaint == "tacit: acme: no such organization\n", "\(outcome)")
            }
        }
    }

    @Test func `a name that would steer the terminal is spelled out in messages too`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            try at.mount.must("printf x > \"acme/web/db/files/$(printf 'key\\033[31m\\nb')\"", as: alice)
            let outcome = try at.tacit("get", "acme/web/db/files/key\u{1B}[31m\nc", as: alice)
            expect(
                outcome.complaint,
                "tacit: acme/web/db/files/key\\u{1b}[31m\\u{a}c: no such file\nhint: did you mean acme/web/db/files/key\\u{1b}[31m\\u{a}b?\n")
        }
    }

    @Test func `set makes no secret by a slip`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            for words in [["set", "acme/web/dbb", "A=a"], ["set", "acme/web/dbb", "A=a", "B=b"], ["set", "acme/web/dbb", "-e", "A=a"]] {
                let outcome = try at.run(["tacit"] + words, as: alice)
                #expect(outcome.ending == .exited(4) && outcome.complaint.contains("hint: did you mean acme/web/db?"), "\(outcome)")
            }
        }
    }

    @Test func `commands and options that are not there are answered likewise`() throws {
        try watched { at in
            for (words, message, hint) in [
                (["crate", "x"], "no command is called 'crate'", "did you mean create?"),
                (["create", "x", "--descripton", "d"], "unknown option --descripton", "did you mean --description?"),
                (["org"], "org needs one of create, ls, rm", "tacit org --help explains them"),
                (["org", "make"], "org needs one of create, ls, rm", "tacit org --help explains them"),
                (["rm", "acme/web"], "acme/web is no secret", "a secret is acme/web/db, or user/mail for one of your own"),
                (["create", "acme/web"], "acme/web is no secret", "a secret is acme/web/db, or user/mail for one of your own"),
            ] {
                let outcome = try at.run(["tacit"] + words)
                expect(outcome.ending, .exited(2))
                expect(outcome.complaint, "tacit: \(message)\nhint: \(hint)\n")
            }
        }
    }

    @Test func `exit statuses say what went wrong`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            func status(_ words: String..., as caller: TestUser = alice) throws -> Outcome.Ending {
                try at.run(["tacit"] + words, as: caller).ending
            }
            try expect(status("set", "acme/web/db", "A=@/nowhere"), .exited(1))
            try expect(status("get"), .exited(2))
            try at.mount.grant("write", on: "acme/web/db", to: "user:1002")
            try expect(status("get", "acme/web/db", as: bob), .exited(3))
            try expect(status("get", "acme/web/none"), .exited(4))
            try at.must("lock")
            try expect(status("get", "acme/web/db"), .exited(5))
            try expect(status("create", "acme/web/db", "-e", "A=b"), .exited(8))
            var elsewhere = at.command(["tacit", "ls"])
            elsewhere.environment["TACIT_SOCKET"] = at.home + "/none"
            try expect(elsewhere.run().ending, .exited(6))
        }
    }
}
