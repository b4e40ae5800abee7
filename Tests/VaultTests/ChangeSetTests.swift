// SPDX-License-Identifier: MIT

import Foundation
import Linux
import Secrets
import Testing

@testable import Vault

/// What a change tells of itself, and that it waits for the commit with everything else that it does. That it forgets nothing is
/// ShadowKernelTests' to show.
@Suite struct ChangeSetTests {
    private final class Observer: ContentObserver {
        let told = Box<[ChangeSet]>([])
        func forgetValues() {}
        func forget(_ changes: ChangeSet, by uid: UInt32) { told.change { $0.append(changes) } }
    }

    /// Reads all of `acme`, which its owner does not.
    private let reader = Safe.caller(1000)

    private func safe() throws -> (Safe, Observer) {
        let safe = try Safe()
        try safe.furnish()
        try safe.apply("acme/web/db", ["vars/A": "one", "files/a": "x"])
        try safe.grant([.read, .list], to: .user(1000), on: "acme")
        let observer = Observer()
        safe.vault.observe(observer)
        return (safe, observer)
    }

    @Test func `the generation grows by one with each change`() throws {
        let (safe, observer) = try safe()
        for number in 1...5 { try safe.write("\(number)", to: "acme/web/db/vars/A") }
        _ = refusal { try safe.mkdir("acme/web/db/x") }
        try safe.write("6", to: "acme/web/db/vars/A")
        let generations = observer.told.value.map(\.generation)
        #expect(generations == Array(generations[0]...generations[0] + 5))
        // It is the store's, and goes on after a restart.
        try safe.restart()
        safe.vault.observe(observer)
        try safe.write("7", to: "acme/web/db/vars/A")
        // One for the stop.
        #expect(observer.told.value.last?.generation == generations[0] + 7)
        let state = try safe.vault.store.read { store throws(VaultError) in try store.readState() }
        #expect(state?.generation == generations[0] + 7)
    }

    @Test func `events say what was done`() throws {
        let (safe, observer) = try safe()
        func events(_ body: () throws -> Void) throws -> [String] {
            observer.told.change { $0 = [] }
            try body()
            return observer.told.value.flatMap(\.events).map { "\($0.action) \($0.reference)\($0.version.map { " \($0)" } ?? "")" }
        }
        #expect(try events { try safe.mkdir("acme/api") } == ["made acme/api"])
        #expect(try events { try safe.write("two", to: "acme/web/db/vars/A") } == ["written acme/web/db/vars/A 2"])
        #expect(
            try events { try safe.apply("acme/web/new", ["vars/A": "x"], description: "d") }
                == ["made acme/web/new", "written acme/web/new/vars/A 1"])
        #expect(try events { try safe.apply("acme/web/new", [:], description: "e") } == ["described acme/web/new"])
        #expect(try events { try safe.grant([.read], to: .user(1001), on: "acme/web") } == ["granted acme/web"])
        #expect(try events { try safe.rename("acme/web/new", to: "acme/web/newer") } == ["renamed acme/web/new"])
        #expect(try events { try safe.remove("acme/web/newer") } == ["deleted acme/web/newer"])
        #expect(try events { try safe.restore("acme/web/newer") } == ["restored acme/web/newer"])
        #expect(try events { try safe.remove("acme/web/newer", purge: true) } == ["destroyed acme/web/newer"])
        // A copy reads too: that is in the log, and is no change.
        try safe.grant([.read, .list, .write], to: .user(1000), on: "acme")
        #expect(
            try events { try safe.copy("acme/web/db/vars/A", to: "acme/web/db/vars/B", by: reader) }
                == ["written acme/web/db/vars/B 1"])
        #expect(try events { _ = refusal { try safe.mkdir("acme/web", by: Safe.caller(1002)) } } == [])
    }

    @Test func `the kernel is told before the answer or with it`() throws {
        let (safe, observer) = try safe()
        try safe.write("two", to: "acme/web/db/vars/A")
        #expect(observer.told.value.count == 1)
        let mount = Caller(uid: Safe.owner, gid: Safe.owner, pid: 1, comm: [], action: "write", tellsKernel: true, groups: { [] })
        let commit = try safe.write("three", to: "acme/web/db/vars/A", by: mount)
        #expect(observer.told.value.count == 1)
        #expect(commit.changes.inodes.contains(try safe.inode("acme/web/db/vars/A")))
    }

    @Test func `keys of destroyed versions are forgotten`() throws {
        let safe = try Safe(versionLimit: 2)
        try safe.furnish()
        try safe.grant([.read], to: .user(1000), on: "acme")
        for text in ["one", "two"] {
            try safe.write(text, to: "acme/web/db/vars/A")
            #expect(try safe.holds(text, "acme/web/db/vars/A", for: reader))
        }
        let node = try safe.inode("acme/web/db/vars/A").node
        // The second was opened, and goes with its item; the first goes with a third.
        let first = try #require(try safe.vault.store.read { store throws(VaultError) in try store.version(1, of: node) })
        #expect(safe.vault.keyring.keepsDataKey(of: first.id))
        try safe.write("three", to: "acme/web/db/vars/A")
        #expect(!safe.vault.keyring.keepsDataKey(of: first.id))
        let second = try #require(try safe.vault.store.read { store throws(VaultError) in try store.version(2, of: node) })
        #expect(safe.vault.keyring.keepsDataKey(of: second.id))
        try safe.remove("acme/web/db")
        #expect(safe.vault.keyring.keepsDataKey(of: second.id))
        try safe.vault.purge(try safe.deletedID("acme/web/db"), by: safe.owner)
        #expect(!safe.vault.keyring.keepsDataKey(of: second.id))
    }

    /// One that shares a transaction with another may have to run again.
    @Test func `a change that runs twice is made once`() throws {
        let (safe, observer) = try safe()
        safe.vault.store.rehearses = true
        let before = safe.auditLines.count
        try safe.apply("acme/web/db", ["vars/A": "two", "vars/B": "b"])
        _ = refusal { try safe.write("x", to: "acme/web/db/vars/A", by: Safe.caller(1009)) }
        _ = refusal { try safe.rename("acme/web/db", to: "acme/web/d2", by: Safe.caller(1009)) }
        let lines = safe.auditLines.dropFirst(before)
        #expect(lines.count { $0.contains("\"verdict\":\"allow\"") } == 2)
        #expect(lines.count { $0.contains("\"verdict\":\"deny\"") } == 2)
        #expect(observer.told.value.flatMap(\.events).count == 2)
        #expect(try safe.vault.history(try safe.reference("acme/web/db/vars/A"), for: safe.owner).map(\.number) == [2, 1])
    }

    /// What a change that failed had logged of what it did is not told: it did nothing.
    @Test func `of a change that fails only refusals are logged`() throws {
        let (safe, _) = try safe()
        try safe.grant([.list, .write], to: .user(1001), on: "acme/web")
        try safe.grant([.read], to: .user(1001), on: "acme/web/db/vars/A")
        let before = safe.auditLines.count
        // The second item is one that they may not read.
        #expect(refusal { try safe.copy("acme/web/db", to: "acme/web/copy", by: Safe.caller(1001)) } == "denied")
        // It has no place where it is to go, after something was written.
        #expect(refusal { try safe.apply([("acme/web/db", ["vars/A": "new"]), ("acme/web/no@ne", ["vars/A": "x"])]) } != nil)
        let lines = safe.auditLines.dropFirst(before)
        #expect(lines.count == 1 && lines.first?.contains("\"verdict\":\"deny\"") == true)
        #expect(lines.first?.contains("acme/web/db/files/a") == true)
        #expect(try safe.holds("one", "acme/web/db/vars/A", for: reader))
    }
}
