// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// `history`, `rollback`, `show`, `rm`, `restore`, `mv`, `cp`.
@Suite struct CommandsVersions {
    /// A secret with a variable of three versions, the second the at.canary.
    private func makeVersions(_ at: Watched) throws {
        try at.must("create", "acme/web/db", "-e", "A=1", as: alice)
        try at.must("set", "acme/web/db/vars/A", "-", as: alice, input: at.canary)
        try at.must("set", "acme/web/db/vars/A", "333", as: alice)
        try at.mount.grant("read,write,manage", on: "acme/web", to: "user:1001")
    }

    @Test func `history tells who, when and how large, and no value`() throws {
        try watched { at in
            try makeVersions(at)
            let lines = try at.must("history", "acme/web/db/vars/A", as: alice).components(separatedBy: "\n")
            let words = lines.map { $0.split(separator: " ").map(String.init) }
            expect(words.first, ["VERSION", "AGE", "BY", "SIZE", "ITEM"])
            expect(words.dropFirst().map { $0[0] }, ["3", "2", "1"])
            expect(words.dropFirst().map { $0[3] }, ["3", "\(at.canary.utf8.count)", "1"])
            #expect(words.dropFirst().allSatisfy { $0[1].hasSuffix("s") && $0[2] == Accounts.shown(uid: 1001) }, "\(lines)")
            expect(words.dropFirst().map { $0.last == "current" }, [true, false, false])
            let versions = try #require(try at.json("history", "acme/web/db", as: alice)["versions"] as? [[String: Any]])
            expect(versions.map { $0["author"] as? Int }, [1001, 1001, 1001])
            try expect(at.tacit("history", "acme/web/db", as: mallory).succeeded, false)
        }
    }

    @Test func `rollback brings an older value back as a new version, shown to nobody`() throws {
        try watched { at in
            try makeVersions(at)
            try expect(
                at.must("rollback", "acme/web/db/vars/A", "2", as: alice),
                "acme/web/db/vars/A has version 4, the same as version 2")
            try expect(at.value("acme/web/db/vars/A", as: alice), at.canary)
            try at.mount.grant("write", on: "acme/web/db", to: "user:1002")
            // alice may read since a grant that is newer than the first version: whoever brings that back to her may read it too.
            let refused = try at.tacit("rollback", "acme/web/db/vars/A", "1", as: bob)
            expect(refused.ending, .exited(3))
            #expect(refused.complaint.contains("more users could read or run it there, which takes read or manage"), "\(refused)")
            // The version that she has read comes back by whoever may write.
            try at.must("set", "acme/web/db/vars/A", "5", as: bob)
            try at.must("rollback", "acme/web/db/vars/A", "4", as: bob)
            try expect(at.value("acme/web/db/vars/A", as: alice), at.canary)
            try at.mount.grant("read", on: "acme/web/db/vars/A", to: "user:1002")
            try at.must("rollback", "acme/web/db/vars/A", "1", as: bob)
            try expect(at.value("acme/web/db/vars/A", as: alice), "1")
            for (version, status) in [("9", 4), ("0", 2), ("x", 2), ("99999999999999999999", 2)] as [(String, Int32)] {
                try expect(at.tacit("rollback", "acme/web/db/vars/A", version, as: alice).ending, .exited(status))
            }
        }
    }

    @Test func `show prints names, and of a version who made it`() throws {
        try watched { at in
            try makeVersions(at)
            let shown = try at.must("show", "acme/web/db", as: alice)
            #expect(shown.hasPrefix("apiVersion: v1beta\nkind: Secret\nmetadata:\n  name: db\n") && shown.contains("  - name: A"))
            let version = try at.must("show", "acme/web/db/vars/A", "--version", "2", as: alice)
            expect(version.components(separatedBy: "\n").count, 2)
            #expect(version.contains(" \(at.canary.utf8.count) "))
            try expect(at.tacit("show", "acme/web/db/vars/A", "--version", "7", as: alice).ending, .exited(4))
        }
    }

    @Test func `what is removed can be restored for a week, with its versions`() throws {
        try watched { at in
            try makeVersions(at)
            try at.must("rm", "acme/web/db", as: alice)
            try expect(at.tacit("get", "acme/web/db", as: alice).ending, .exited(4))
            #expect(!(try at.mount.run("test -e acme/web/db").succeeded))
            let row = try #require(try at.must("ls", "--deleted", as: alice).components(separatedBy: "\n").last)
                .split(separator: " ").map(String.init)
            expect(row[0], "acme/web/db")
            #expect(["6d", "7d"].contains(row[2]) && row[3] == Accounts.shown(uid: 1001), "\(row)")
            try expect(at.must("restore", "acme/web/db", as: alice), "acme/web/db")
            try expect(at.value("acme/web/db", as: alice), "333")
            try expect(at.must("history", "acme/web/db", as: alice).components(separatedBy: "\n").count, 4)
            // By its id, and to another place.
            try at.must("rm", "acme/web/db", as: alice)
            let deleted = try #require(try at.json("ls", "--deleted", as: alice)["deleted"] as? [[String: Any]])
            let id = try #require(deleted.first?["id"] as? String)
            try expect(at.must("restore", id, "--to", "acme/web/again", as: alice), "acme/web/again")
            try expect(at.value("acme/web/again", as: alice), "333")
        }
    }

    @Test func `what is to be restored where nothing is any more says so, and can be put elsewhere`() throws {
        try watched { at in
            try at.must("project", "create", "acme/old")
            try at.mount.grant("manage,read,write", on: "acme", to: "user:1001")
            try at.must("create", "acme/old/db", "-e", "A=-", as: alice, input: at.canary)
            try at.must("rm", "acme/old/db", as: alice)
            try at.must("project", "rm", "acme/old")
            let gone = try at.tacit("restore", "acme/old/db", as: alice)
            expect(gone.ending, .exited(4))
            expect(gone.complaint, "tacit: acme/old: no such project\nhint: tacit restore --to REF puts it elsewhere\n")
            try expect(at.must("restore", "acme/old/db", "--to", "acme/web/db", as: alice), "acme/web/db")
            try expect(at.value("acme/web/db/vars/A", as: alice), at.canary)
        }
    }

    @Test func `restore puts nothing over what is there`() throws {
        try watched { at in
            try makeVersions(at)
            try at.must("rm", "acme/web/db", as: alice)
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            let taken = try at.tacit("restore", "acme/web/db", as: alice)
            #expect(taken.ending == .exited(8), "\(taken)")
            try expect(at.value("acme/web/db", as: alice), at.canary)
            try expect(at.tacit("restore", "acme/web/never", as: alice).ending, .exited(4))
        }
    }

    @Test func `rm of an item leaves the others`() throws {
        try watched { at in
            try makeVersions(at)
            try at.must("set", "acme/web/db", "B=-", as: alice, input: at.canary)
            try at.must("rm", "acme/web/db/vars/A", as: alice)
            try expect(at.value("acme/web/db", as: alice), at.canary)
            try at.must("restore", "acme/web/db/vars/A", as: alice)
            try expect(at.value("acme/web/db/vars/A", as: alice), "333")
        }
    }

    @Test func `rm with purge destroys, also what was removed before`() throws {
        try watched { at in
            try makeVersions(at)
            try at.must("rm", "acme/web/db", as: alice)
            let deleted = try #require(try at.json("ls", "--deleted", as: alice)["deleted"] as? [[String: Any]])
            let id = try #require(deleted.first?["id"] as? String)
            try at.must("rm", "--purge", id, as: alice)
            try expect(at.tacit("restore", id, as: alice).ending, .exited(4))
            try expect(at.must("ls", "--deleted", as: alice).components(separatedBy: "\n").count, 1)
        }
    }

    @Test func `mv renames, and says where to go for another scope`() throws {
        try watched { at in
            try makeVersions(at)
            try at.must("mv", "acme/web/db", "acme/web/base", as: alice)
            try expect(at.value("acme/web/base", as: alice), "333")
            try expect(at.tacit("get", "acme/web/db", as: alice).ending, .exited(4))
            try at.must("create", "acme/web/other", "-e", "A=-", as: alice, input: at.canary)
            try expect(at.tacit("mv", "acme/web/base", "acme/web/other", as: alice).succeeded, false)
            let far = try at.tacit("mv", "acme/web/base", "user/base", as: alice)
            #expect(!far.succeeded && far.complaint.contains("hint: "), "\(far)")
        }
    }

    @Test func `cp copies without showing, logs the read, and overwrites only when told`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            try at.must("cp", "acme/web/db", "user/db", as: alice)
            try expect(at.value("user/db", as: alice), at.canary)
            #expect(try at.mount.auditLog().contains { $0["action"] as? String == "copy" && $0["uid"] as? Int == 1001 })
            let taken = try at.tacit("cp", "acme/web/db", "user/db", as: alice)
            #expect(taken.ending == .exited(8), "\(taken)")
            try at.must("set", "acme/web/db", "A=2", as: alice)
            try at.must("cp", "--overwrite", "acme/web/db", "user/db", as: alice)
            try expect(at.value("user/db", as: alice), "2")
            // Bob may write, and gets no copy of what he may not read.
            try at.mount.grant("write", on: "acme/web/db", to: "user:1002")
            try expect(at.tacit("cp", "acme/web/db", "user/db", as: bob).ending, .exited(3))
        }
    }
}
