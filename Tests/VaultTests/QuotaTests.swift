// SPDX-License-Identifier: MIT

import Foundation
import Linux
import SQLite
import Secrets
import Testing

@testable import Vault

/// What a home may hold, and a secret of variables.
@Suite struct QuotaTests {
    private let user = Safe.caller(1001)
    private let other = Safe.caller(1002)
    private static let home = NodeID(home: 1001)

    private func safe(_ change: (inout Shares) -> Void) throws -> Safe {
        let safe = try Safe()
        change(&safe.configuration.shares)
        try safe.restart()
        try safe.mkdir(".users/1001/own", by: user)
        return safe
    }

    /// What the ledger says of the home, and what counting it anew does.
    private func usage(_ safe: Safe) throws -> (kept: HomeUsage?, counted: HomeUsage) {
        let kept = safe.vault.caches.homes.usage(of: Self.home)
        let counted = try safe.vault.store.read { store throws(VaultError) in try store.usage(of: Self.home, HomeLedger()) }
        return (kept, counted)
    }

    /// The word of what is wrong, whatever it is about.
    private func cause(_ body: () throws -> Void) -> String? {
        do { try body() } catch let error as VaultError { return error.cause.word } catch { return "\(error)" }
        return nil
    }

    private func text(_ count: Int) -> String { String(repeating: "x", count: count) }

    @Test func `a full home takes no more until there is room`() throws {
        let safe = try safe { $0.homeSize = 1000 }
        try safe.write(text(600), to: ".users/1001/own/files/a", by: user)
        #expect(refusal { try safe.write(text(401), to: ".users/1001/own/files/b", by: user) } == "quota")
        #expect(!safe.exists(".users/1001/own/files/b"))
        try safe.write(text(400), to: ".users/1001/own/files/b", by: user)
        // A version more of the same, and the socket's way.
        #expect(refusal { try safe.write("y", to: ".users/1001/own/files/b", by: user) } == "quota")
        #expect(refusal { try safe.apply("user/own", ["vars/A": "y"], by: user) } == "quota")
        #expect(refusal { try safe.apply("user/own", [:], description: "y", by: user) } == "quota")
        // Others, and what takes nothing, go on.
        try safe.mkdir(".users/1002/own", by: other)
        try safe.write(text(1000), to: ".users/1002/own/files/a", by: other)
        try safe.rename(".users/1001/own/files/a", to: ".users/1001/own/files/c", by: user)
        try safe.unlink(".users/1001/own/files/c", by: user)
        try safe.write(text(600), to: ".users/1001/own/files/d", by: user)
        #expect(safe.isSound)
    }

    @Test func `what was deleted first makes room first`() throws {
        let safe = try safe { $0.homeSize = 1000 }
        for name in ["a", "b", "c"] { try safe.write(text(300), to: ".users/1001/own/files/\(name)", by: user) }
        for name in ["b", "a"] { try safe.remove("user/own/files/\(name)", by: user) }
        // Within the quota nothing goes.
        try safe.write(text(100), to: ".users/1001/own/files/d", by: user)
        #expect(try safe.deleted(for: user).count == 2)
        try safe.write(text(1), to: ".users/1001/own/files/e", by: user)
        #expect(try safe.deleted(for: user) == [".users/1001/own/files/a"])
        #expect(safe.logged("\"expire\"", "own/files/b", "destroyed to make room", "\"uid\":1001") == 1)
        // If all of it does not suffice, all of it is still there.
        #expect(refusal { try safe.write(text(999), to: ".users/1001/own/files/e", by: user) } == "quota")
        #expect(try safe.deleted(for: user) == [".users/1001/own/files/a"])
        #expect(safe.logged("destroyed to make room") == 1)
        #expect(safe.isSound)
    }

    /// A change that can't be made, whatever is destroyed for it, destroys nothing first: everybody's changes would wait for that.
    @Test func `what cannot be made destroys nothing`() throws {
        let safe = try safe { $0.homeSize = 1000 }
        for turn in 0..<50 { try safe.write(text(10), to: ".users/1001/own/files/f\(turn)", by: user) }
        for turn in 0..<49 { try safe.remove("user/own/files/f\(turn)", by: user) }
        func rowsChanged() throws -> Int64 {
            try safe.vault.store.write { store throws(VaultError) in
                try store.rows("SELECT total_changes()", []) { $0.integer(0) }.first ?? 0
            }.value
        }
        let before = try rowsChanged()
        #expect(cause { try safe.apply("user/own", ["files/g": text(991)], by: user) } == "quota")
        #expect(try rowsChanged() - before < 49)
        #expect(try safe.deleted(for: user).count == 49)
        // What fits to the byte, with a description that goes with what it is about, is made.
        try safe.apply("user/other", ["files/g": text(1)], description: text(99), by: user)
        try safe.remove("user/other", by: user)
        try safe.apply("user/own", ["files/g": text(990)], by: user)
        #expect(try safe.deleted(for: user).isEmpty)
    }

    /// What is to go first is told by an index, however much can be restored.
    @Test func `what is deleted is listed in its order`() throws {
        let safe = try safe { _ in }
        let plan = try safe.vault.store.read { store throws(VaultError) in
            try store.rows("EXPLAIN QUERY PLAN " + StoreConnection.deletedNodes, [.integer(1)]) {
                String(decoding: $0.bytes(3), as: UTF8.self)
            }
        }
        #expect(plan.count == 1 && plan.first?.contains("INDEX deleted_scope") == true, "\(plan)")
    }

    @Test func `a damaged row is not in the way of others`() throws {
        let safe = try safe { $0.homeSize = 1000 }
        for name in ["a", "b", "c"] { try safe.write(text(300), to: ".users/1001/own/files/\(name)", by: user) }
        for name in ["a", "b"] { try safe.remove("user/own/files/\(name)", by: user) }
        try StoreFile(safe.configuration.storePath).connection.execute(
            "UPDATE deleted SET seal = zeroblob(length(seal)) WHERE node = (SELECT node FROM deleted ORDER BY time, node LIMIT 1)")
        try safe.write(text(200), to: ".users/1001/own/files/d", by: user)
        #expect(safe.logged("\"expire\"", "own/files/b", "destroyed to make room") == 1)
        #expect(!safe.isSound)
    }

    @Test func `items are counted too`() throws {
        let safe = try safe { $0.homeItems = 4 }
        try safe.write("x", to: ".users/1001/own/vars/A", by: user)
        try safe.mkdir(".users/1001/own/files/f", by: user)
        try safe.write("x", to: ".users/1001/own/files/f/g", by: user)
        #expect(refusal { try safe.mkdir(".users/1001/more", by: user) } == "quota")
        #expect(refusal { try safe.write("A=1\nB=2\n", to: ".users/1001/own/env", by: user) } == "quota")
        // At creat(2) already.
        #expect(
            refusal { _ = try safe.vault.authorizeCreate(Array("B".utf8), in: try safe.inode(".users/1001/own/vars"), by: user) } == "quota"
        )
        try safe.remove("user/own/files/f", by: user)
        // Both that were deleted go together: they are one.
        try safe.mkdir(".users/1001/more", by: user)
        #expect(try safe.deleted(for: user).isEmpty)
    }

    @Test func `root and the owner have none`() throws {
        let safe = try safe { ($0.homeSize, $0.homeItems, $0.homeSecretItems, $0.secretItems) = (1, 1, 1, 1) }
        for uid in [0, Safe.owner] {
            let caller = Safe.caller(uid)
            try safe.mkdir(".users/\(uid)/own", by: caller)
            try safe.write("A=1\nB=2\nC=3\n", to: ".users/\(uid)/own/env", by: caller)
        }
        try safe.furnish()
        try safe.write("A=1\nB=2\nC=3\n", to: "acme/web/db/env")
    }

    /// Every way in which a home grows or shrinks: what is kept is what there is, also of what failed.
    @Test func `what is kept is what there is`() throws {
        let safe = try safe { $0.homeSize = 100_000 }
        let own = ".users/1001/own"
        func check(_ location: SourceLocation = #_sourceLocation) throws {
            let (kept, counted) = try usage(safe)
            #expect(kept == counted, sourceLocation: location)
        }
        try safe.write("one", to: own + "/vars/A", by: user)
        try check()
        let commit = try safe.write("other", to: own + "/vars/A", by: user)
        try check()
        try safe.write("superseding", to: own + "/vars/A", superseding: commit.versions, by: user)
        try check()
        for turn in 0..<15 { try safe.write(text(turn), to: own + "/files/f", by: user) }
        try check()
        try safe.apply("user/own", ["files/d/e/f": "deep", "vars/B": "two"], description: "described", by: user)
        try safe.apply("user/own", [:], description: "", policy: AccessPolicy.Change(debug: false), by: user)
        try check()
        try safe.write("C=3\nD=4\n", to: own + "/env", by: user)
        try check()
        try safe.remove("user/own/files/d", by: user)
        try check()
        try safe.restore(".users/1001/own/files/d", by: user)
        try check()
        try safe.remove("user/own/files/d", by: user)
        try safe.mkdir(".users/1001/own2", by: user)
        try safe.copy("user/own", to: "user/copy", by: user)
        try check()
        #expect(refusal { try safe.write(text(100_000), to: own + "/files/big", by: user) } == "quota")
        try check()
        try safe.rename(own + "/files/f", to: own + "/files/g", by: user)
        try safe.unlink(own + "/files/g", by: user)
        try safe.rmdir(".users/1001/own2", by: user)
        try check()
        for path in try safe.deleted(for: user) { try safe.vault.purge(safe.deletedID(path), by: user) }
        try safe.remove("user/copy", purge: true, by: user)
        try check()
        try safe.remove("user/own", purge: true, by: user)
        try check()
        #expect(try usage(safe).counted == HomeUsage())
        // After a restart it is counted anew, in the middle of the change that asks first.
        try safe.mkdir(".users/1001/own", by: user)
        try safe.write("x", to: own + "/vars/A", by: user)
        try safe.restart()
        #expect(try usage(safe).kept == nil)
        try safe.write("yy", to: own + "/vars/A", by: user)
        #expect(try usage(safe).kept == HomeUsage(bytes: 3, items: 2))
    }

    @Test func `room is seen before the last byte`() throws {
        let safe = try safe { $0.homeSize = 1000 }
        try safe.write(text(500), to: ".users/1001/own/files/a", by: user)
        try safe.write(text(400), to: ".users/1001/own/files/b", by: user)
        let file = WriteTarget.item(try safe.inode(".users/1001/own/files/b"))
        let env = try safe.inode(".users/1001/own/env")
        func fits(_ bytes: Int, _ target: WriteTarget, _ caller: Caller? = nil) -> Bool {
            (try? safe.vault.checkRoom(for: bytes, in: target, by: caller ?? user)) != nil
        }
        #expect(fits(100, file) && !fits(101, file))
        try safe.remove("user/own/files/a", by: user)
        #expect(fits(600, file) && !fits(601, file))
        #expect(fits(5000, file, safe.owner))
        // What goes with the commit is not in its way.
        for turn in 1...10 { try safe.write(text(30 + turn), to: ".users/1001/own/vars/A", by: user) }
        let used = try usage(safe).counted.bytes
        let variable = WriteTarget.item(try safe.inode(".users/1001/own/vars/A"))
        let room = 1000 - Int(used) + 31
        #expect(fits(room, variable) && !fits(room + 1, variable))
        #expect(fits(room, .environment(env, merge: true)) && !fits(room + 1, .environment(env, merge: true)))
        #expect(fits(1000 - 400, .environment(env, merge: false)) && !fits(1000 - 400 + 1, .environment(env, merge: false)))
    }

    /// A secret that the same change makes is in a home as well, and counted once.
    @Test func `a new secret has no more variables`() throws {
        let safe = try safe { ($0.homeSecretItems, $0.secretItems) = (2, 3) }
        try safe.furnish()
        try safe.grant([.read, .write, .list], to: .user(1001), on: "acme")
        try safe.apply("acme/web/many", ["vars/A": "1", "vars/B": "2", "vars/C": "3"])
        #expect(cause { try safe.apply("user/new", ["vars/A": "1", "vars/B": "2", "vars/C": "3"], by: user) } == "tooMany")
        #expect(
            cause { try safe.apply("acme/web/new", ["vars/A": "1", "vars/B": "2", "vars/C": "3", "vars/D": "4"], by: user) } == "tooMany")
        #expect(cause { try safe.copy("acme/web/many", to: "user/new", by: user) } == "tooMany")
        #expect(!safe.exists(".users/1001/new") && !safe.exists("acme/web/new"))
        // Of two, one has too many.
        #expect(
            cause {
                try safe.apply(
                    [("user/one", ["vars/A": "1", "vars/B": "2"]), ("user/own", ["vars/A": "1", "vars/B": "2", "vars/C": "3"])], by: user)
            }
                == "tooMany")
        try safe.apply(
            [("user/one", ["vars/A": "1", "vars/B": "2"]), ("user/two", ["vars/A": "1", "vars/B": "2", "files/f": "3"])], by: user)
        try safe.apply("acme/web/new", ["vars/A": "1", "vars/B": "2", "vars/C": "3"], by: user)
        #expect(cause { try safe.apply("user/one", ["vars/C": "3"], by: user) } == "tooMany")
        // What goes in the same change makes room.
        try safe.apply("user/one", ["vars/A": nil, "vars/C": "3"], by: user)
        // Root has no limit.
        try safe.mkdir(".users/0/own", by: Safe.caller(0))
        try safe.apply("user/own", ["vars/A": "1", "vars/B": "2", "vars/C": "3"], by: Safe.caller(0))
    }

    @Test func `a secret has so many variables`() throws {
        let safe = try safe { ($0.homeSecretItems, $0.secretItems) = (2, 3) }
        try safe.furnish()
        try safe.grant([.write, .list], to: .user(1001), on: "acme")
        #expect(safe.vault.mostVariables(of: try safe.inode(".users/1001/own/env"), for: user) == 2)
        for (secret, most) in [(".users/1001/own", 2), ("acme/web/db", 3)] {
            for number in 0..<most { try safe.write("x", to: "\(secret)/vars/V\(number)", by: user) }
            #expect(refusal { try safe.write("x", to: "\(secret)/vars/NEW", by: user) } == "tooMany")
            let vars = try safe.inode("\(secret)/vars")
            #expect(refusal { _ = try safe.vault.authorizeCreate(Array("NEW".utf8), in: vars, by: user) } == "tooMany")
            let many = (0...most).map { "W\($0)=1\n" }.joined()
            #expect(refusal { try safe.write(many, to: "\(secret)/env", by: user) } == "tooMany")
            #expect(
                refusal { try safe.commit("NEW=1\n", to: .environment(try safe.inode("\(secret)/env"), merge: true), by: user) }
                    == "tooMany")
            let reference = secret.replacingOccurrences(of: ".users/1001", with: "user")
            #expect(cause { try safe.apply(reference, ["vars/NEW": "x"], by: user) } == "tooMany")
            // Others of the same number can take their place, and files are none of them.
            try safe.write((0..<most).map { "W\($0)=1\n" }.joined(), to: "\(secret)/env", by: user)
            try safe.apply(reference, ["files/f": "x"], by: user)
            try safe.remove("\(reference)/vars/W0", by: user)
            try safe.write("x", to: "\(secret)/vars/NEW", by: user)
            #expect(refusal { try safe.restore("\(secret)/vars/W0", by: user) } == "tooMany")
        }
        // What is there already can be written, whatever there was room for once.
        safe.configuration.shares.homeSecretItems = 1
        try safe.restart()
        try safe.write("y", to: ".users/1001/own/vars/NEW", by: user)
        try safe.commit("NEW=1\n", to: .environment(try safe.inode(".users/1001/own/env"), merge: true), by: user)
    }
}
