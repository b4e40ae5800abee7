// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// Values that `tacit generate` makes, and secrets that no slip makes.
@Suite struct CommandsGenerating {
    @Test func `values are random, of the characters and the length that were asked for, and are not printed`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            expect(try at.must("generate", "acme/web/db", "A", "B", as: alice), "")
            let (first, second) = (try at.value("acme/web/db/vars/A", as: alice), try at.value("acme/web/db/vars/B", as: alice))
            for value in [first, second] {
                #expect(value.count == 32 && value.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
            }
            #expect(first != second)
            try at.must("generate", "acme/web/db", "HEX", "--chars", "0-9a-f", "--length", "4096", as: alice)
            // Each of the 16 characters is in 4,096 of them but for once in 10^113.
            expect(Set(try at.value("acme/web/db/vars/HEX", as: alice)), Set("0123456789abcdef"))
            try at.must("generate", "acme/web/db/files/pass", "--words", "7", as: alice)
            let words = try at.value("acme/web/db/files/pass", as: alice).split(separator: "-")
            #expect(words.count == 7 && words.allSatisfy { (3...8).contains($0.count) && $0.allSatisfy(\.isLowercase) })
            for words in [
                ["acme/web/db"], ["acme/web/db", "A", "A"], ["acme/web/db", "1A"], ["acme/web/db/vars/A", "B"], ["acme/web/db/env"],
                ["acme/web/db", "A", "--length", "0"], ["acme/web/db", "A", "--words", "3", "--length", "3"],
                ["acme/web/db", "A", "--chars", "z-a"], ["acme/web/db", "A", "--chars", "a"], ["acme/web/db", "A", "--chars", "ä"],
            ] {
                let refused = try at.run(["tacit", "generate"] + words, as: alice)
                #expect(refused.ending == .exited(2), "\(words): \(refused)")
            }
            expect(try at.value("acme/web/db/vars/A", as: alice), first)
        }
    }

    @Test func `nothing makes a secret unless it is asked to`() throws {
        try watched { at in
            for words in [
                ["set", "acme/web/new", "A=a"], ["set", "acme/web/new", "-"], ["set", "acme/web/new/vars/A", "-"],
                ["generate", "acme/web/new", "A"], ["set", "new", "-"],
            ] {
                let refused = try at.run(["tacit"] + words, as: alice, input: at.canary)
                #expect(refused.ending == .exited(4) && refused.complaint.contains("--create makes the secret"), "\(refused)")
                expect(try at.run(["tacit"] + words + ["--create"], as: alice, input: at.canary).orThrow().text, "")
                let secret = words[1].replacing("/vars/A", with: "")
                try at.must("rm", secret, "-y", as: alice)
            }
        }
    }

    @Test func `a value beside its variable, with a blank between, is refused before anybody is asked`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            for words in [
                ["set", "acme/web/db", "A", "hunter2"], ["set", "acme/web/db", "A=a", "hunter2"],
                ["set", "acme/web/new", "hunter2", "--create"], ["add", "acme/web/key", "A=hunter2"],
                ["add", "acme/web/key", "A==hunter2"],
            ] {
                let refused = try at.run(["tacit"] + words, as: alice)
                #expect(refused.ending == .exited(2) && !refused.complaint.contains("hunter2"), "\(words): \(refused)")
                #expect(refused.complaint.contains("hint:"), "\(refused)")
            }
            #expect(!(try at.must("audit", "--json")).contains("hunter2"))
            expect(try at.value("acme/web/db/vars/A", as: alice), at.canary)
            // base64 ends so.
            try at.must("add", "acme/web/key", "aHVudGVy==", as: alice)
        }
    }

    @Test func `a policy names projects that exist`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            for words in [["policy", "acme/web/db", "--projects", "web,wbe"], ["create", "acme/web/x", "-e", "A=a", "--projects", "wbe"]] {
                let refused = try at.run(["tacit"] + words)
                #expect(refused.ending == .exited(4) && refused.complaint.hasPrefix("tacit: acme/wbe: no such project\n"), "\(refused)")
            }
            expect(try at.must("policy", "acme/web/db").split(separator: "\n").first, "projects  all")
            expect(try at.tacit("show", "acme/web/x").ending, .exited(4))
        }
    }

    @Test func `messages name what is missing, and what there is`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", "-e", "B=b", as: alice, input: at.canary)
            try at.mount.grant("run", on: "acme/web", to: "user:0")
            for (words, status, said) in [
                (["get", "acme/web/db"], 8, "acme/web/db has 2 items\nhint: name one: acme/web/db/vars/A, acme/web/db/vars/B\n"),
                (["target", "create", "acme/db@prod"], 4, "acme/db: no such project\nhint: tacit project create acme/db makes it\n"),
                (["help", "nope"], 2, "no command is called 'nope'\nhint: tacit --help lists them\n"),
                (["run", "-p", "acme/nope", "--", "true"], 125, "acme/nope: no such project\n"),
                (["run", "--nope"], 125, "unknown option --nope\nhint: tacit run --help explains it\n"),
                (["run", "-p", "acme/web", "--", "tacit-has-no-such-program"], 127, nil), (["run", "-p", "acme/web", "--", "/"], 126, nil),
                (["run", "-p", "acme/web", "--", "sh", "-c", "exit 3"], 3, nil),
            ] as [([String], Int32, String?)] {
                let outcome = try at.run(["tacit"] + words)
                expect(outcome.ending, .exited(status))
                if let said { expect(outcome.complaint, "tacit: " + said) }
            }
            #expect(try at.must("doctor").hasSuffix(": all is well"))
            for words in [["help", "set"], ["--help", "set"], ["set", "--help"]] {
                expect(try at.run(["tacit"] + words).orThrow().text.split(separator: " ").prefix(3), ["usage:", "tacit", "set"])
            }
            expect(try at.must("version"), try at.must("--version"))
        }
    }
}
