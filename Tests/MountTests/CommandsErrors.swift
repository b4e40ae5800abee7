// SPDX-License-Identifier: MIT

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
                "tacit: acme/web/db/files/key\\u{1b}[31m\\u{a}c: no such file\nhint: did you mean acme/web/db/files/key\\u{1b}[31m\\u{a}b?\n"
            )
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
                (["rm", "acme/"], "acme is no secret", "tacit org rm acme removes an organization"),
                (["rm", "acme/web"], "acme/web is no secret", "tacit project rm acme/web removes a project"),
                (
                    ["rm", "acme/web@live"], "acme/web@live is no secret",
                    "tacit target rm acme/web@live removes a project's deployment target"
                ),
                (["rm", "user/"], "user is no secret", "a secret is acme/web/db, or user/mail for one of your own"),
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
            // Nothing to store; what no variable can hold; what is no assignment.
            try expect(status("set", "acme/web/db", "A="), .exited(9))
            for (item, text) in [("A=-", "a\0b"), ("env", "no assignment\n")] {
                let words = item == "env" ? ["tacit", "set", "acme/web/db/env", "-"] : ["tacit", "set", "acme/web/db", item]
                try expect(at.run(words, as: alice, input: text).ending, .exited(9))
            }
            try expect(status("get"), .exited(2))
            try at.mount.grant("write", on: "acme/web/db", to: "user:1002")
            try expect(status("get", "acme/web/db", as: bob), .exited(3))
            try expect(status("get", "acme/web/none"), .exited(4))
            try at.must("lock")
            try expect(status("get", "acme/web/db"), .exited(5))
            try expect(status("create", "acme/web/db", "-e", "A=b"), .exited(8))
            // A key that can't be had opens nothing, whosever it is.
            try expect(status("unlock", "-k", at.home + "/none", as: .root), .exited(5))
            try expect(status("unlock", "-k", at.mount.store, as: .root), .exited(5))
            for change in ["mv key away", "head -c 31 away > key", "rm key; mkdir key", "rmdir key; cp away key; chmod 644 key"] {
                try at.mount.must(
                    "cd $(dirname \(at.mount.key)); \(change.replacing("key", with: (at.mount.key as NSString).lastPathComponent))")
                try expect(status("unlock", as: .root), .exited(5))
            }
            let again = Command(at.mount.scratch.path + "/tacit", "init", "--store", at.mount.store, "--key-file", at.home + "/new")
            let outcome = try again.run()
            expect(outcome.ending, .exited(8))
            expect(
                outcome.complaint,
                "tacitd: \(at.mount.store) exists already, and is not touched\nhint: give another name, or move it away if no store needs it\n"
            )
            var elsewhere = at.command(["tacit", "ls"])
            elsewhere.environment["TACIT_SOCKET"] = at.home + "/none"
            try expect(elsewhere.run().ending, .exited(6))
        }
    }

    @Test func `a refusal names the right that is missing, and what it is missing on`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            try at.mount.grant("list", on: "acme/web", to: "user:1002")
            for (words, said) in [
                (["get", "acme/web/db/vars/A"], "acme/web/db/vars/A: permission denied: it takes read, which no grant gives"),
                (["set", "acme/web/db", "A=x"], "acme/web/db/vars/A: permission denied: it takes write, which no grant gives"),
                (["set", "acme/web/db", "A=x", "B=y"], "acme/web/db/vars/A: permission denied: it takes write, which no grant gives"),
                (["cp", "acme/web/db", "user/db"], "acme/web/db: permission denied: it takes read, which no grant gives"),
                (["create", "acme/web/new"], "acme/web/new: permission denied: it takes write or manage, which no grant gives"),
                (["rm", "acme/web/db/vars/A"], "acme/web/db/vars/A: permission denied: it takes write or manage, which no grant gives"),
                (["grant", "acme/web", "uid:1002", "read"], "acme/web: permission denied: it takes manage, which no grant gives"),
            ] {
                let outcome = try at.run(["tacit"] + words, as: bob)
                expect(outcome.ending, .exited(3))
                expect(outcome.complaint, "tacit: \(said)\nhint: tacit why REF tells right by right what you may\n")
            }
            let root = try at.tacit("get", "acme/web/db/vars/A")
            #expect(
                root.complaint.hasPrefix(
                    "tacit: acme/web/db/vars/A: permission denied: it takes read, which no grant gives, nor does owning the store\n"))
            // A copy that may be read, and goes where nothing may be written.
            try at.must("create", "user/mine", "-e", "A=-", as: bob, input: at.canary)
            let copy = try at.tacit("cp", "user/mine", "acme/web/mine", as: bob)
            #expect(copy.complaint.hasPrefix("tacit: acme/web/mine: permission denied: it takes write"), "\(copy)")
        }
    }

    @Test func `what is not there comes with what to do about it`() throws {
        try watched { at in
            try at.mount.grant("manage", on: "acme/web", to: "user:1001")
            for (words, said, hint) in [
                (["create", "acme/nope/x", "-e", "A=a"], "acme/nope: no such project", "tacit project create acme/nope makes it"),
                (["create", "none/web/x", "-e", "A=a"], "none: no such organization", "tacit org create none makes it"),
                (
                    ["create", "acme/web@live/x", "-e", "A=a"], "acme/web@live: no such target",
                    "tacit target create acme/web@live makes it"
                ),
                (["rm", "acme"], "user/acme: no such secret", "acme alone is user/acme; tacit org rm acme removes an organization"),
                (
                    ["revoke", "acme/web", "uid:1003"], "acme/web: user 1003 holds no such grant on it",
                    "tacit acl REF lists who has what, and where it was granted"
                ),
                (
                    ["revoke", "acme/web", "uid:1001", "run"], "acme/web: user 1001 holds no such grant on it",
                    "tacit acl REF lists who has what, and where it was granted"
                ),
            ] {
                let outcome = try at.run(["tacit"] + words, as: alice)
                expect(outcome.ending, .exited(4))
                expect(outcome.complaint, "tacit: \(said)\nhint: \(hint)\n")
            }
        }
    }

    @Test func `a path from the working directory on is a part of the tree, below the mountpoint`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            for (folder, word) in [
                ("acme/web", "."), ("acme/web/db", ".."), ("acme/web/db/vars", "../.."), ("acme", "./web"), ("", "./acme/web/"),
            ] {
                let outcome = try at.run(["sh", "-c", "cd '\(at.mount.point)/\(folder)' && exec tacit ls '\(word)'"], as: alice).orThrow()
                #expect(outcome.text.contains("db/") || outcome.text.contains("\ndb "), "\(outcome)")
            }
            // The first name of the tree, and not a secret of one's own.
            let removal = try at.run(["sh", "-c", "cd '\(at.mount.point)/acme' && exec tacit rm ."], as: alice)
            expect(removal.complaint, "tacit: acme is no secret\nhint: tacit org rm acme removes an organization\n")
            let outside = try at.run(["sh", "-c", "cd / && exec tacit ls ."], as: alice)
            expect(outside.ending, .exited(2))
            expect(
                outside.complaint, "tacit: . is /, which is not below \(at.mount.point)\nhint: acme/web names the same from everywhere\n")
        }
    }
}
