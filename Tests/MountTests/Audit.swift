// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// The audit log: a line for each open, change and refusal before anything is handed out, chained so that it can be verified.
@Suite struct Audit {
    private func lines(_ mount: Mount, action: String, reference: String, uid: UInt32) throws -> [[String: Any]] {
        try mount.auditLog().filter {
            $0["action"] as? String == action && $0["ref"] as? String == reference && $0["uid"] as? UInt32 == uid
        }
    }

    @Test func `a line has all that an auditor asks for`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            let before = Date()
            let pid = try mount.must("echo $$; exec cat acme/web/db/vars/A", as: alice).split(separator: "\n")[0]
            let line = try #require(try lines(mount, action: "open", reference: "acme/web/db/vars/A", uid: 1001).last)
            #expect(line["gid"] as? Int == 1001)
            #expect(line["pid"] as? Int == Int(pid))
            #expect(line["comm"] as? String == "cat")
            #expect(line["verdict"] as? String == "allow")
            #expect(line["version"] is Int)
            #expect((line["reason"] as? String ?? "").contains("1001"))
            #expect((line["chain"] as? String ?? "").count >= 32)
            let form = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            let time = try #require(line["time"] as? String)
            #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil)
            // The clock that stamps lines may be a tick behind.
            #expect(try (before - 0.1...Date()).contains(form.parse(time.replacing(/\d{3}Z/, with: "Z"))))
        }
    }

    @Test func `opens, changes and refusals are logged, looking at names is not`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            var count = try mount.auditLog().count
            /// Runs a script and gives the lines that it made.
            func made(by script: String, as caller: TestUser) throws -> [[String: Any]] {
                _ = try mount.run(script, as: caller)
                let all = try mount.auditLog()
                defer { count = all.count }
                return Array(all[count...])
            }
            func said(_ lines: [[String: Any]]) -> [String] {
                lines.map { "\($0["verdict"] ?? "") \($0["action"] ?? "") \($0["ref"] ?? "")" }
            }
            #expect(try made(by: "ls -lR .; stat acme/web/db/vars/A; find .", as: alice).isEmpty)
            #expect(said(try made(by: "cat acme/web/db/env", as: alice)) == ["allow open acme/web/db/env"])
            #expect(said(try made(by: "cat acme/web/db/vars/A", as: .root)) == ["deny open acme/web/db/vars/A"])
            for (script, caller) in [
                ("echo x > acme/web/db/vars/A", bob), ("echo x > acme/web/db/vars/NEW", bob), ("rm acme/web/db/vars/NEW", bob),
                ("mkdir acme/web/db/files/d", bob), ("mv acme/web/db/files/f acme/web/db/files/d/f", bob),
                ("mkdir acme/app", .root),
                ("rmdir acme/app", .root), ("mv acme/web/db acme/web/database", .root), ("mv acme/web/database acme/web/db", .root),
                ("setfacl -m u:1005:rx acme/web/db", .root), ("tacit grant acme/web/db 1005 read", .root), ("tacit lock", .root),
                ("tacit unlock", .root),
            ] {
                let lines = said(try made(by: script, as: caller))
                #expect(!lines.isEmpty && lines.allSatisfy { $0.hasPrefix("allow ") }, "\(script): \(lines)")
            }
            for (script, caller) in [
                ("tacit grant acme/web/db 1004 read", alice), ("tacit lock", alice), ("cat acme/web/db/vars/A", .root),
            ] {
                let lines = said(try made(by: script, as: caller))
                #expect(lines.contains { $0.hasPrefix("deny ") }, "\(script): \(lines)")
            }
            #expect(try mount.tacit("audit", "--verify").orThrow().text.contains("none changed"))
            #expect(try mount.tacit("audit").orThrow().lines.count >= count)
            try expect(mount.tacit("audit", as: alice).ending, .exited(3))
        }
    }

    /// What is done to the log, a name and a program that changes its lines.
    static let damages: [(name: String, sed: String)] = [
        ("a changed line", "5s/\"uid\":[0-9]*/\"uid\":7/"), ("a removed line", "5d"), ("an inserted line", "5p"),
        ("a cut tail", "$d"), ("two lines swapped", "5{h;d};6G"), ("the first removed", "1d"), ("an empty line", "5G"),
        ("not JSON", "5s/.*/hello/"),
    ]

    @Test(arguments: damages.map(\.name))
    func `is found by --verify:`(damage: String) throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            for _ in 0..<10 { _ = try mount.read("acme/web/db/vars/A", as: alice) }
            try mount.tacit("audit", "--verify").orThrow()
            let sed = try #require(Audit.damages.first { $0.name == damage }).sed
            try mount.must(
                "sed '\(sed)' \(mount.audit) > $SCRATCH/damaged; cat $SCRATCH/damaged > \(mount.audit)")
            let outcome = try mount.tacit("audit", "--verify")
            #expect(outcome.ending == .exited(7), "\(outcome)")
            // Of a shorter file the daemon may say so first.
            if sed.hasPrefix("5"), !outcome.complaint.contains("its file was cut short") {
                #expect(outcome.complaint.contains("line 5") || outcome.complaint.contains("line 6"), "\(outcome)")
            }
            try expect(mount.tacit("doctor").ending, .exited(7))
        }
    }

    @Test func `a file that is taken away while the daemon writes is noticed without a signal`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            /// Takes the file away with a script, and waits for the next one.
            func take(_ script: String) throws {
                try mount.must(script)
                try Wait.until("a new audit log", seconds: 20) { FileManager.default.fileExists(atPath: mount.audit) }
                try expect(mount.read("acme/web/db/vars/A", as: alice), "value of A")
                #expect(try mount.auditLog().contains { $0["action"] as? String == "open" })
            }
            try take("mv \(mount.audit) \(mount.audit).1")
            try mount.tacit("audit", "--verify").orThrow()
            try mount.tacit("doctor").orThrow()
            try take("rm \(mount.audit)")
            for outcome in [try mount.tacit("audit", "--verify"), try mount.tacit("doctor")] {
                #expect(outcome.ending == .exited(7) && (outcome.text + outcome.complaint).contains("removed"), "\(outcome)")
            }
            // A restart believes its own file, and the next one is whole.
            _ = try mount.crash()
            try mount.start()
            try expect(mount.tacit("audit", "--verify").ending, .exited(7))
            try mount.must("mv \(mount.audit) \(mount.audit).2")
            mount.daemon?.signal(SIGHUP)
            try Wait.until("a new audit log", seconds: 20) { FileManager.default.fileExists(atPath: mount.audit) }
            try mount.tacit("audit", "--verify").orThrow()
            try mount.tacit("doctor").orThrow()
        }
    }

    @Test func `the chain goes on over restarts, crashes and rotations`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try mount.stop()
            try mount.start()
            try mount.tacit("audit", "--verify").orThrow()
            _ = try mount.read("acme/web/db/vars/A", as: alice)
            _ = try mount.crash()
            try mount.start()
            try mount.tacit("audit", "--verify").orThrow()
            try mount.must("mv \(mount.audit) \(mount.audit).1")
            mount.daemon?.signal(SIGHUP)
            try Wait.until("a new audit log", seconds: 5) { FileManager.default.fileExists(atPath: mount.audit) }
            try expect(mount.read("acme/web/db/vars/A", as: alice), "value of A")
            #expect(try mount.auditLog().contains { $0["action"] as? String == "open" })
            try mount.tacit("audit", "--verify").orThrow()
            try expect(mount.must("stat -c %a \(mount.audit) \(mount.audit).1"), "600\n600")
        }
    }

    @Test func `what can't be logged is not handed out, EIO`() throws {
        let small = try Scratch()
        let folder = try small.folder("log")
        try Command("mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tacit-test", folder).run().orThrow()
        defer { _ = try? Command("umount", "-l", folder).run() }
        var options = Mount.Options()
        options.audit = folder + "/audit.log"
        options.expectedOutput = ["audit"]
        try withMount(options) { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try expect(mount.read("acme/web/db/vars/A", as: alice), "value of A")
            _ = try mount.run("cat /dev/zero > \(folder)/filler")
            // What is left of the log's last page may take a few lines more.
            var answers: [String] = []
            for _ in 0..<40 { answers.append(try mount.probe("read", "acme/web/db/vars/A", as: alice)) }
            #expect(answers.suffix(5) == Array(repeating: "open EIO", count: 5))
            #expect(try mount.probe("write", "wct", "acme/web/db/vars/A", "unlogged", as: bob).hasSuffix(" ENOSPC"))
            try expect(mount.probe("mkdir", "acme/app"), "mkdir ENOSPC")
            try mount.must("rm \(folder)/filler")
            try expect(mount.read("acme/web/db/vars/A", as: alice), "value of A")
            try expect(mount.probe("stat", "acme/app"), "stat ENOENT")
            try mount.tacit("audit", "--verify").orThrow()
        }
    }
}
