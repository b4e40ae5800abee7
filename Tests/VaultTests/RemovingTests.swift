// SPDX-License-Identifier: MIT

import Linux
import Secrets
import Testing

@testable import Vault

/// What unlink(2) and rmdir(2) remove: it can be restored, it comes back with its name, and temporary names go by themselves.
@Suite struct RemovingTests {
    private let user = Safe.caller(1001)
    private let writer = Safe.caller(1002)
    private let one = Safe.caller(1004)
    private static let start: Int64 = 1_700_000_000_000_000
    private static let second: Int64 = 1_000_000

    /// Runs `body` so many seconds after the start of the test.
    @discardableResult
    private func at<Result>(_ seconds: Int64, _ body: () throws -> Result) rethrows -> Result {
        try SystemClock.$told.withValue(Self.start + seconds * Self.second) { try body() }
    }

    /// User 1001 reads and writes all, 1002 writes all, 1004 reads one variable and one file. All is older than a minute at 0.
    private func safe() throws -> Safe {
        try at(-1000) {
            let safe = try Safe()
            try safe.furnish()
            for right in [Rights.read, .write] { try safe.grant(right, to: .user(1001), on: "acme") }
            try safe.grant([.write], to: .user(1002), on: "acme")
            try safe.apply(
                "acme/web/db", ["vars/A": "one", "vars/B": "two", "files/conf": "x", "files/tls/old/key": "pem", "files/tls/key": "new"])
            try safe.apply("acme/web/db", ["vars/A": "second", "files/conf": "xx"])
            for path in ["vars/A", "files/conf"] { try safe.grant([.read], to: .user(1004), on: "acme/web/db/" + path) }
            return safe
        }
    }

    /// What rm(1) does with `-r`.
    private func removeTree(_ path: String, _ safe: Safe, by caller: Caller) throws {
        for entry in try safe.vault.list(try safe.inode(path), after: 0, limit: 1000, for: caller) {
            let child = path + "/" + String(decoding: entry.name, as: UTF8.self)
            if entry.form == .folder { try removeTree(child, safe, by: caller) } else { try safe.unlink(child, by: caller) }
        }
        try safe.rmdir(path, by: caller)
    }

    // MARK: Restoring

    @Test(arguments: ["vars/A", "files/conf"]) func `what is unlinked can be restored`(_ item: String) throws {
        let safe = try safe()
        let path = "acme/web/db/" + item
        let inode = try safe.inode(path)
        try at(0) { try safe.unlink(path, by: user) }
        #expect(!safe.exists(path))
        #expect(try safe.deleted() == [path])
        #expect(safe.logged("\"ref\":\"\(path)\"", "\"uid\":1001", "deleted, can be restored until") == 1)
        #expect(safe.isSound)
        try at(86_400) { try safe.restore(path, by: user) }
        #expect(try safe.inode(path) == inode)
        #expect(try safe.vault.history(try safe.reference(path), for: safe.owner).map(\.number) == [2, 1])
        #expect(try safe.holds(item == "vars/A" ? "second" : "xx", path, for: one))
        #expect(safe.isSound)
    }

    /// A tree that was removed name by name comes back as one, within what it lies in too.
    @Test(arguments: ["acme/web/db/files/tls", "acme/web/db", "acme/web", "acme"]) func `a tree comes back whole`(_ root: String) throws {
        let safe = try safe()
        try at(-900) {
            try safe.mkdir("acme/@org/common")
            try safe.write("c", to: "acme/@org/common/vars/C")
            // What was removed by itself long before stays removed.
            try safe.write("z", to: "acme/web/db/files/tls/gone")
            try safe.unlink("acme/web/db/files/tls/gone")
        }
        let before = try safe.items("acme/web/db", for: user)
        let nodes = try safe.nodeCount()
        try at(0) {
            if root == "acme/web" { try safe.rmdir("acme/web@prod") }
            try removeTree(root, safe, by: safe.owner)
        }
        #expect(!safe.exists(root))
        #expect(safe.isSound)
        try at(3600) {
            try safe.restore(root)
            if root == "acme/web" { try safe.restore("acme/web@prod") }
        }
        #expect(try safe.items("acme/web/db", for: user) == before)
        #expect(try safe.nodeCount() == nodes)
        #expect(try safe.holds("pem", "acme/web/db/files/tls/old/key", for: user))
        #expect(try safe.holds("second", "acme/web/db/vars/A", for: one))
        #expect(safe.exists("acme/@org/common/vars/C"))
        #expect(try safe.deleted() == ["acme/web/db/files/tls/gone"])
        #expect(safe.isSound)
    }

    /// Who writes only brings back what others removed as far as they might restore each by itself.
    @Test func `a tree shows nothing that aRestore would not`() throws {
        let safe = try safe()
        try at(0) { try safe.unlink("acme/web/db/files/tls/key", by: writer) }
        try at(10) { try safe.grant([.read], to: .user(1004), on: "acme/web/db/files/tls") }
        try at(20) {
            try safe.unlink("acme/web/db/files/tls/old/key", by: writer)
            try safe.rmdir("acme/web/db/files/tls/old", by: writer)
            try safe.rmdir("acme/web/db/files/tls", by: writer)
            try safe.restore("acme/web/db/files/tls", by: writer)
        }
        #expect(try safe.holds("pem", "acme/web/db/files/tls/old/key", for: one))
        #expect(!safe.exists("acme/web/db/files/tls/key"))
        #expect(refusal { try safe.restore("acme/web/db/files/tls/key", by: writer) } == "denied")
        #expect(safe.isSound)
    }

    @Test func `a name that is taken is not taken away`() throws {
        let safe = try safe()
        try at(0) { try safe.unlink("acme/web/db/vars/B", by: user) }
        try at(1) { try safe.write("other", to: "acme/web/db/vars/B", by: writer) }
        try at(2) { try removeTree("acme/web/db", safe, by: user) }
        try at(3) { try safe.restore("acme/web/db", by: user) }
        #expect(try safe.holds("A=second\nB=other\n", "acme/web/db/env", for: user))
        #expect(try safe.deleted() == ["acme/web/db/vars/B"])
        #expect(safe.isSound)
    }

    @Test func `scopes are restored as they are made`() throws {
        let safe = try safe()
        try at(0) { try removeTree("acme", safe, by: safe.owner) }
        #expect(refusal { try safe.restore("acme/web/db") } == "notFound")
        try at(100) { try safe.mkdir("acme") }
        #expect(refusal { try safe.restore("acme") } == "exists")
        #expect(refusal { try safe.restore("acme", to: "a/b") } == "notFound")
        #expect(try safe.restore("acme", to: "former") == "former")
        #expect(try safe.holds("second", "former/web/db/vars/A", for: one))
        // A target is one of a project. By another name it takes what renaming takes.
        try at(200) { for path in ["former/web@prod", "former/web/db"] { try safe.remove(path) } }
        try at(201) { try safe.remove("former/web") }
        #expect(refusal { try safe.restore("former/web@prod") } == "notFound")
        #expect(refusal { try safe.restore("former/web", to: "former/api", by: writer) } == "denied")
        #expect(try safe.restore("former/web", by: writer) == "former/web")
        try safe.restore("former/web@prod")
        #expect(safe.isSound)
        try at(300) { try safe.remove("former/web@prod", purge: true) }
        #expect(try safe.deleted().allSatisfy { !$0.hasSuffix("@prod") })
        #expect(safe.isSound)
    }

    // MARK: Taking back

    @Test(arguments: ["vars/A", "files/conf"]) func `a name takes its item back`(_ item: String) throws {
        let safe = try safe()
        let path = "acme/web/db/" + item
        let inode = try safe.inode(path)
        // As tar(1) does, and by who may only write; the last possible moment.
        for (index, caller) in [user, writer].enumerated() {
            let seconds = Int64(index) * 100
            try at(seconds) { try safe.unlink(path, by: caller) }
            let commit = try at(seconds + 60) { try safe.write("by \(caller.uid)", to: path, by: caller) }
            #expect(commit.inode == inode)
            #expect(try safe.inode(path) == inode)
            #expect(try safe.vault.history(try safe.reference(path), for: safe.owner).map(\.number).first == Int64(3 + index))
            #expect(try safe.holds("by \(caller.uid)", path, for: one))
            #expect(try safe.deleted() == [])
            #expect(safe.isSound)
        }
        // Whatever the way in.
        try at(200) { try safe.unlink(path, by: user) }
        try at(201) { try safe.apply("acme/web/db", [item: "set"], by: user) }
        #expect(try safe.holds("set", path, for: one))
        if item == "vars/A" {
            try at(300) { try safe.unlink(path, by: user) }
            try at(301) { try safe.write("A=env\nB=two\n", to: "acme/web/db/env", by: user) }
            #expect(try safe.holds("env", path, for: one))
        }
        #expect(try safe.inode(path) == inode)
        #expect(safe.isSound)
    }

    @Test func `others and later ones get aNew item`() throws {
        let safe = try safe()
        let path = "acme/web/db/files/conf"
        var known: Set<Inode> = [try safe.inode(path)]
        func expectNew(_ seconds: Int64, by caller: Caller, _ location: SourceLocation = #_sourceLocation) throws {
            try at(seconds) { try safe.write("new", to: path, by: caller) }
            #expect(known.insert(try safe.inode(path)).inserted, sourceLocation: location)
            #expect(refusal { _ = try safe.holds("new", path, for: one) } == "denied", sourceLocation: location)
        }
        try at(0) { try safe.unlink(path, by: user) }
        try expectNew(1, by: writer)
        try at(100) { try safe.unlink(path, by: user) }
        try at(161) { try safe.write("new", to: path, by: user) }
        #expect(known.insert(try safe.inode(path)).inserted)
        // What was removed by tacit rm was meant to go.
        try at(200) { try safe.remove(path, by: user) }
        try expectNew(201, by: user)
        // A restart forgets it.
        try at(300) { try safe.unlink(path, by: user) }
        try at(301) { try safe.restart() }
        try expectNew(302, by: user)
        // What is destroyed, or restored to another name, does not come back.
        try at(400) { try safe.unlink(path, by: user) }
        try at(401) { try safe.restore(path, to: "acme/web/db/files/else", by: user) }
        try expectNew(402, by: user)
        try at(500) { try safe.unlink(path, by: user) }
        try at(501) { try safe.vault.purge(try safe.deletedID(path), by: user) }
        try expectNew(502, by: user)
        // A folder of the name is no file.
        try at(600) { try safe.unlink(path, by: user) }
        try at(601) { try safe.mkdir(path, by: user) }
        try at(602) { try safe.rmdir(path, by: user) }
        try expectNew(603, by: user)
        #expect(safe.isSound)
    }

    /// Who writes only does not show older versions by it to somebody who was granted `read` meanwhile.
    @Test func `a take back never widens`() throws {
        let safe = try safe()
        let path = "acme/web/db/files/conf"
        let inode = try safe.inode(path)
        try at(0) { try safe.unlink(path, by: writer) }
        try at(1) { try safe.grant([.read], to: .user(1005), on: "acme/web/db/files") }
        try at(2) { try safe.write("new", to: path, by: writer) }
        #expect(try safe.inode(path) != inode)
        #expect(safe.logged("\"deny\"") == 0)
        // Who may read it may bring it back.
        try at(100) { try safe.unlink(path, by: user) }
        let second = try at(101) { try safe.write("newer", to: path, by: user) }.inode
        #expect(second != inode)
        try at(200) { try safe.unlink(path, by: user) }
        try at(201) { try safe.grant([.read], to: .user(1006), on: "acme/web/db/files") }
        #expect(try at(202) { try safe.write("newest", to: path, by: user) }.inode == second)
        #expect(safe.isSound)
    }

    /// What others go on writing to a name does not come under the grants of what had it before somebody else's.
    @Test func `a name that something else had takes nothing back`() throws {
        let safe = try safe()
        let path = "acme/web/db/files/conf"
        for (seconds, isRemoved) in [(Int64(0), false), (1000, true)] {
            let inode = try safe.inode(path)
            try at(seconds) { try safe.unlink(path, by: writer) }
            try at(seconds + 1) { try safe.write("root's", to: path) }
            try at(seconds + 2) {
                if isRemoved { try safe.unlink(path, by: user) } else { try safe.rename(path, to: path + "2", by: writer) }
            }
            try at(seconds + 3) { try safe.write("new", to: path, by: writer) }
            #expect(try safe.inode(path) != inode)
            #expect(refusal { _ = try safe.holds("new", path, for: one) } == "denied")
            try safe.grant([.read], to: .user(1004), on: path)
        }
        // Nor where its folder has the name of another now.
        try at(2000) { for folder in ["a", "b"] { try safe.mkdir("acme/web/db/files/" + folder) } }
        try at(2001) { try safe.write("x", to: "acme/web/db/files/b/key", by: writer) }
        try at(2100) { try safe.grant([.read], to: .user(1004), on: "acme/web/db/files/b/key") }
        let key = try safe.inode("acme/web/db/files/b/key")
        try at(2200) { try safe.unlink("acme/web/db/files/b/key", by: writer) }
        try at(2201) { try safe.rename("acme/web/db/files/a", to: "acme/web/db/files/c", by: writer) }
        try at(2202) { try safe.rename("acme/web/db/files/b", to: "acme/web/db/files/a") }
        try at(2203) { try safe.write("y", to: "acme/web/db/files/a/key", by: writer) }
        #expect(try safe.inode("acme/web/db/files/a/key") != key)
        #expect(refusal { _ = try safe.holds("y", "acme/web/db/files/a/key", for: one) } == "denied")
        #expect(safe.isSound)
    }

    /// Between creat(2) and close(2) it may have become another's.
    @Test func `what is not to be had any more is made anew`() throws {
        let safe = try safe()
        let path = "acme/web/db/files/conf"
        let inode = try safe.inode(path)
        try at(0) { try safe.unlink(path, by: user) }
        let target = try at(1) { try safe.target(path, by: user) }
        // Until then its number is nobody else's.
        #expect(target.inode != inode)
        try at(2) { try safe.restore(path, to: "acme/web/db/files/else", by: user) }
        let commit = try at(3) { try safe.commit("new", to: target, by: user) }
        #expect(commit.inode == target.inode)
        #expect(try safe.holds("xx", "acme/web/db/files/else", for: one))
        #expect(try safe.holds("new", path, for: user))
        // And a name that nothing is committed to takes nothing; one that is, what was removed.
        try at(100) { try safe.unlink(path, by: user) }
        let again = try at(101) { try safe.target(path, by: user) }
        #expect(try safe.deleted() == [path])
        #expect(try at(102) { try safe.commit("newer", to: again, by: user) }.inode == commit.inode)
        #expect(safe.isSound)
    }

    // MARK: Temporary names

    @Test func `temporary names go by themselves`() throws {
        let safe = try safe()
        let path = "acme/web/db/files/tmp"
        try at(0) { try safe.write("t", to: path, by: user) }
        try at(59) { try safe.unlink(path, by: user) }
        at(119) { #expect(safe.vault.destroyTemporaries()) }
        #expect(try safe.deleted() == [path])
        at(120) { #expect(safe.vault.destroyTemporaries()) }
        #expect(try safe.deleted() == [])
        #expect(safe.logged("\"action\":\"expire\"", path, "made and removed again within a minute") == 1)
        #expect(safe.isSound)
    }

    @Test func `what was more than aTemporary name stays`() throws {
        let safe = try safe()
        func expectKept(
            _ name: String, _ start: Int64, _ body: (String) throws -> Void, _ location: SourceLocation = #_sourceLocation
        ) throws {
            let path = "acme/web/db/files/" + name
            try at(start) { try safe.write("t", to: path, by: user) }
            try body(path)
            at(start + 300) { #expect(safe.vault.destroyTemporaries()) }
            #expect(try safe.deleted().contains(path) || safe.exists(path), sourceLocation: location)
        }
        try expectKept("old", 0) { path in try at(61) { try safe.unlink(path, by: user) } }
        try expectKept("twice", 1000) { path in
            try at(1001) { try safe.write("u", to: path, by: user) }
            try at(1002) { try safe.unlink(path, by: user) }
        }
        try expectKept("others", 2000) { path in try at(2001) { try safe.unlink(path, by: writer) } }
        try expectKept("granted", 3000) { path in
            try at(3001) { try safe.grant([.read], to: .user(1004), on: path) }
            try at(3002) { try safe.revoke(nil, from: .user(1004), on: path) }
            try at(3003) { try safe.unlink(path, by: user) }
        }
        try expectKept("again", 4000) { path in
            try at(4001) { try safe.unlink(path, by: user) }
            try at(4002) { try safe.write("u", to: path, by: user) }
        }
        try expectKept("restored", 5000) { path in
            try at(5001) { try safe.unlink(path, by: user) }
            try at(5002) { try safe.restore(path, by: user) }
            try at(5003) { try safe.remove(path, by: user) }
        }
        try expectKept("restarted", 6000) { path in
            try at(6001) { try safe.unlink(path, by: user) }
            try at(6002) { try safe.restart() }
        }
        #expect(safe.logged("made and removed again") == 0)
        #expect(safe.isSound)
    }

    /// A folder that is removed with all that is in it can be restored as a whole, however young that was.
    @Test func `what is removed with its folder is no temporary name`() throws {
        let safe = try safe()
        let folder = "acme/web/db/files/new"
        try at(0) { try safe.mkdir(folder, by: user) }
        try at(1) { for name in ["a", "b"] { try safe.write("x", to: folder + "/" + name, by: user) } }
        try at(2) { try removeTree(folder, safe, by: user) }
        at(200) { #expect(safe.vault.destroyTemporaries()) }
        try at(201) { try safe.restore(folder, by: user) }
        for name in ["a", "b"] { #expect(try safe.holds("x", folder + "/" + name, for: user)) }
        #expect(safe.isSound)
    }

    /// The pause of a minute is one in removing what is in the folder: what the user removes elsewhere does not fill it.
    @Test func `what was removed on purpose stays removed`() throws {
        let safe = try safe()
        try at(0) { for name in ["gone", "x1", "x2"] { try safe.write("x", to: "acme/web/db/files/tls/" + name) } }
        try at(100) { try safe.unlink("acme/web/db/files/tls/gone", by: user) }
        for (time, name) in [(Int64(150), "tls/x1"), (200, "conf")] {
            try at(time) { try safe.unlink("acme/web/db/files/" + name, by: user) }
        }
        try at(255) { try removeTree("acme/web/db/files/tls", safe, by: user) }
        try at(256) { try safe.restore("acme/web/db/files/tls", by: user) }
        for name in ["x2", "key", "old/key"] { #expect(safe.exists("acme/web/db/files/tls/" + name)) }
        for name in ["gone", "x1"] { #expect(!safe.exists("acme/web/db/files/tls/" + name)) }
        #expect(safe.isSound)
    }

    /// In a minute a user makes and removes more than is remembered of one.
    @Test func `what is not remembered can be restored`() throws {
        let removals = Removals()
        let node = try #require(NodeID(rawValue: 1 << 33))
        func name(_ number: Int) -> EntryName { EntryName(Array("\(number)".utf8), in: Inode(node)) }
        at(0) {
            for number in 0..<10_000 {
                removals.note(.init(node: node, sequence: Int64(number), isTemporary: true), of: name(number), by: 1)
            }
            removals.note(.init(node: node, sequence: 1, isTemporary: false), of: name(1), by: 2)
            #expect(removals.removal(of: name(1), by: 2)?.sequence == 1)
            #expect(removals.removal(of: name(8191), by: 1) != nil)
            #expect(removals.removal(of: name(8192), by: 1) == nil)
        }
        #expect(at(61) { removals.takeDue().count } == 8192)
        #expect(at(61) { removals.takeDue().count } == 0)
        #expect(at(61) { removals.removal(of: name(1), by: 2) == nil })
    }

    // MARK: Room

    @Test func `what is unlinked counts to the quota and goes first`() throws {
        let safe = try at(-10) { try Safe() }
        safe.configuration.shares.homeSize = 1000
        try safe.restart()
        try at(0) { try safe.mkdir(".users/1001/own", by: user) }
        func text(_ count: Int) -> String { String(repeating: "x", count: count) }
        for (index, name) in ["a", "b"].enumerated() {
            try at(Int64(index)) { try safe.write(text(400), to: ".users/1001/own/files/" + name, by: user) }
            try at(100 + Int64(index)) { try safe.unlink(".users/1001/own/files/" + name, by: user) }
        }
        try at(200) { try safe.write(text(300), to: ".users/1001/own/files/c", by: user) }
        #expect(try safe.deleted(for: user) == [".users/1001/own/files/b"])
        #expect(safe.logged("\"expire\"", "own/files/a", "destroyed to make room", "\"uid\":1001") == 1)
        #expect(safe.isSound)
    }
}
