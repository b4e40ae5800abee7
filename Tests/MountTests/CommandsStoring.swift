// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// `create`, `set`, `add`, `get`.
@Suite struct CommandsStoring {
    @Test func `create makes a secret of variables and files at once`() throws {
        try watched { at in
            try at.mount.scratch.file("given/key", Data("\(at.canary)\n".utf8), mode: 0o644)
            try expect(
                at.must(
                    "create", "acme/web/db", "-e", "A=-", "-e", "B=@\(at.mount.scratch.path)/given/key", "-f",
                    "\(at.mount.scratch.path)/given/key:.ssh/id", "-d", "the database", "--verbatim", as: alice, input: at.canary), "")
            try expect(at.value("acme/web/db/vars/A", as: alice), at.canary)
            try expect(at.value("acme/web/db/vars/B", as: alice), at.canary + "\n")
            try expect(at.mount.read("acme/web/db/files/.ssh/id", as: alice), at.canary + "\n")
            let shown = try at.json("show", "acme/web/db", as: alice)
            expect(shown["description"] as? String, "the database")
        }
    }

    @Test func `create makes nothing where something is, or where one of several values is refused`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            let again = try at.tacit("create", "acme/web/db", "-e", "A=-", as: alice, input: "other")
            #expect(again.ending == .exited(8), "\(again)")
            try expect(at.value("acme/web/db", as: alice), at.canary)
            // A NUL in the second: nothing of the first.
            try at.mount.scratch.file("given/nul", Data([1, 0, 2]), mode: 0o644)
            let refused = try at.tacit(
                "create", "acme/web/other", "-e", "A=-", "-e", "B=@\(at.mount.scratch.path)/given/nul", as: alice, input: at.canary)
            #expect(!refused.succeeded, "\(refused)")
            let absent = try at.tacit("show", "acme/web/other", as: alice)
            #expect(absent.ending == .exited(4), "\(absent)")
        }
    }

    @Test func `set stores several variables in one transaction, and leaves the others`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            try at.must("set", "acme/web/db", "B=b", "C=-", as: alice, input: at.canary)
            try expect(["A", "B", "C"].map { try at.value("acme/web/db/vars/\($0)", as: alice) }, [at.canary, "b", at.canary])
            let refused = try at.tacit("set", "acme/web/db", "A=new", "B=@\(at.home)/nowhere", as: alice)
            #expect(refused.ending == .exited(1) && refused.complaint.contains("nowhere"), "\(refused)")
            try expect(at.value("acme/web/db/vars/A", as: alice), at.canary)
        }
    }

    @Test func `set gives an item its value, exactly`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=a", as: alice)
            try at.must("set", "acme/web/db/vars/A", "-", as: alice, input: at.canary)
            try expect(at.value("acme/web/db/vars/A", as: alice), at.canary)
            // A file keeps its newline, without a word.
            try at.must("set", "acme/web/db/files/.ssh/id", "-", as: alice, input: at.canary + "\n")
            try expect(at.value("acme/web/db/files/.ssh/id", as: alice), at.canary + "\n")
            // A path below the mountpoint is a reference too.
            try at.must("set", at.mount.point + "/acme/web/db/vars/A", "x=y", as: alice)
            try expect(at.value("acme/web/db/vars/A", as: alice), "x=y")
        }
    }

    @Test func `set takes env as a whole, as a write of the file does`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=a", as: alice)
            try at.must("set", "acme/web/db/env", "-", "--verbatim", as: alice, input: "B=\(at.canary)\n")
            try expect(at.must("ls", "acme/web/db", as: alice).split(separator: "\n").dropFirst().map { $0.prefix(6) }, ["vars/B"])
        }
    }

    @Test func `a secret that is a single value takes one, whatever the value is like`() throws {
        try watched { at in
            for value in ["plain", "Zm9v==", "A"] {
                if value == "plain" { try at.must("add", "acme/web/token", "first", as: alice) }
                try at.must("set", "acme/web/token", value, as: alice, mayPrint: true)
                try expect(at.value("acme/web/token", as: alice), value)
            }
            // Where there are variables of other names, the word is a variable; there is no terminal here to ask for it.
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            let asked = try at.tacit("set", "acme/web/db", "hunter2", as: alice)
            #expect(asked.ending == .exited(2) && asked.complaint.contains("no terminal"), "\(asked)")
            let neither = try at.tacit("set", "acme/web/db", "hunter 2", as: alice)
            #expect(neither.ending == .exited(2) && !neither.complaint.contains("hunter"), "\(neither)")
            try expect(at.value("acme/web/db", as: alice), at.canary)
        }
    }

    @Test func `white space around a value is warned of, trimmed or kept`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=a", as: alice)
            for (value, options, stored, warns) in [
                ("\(at.canary)\n", [], "\(at.canary)\n", true), (" \(at.canary)", [], " \(at.canary)", true),
                ("\(at.canary)\n", ["--verbatim"], "\(at.canary)\n", false), (" \(at.canary)\r\n", ["--trim"], at.canary, false),
                (at.canary, [], at.canary, false),
            ] as [(String, [String], String, Bool)] {
                let outcome = try at.run(["tacit", "set", "acme/web/db", "A=-"] + options, as: alice, input: value).orThrow()
                try expect(at.value("acme/web/db/vars/A", as: alice), stored)
                expect(outcome.complaint.contains("white space") && outcome.complaint.contains("hint: --trim"), warns)
            }
            let both = try at.tacit("set", "acme/web/db", "A=-", "--trim", "--verbatim", as: alice, input: at.canary)
            expect(both.ending, .exited(2))
        }
    }

    @Test func `no bytes, no change, unless they are asked for`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            for words in [["A=-"], ["A="], ["A=@/dev/null"]] {
                let outcome = try at.run(["tacit", "set", "acme/web/db"] + words, as: alice, input: "")
                #expect(outcome.ending == .exited(9) && outcome.complaint.contains("hint: --empty"), "\(outcome)")
            }
            try expect(at.value("acme/web/db/vars/A", as: alice), at.canary)
            try at.must("set", "acme/web/db", "A", "--empty", as: alice)
            try expect(at.value("acme/web/db/vars/A", as: alice), "")
        }
    }

    @Test func `a value of every byte comes back, also as base64`() throws {
        try watched { at in
            let bytes = Data((0...255).map { UInt8($0) } + (0...255).reversed().map { UInt8($0) })
            try at.mount.scratch.file("given/bytes", bytes, mode: 0o644)
            try at.must("create", "acme/web/db", "-f", "\(at.mount.scratch.path)/given/bytes:b", as: alice)
            try expect(at.tacit("get", "acme/web/db/files/b", as: alice).orThrow().bytes, bytes)
            try expect(at.must("get", "acme/web/db", "--base64", as: alice), bytes.base64EncodedString())
        }
    }

    @Test func `a large value goes through locked memory both ways`() throws {
        try watched { at in
            let bytes = Data((0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
            try at.mount.scratch.file("given/large", bytes, mode: 0o644)
            try at.must("create", "acme/web/db", "-f", "\(at.mount.scratch.path)/given/large:b", as: alice)
            try expect(at.tacit("get", "acme/web/db/files/b", as: alice).orThrow().bytes, bytes)
        }
    }

    @Test func `without locked memory nothing is stored, and the limit is named`() throws {
        try watched { at in
            let outcome = try at.run(
                ["sh", "-c", "ulimit -l 0; exec tacit create acme/web/db -e A=-"], as: alice, input: at.canary)
            #expect(outcome.ending == .exited(1) && outcome.complaint.contains("ulimit -l"), "\(outcome)")
        }
    }

    @Test func `only who may write stores, and only who may read gets`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            try at.mount.grant("write", on: "acme/web/db", to: "user:1002")
            try at.must("set", "acme/web/db/vars/A", "-", as: bob, input: at.canary + "2")
            try at.must("set", "acme/web/db", "-e", "B=-", as: bob, input: at.canary)
            try expect(at.tacit("get", "acme/web/db/vars/A", as: bob).ending, .exited(3))
            // For those who may not see it, it is not there.
            try expect(at.tacit("set", "acme/web/db/vars/A", "-", as: mallory, input: "m").ending, .exited(4))
            try expect(at.value("acme/web/db/vars/A", as: alice), at.canary + "2")
            // Nothing was shown to who writes, and all of it is in the log.
            let log = try at.mount.auditLog().filter { $0["uid"] as? Int == 1002 }
            #expect(log.contains { $0["verdict"] as? String == "deny" } && log.contains { $0["verdict"] as? String == "allow" })
        }
    }
}
