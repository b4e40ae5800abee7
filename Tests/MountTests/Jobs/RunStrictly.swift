// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import TestSupport
import Testing

/// `tacit run` places no file where somebody else can lead the way elsewhere.
@Suite struct RunStrictly {
    private func run(_ at: Watched, home: String, _ options: [String] = [], as caller: TestUser) throws -> Outcome {
        var command = at.command(["tacit", "run", "-p", "acme/web"] + options + ["--", "sh", "-c", "echo ran"], as: caller)
        command.environment["HOME"] = home
        return try command.run()
    }

    @Test func `root does not place files in the home of somebody else`() throws {
        try running { at in
            try at.mount.grant("run", on: "acme/web", to: "user:0")
            let home = try at.mount.scratch.folder("alice", mode: 0o700, owner: 1001)
            let outcome = try run(at, home: home, as: .root)
            #expect(outcome.ending == .exited(125), "\(outcome)")
            let name = Accounts.shown(uid: 1001)
            #expect(outcome.complaint.contains("can't place a file at \(home)/.ssh/id: \(home) belongs to \(name)\nhint: "), "\(outcome)")
            #expect(!outcome.text.contains("ran") && FileManager.default.subpaths(atPath: home) == [])
            // Nor through a link that she puts into a folder like /tmp, nor below one of hers.
            let shared = try at.mount.scratch.folder("shared", mode: 0o1777)
            #expect(unsafe chmod(shared, 0o1777) == 0)
            try at.mount.must("ln -s /root \(shared)/link", as: alice)
            let linked = try run(at, home: shared + "/link", as: .root)
            #expect(!linked.succeeded && linked.complaint.contains("\(shared)/link is a link of \(name)"), "\(linked)")
            // In her own name it is placed there.
            try expect(run(at, home: home, as: alice).orThrow().text, "ran")
        }
    }

    @Test func `nor a user where others may write`() throws {
        try running { at in
            let home = try at.mount.scratch.folder("open", mode: 0o755, owner: 1001)
            #expect(unsafe chmod(home, 0o775) == 0)
            let outcome = try run(at, home: home, as: alice)
            #expect(
                !outcome.succeeded && outcome.complaint.contains("others may change what is in \(home)\nhint: chmod go-w \(home)"),
                "\(outcome)")
            #expect(unsafe chmod(home, 0o755) == 0)
            try expect(run(at, home: home, as: alice).orThrow().text, "ran")
            // As mktemp -d makes it, in a folder like /tmp; and in that itself.
            let shared = try at.mount.scratch.folder("shared")
            #expect(unsafe chmod(shared, 0o1777) == 0)
            let own = try at.mount.must("mktemp -d \(shared)/XXXXXX", as: alice)
            try expect(run(at, home: own, as: alice).orThrow().text, "ran")
            try expect(run(at, home: shared, as: alice).orThrow().text, "ran")
            let file = try run(at, home: own, ["--file", "acme/web/db/vars/A:\(home)/sub/x"], as: alice)
            #expect(file.succeeded, "\(file)")
        }
    }
}
