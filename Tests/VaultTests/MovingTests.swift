// SPDX-License-Identifier: MIT

import Linux
import Secrets
import Testing

@testable import Vault

/// A move never widens. The writer may write all of `acme/web/db`, and read nothing; the reader reads `files/public`.
@Suite struct MovingTests {
    private let writer = Safe.caller(1001)
    private let reader = Safe.caller(1002)
    private let both = Safe.caller(1003)

    private func furnished() throws -> Safe {
        let safe = try Safe()
        try safe.furnish()
        try safe.apply(
            "acme/web/db",
            ["vars/A": "a", "files/key": "secret", "files/private/x": "also", "files/public/p": "public", "files/other/o": "o"])
        try safe.grant([.write], to: .user(1001), on: "acme/web/db")
        try safe.grant([.read], to: .user(1002), on: "acme/web/db/files/public")
        return safe
    }

    /// The refusal, and that it is in the log once.
    private func expectRefused(_ safe: Safe, _ reference: String, location: SourceLocation = #_sourceLocation, _ body: () throws -> Void) {
        let before = safe.logged("more users could read or run it there", reference)
        #expect(refusal(body) == "denied", sourceLocation: location)
        #expect(safe.logged("more users could read or run it there", reference) == before + 1, sourceLocation: location)
    }

    @Test func `a file and a folder are not moved to who reads there`() throws {
        let safe = try furnished()
        expectRefused(safe, "db/files/key") { try safe.rename("acme/web/db/files/key", to: "acme/web/db/files/public/k", by: writer) }
        expectRefused(safe, "db/files/private/x") {
            try safe.rename("acme/web/db/files/private", to: "acme/web/db/files/public/d", by: writer)
        }
        // Over what is there too, and by reference.
        expectRefused(safe, "db/files/key") { try safe.rename("acme/web/db/files/key", to: "acme/web/db/files/public/p", by: writer) }
        expectRefused(safe, "db/files/key") {
            _ = try safe.vault.move(
                try safe.reference("acme/web/db/files/key"), to: try safe.reference("acme/web/db/files/public/k"), by: writer)
        }
        #expect(refusal { _ = try safe.holds("secret", "acme/web/db/files/public/k", for: reader) } == "notFound")
        #expect(try safe.holds("public", "acme/web/db/files/public/p", for: reader))
        // To where nobody reads more, or from where they read already.
        try safe.rename("acme/web/db/files/key", to: "acme/web/db/files/other/key", by: writer)
        try safe.rename("acme/web/db/files/public/p", to: "acme/web/db/files/other/p", by: writer)
        // What was public is no more, and does not go back.
        expectRefused(safe, "db/files/other/p") {
            try safe.rename("acme/web/db/files/other/p", to: "acme/web/db/files/public/p", by: writer)
        }
        #expect(safe.isSound)
    }

    @Test func `an empty folder and what may be read or managed is moved`() throws {
        let safe = try furnished()
        try safe.mkdir("acme/web/db/files/empty", by: writer)
        try safe.rename("acme/web/db/files/empty", to: "acme/web/db/files/public/empty", by: writer)
        try safe.grant([.read, .write], to: .user(1003), on: "acme/web/db")
        try safe.rename("acme/web/db/files/key", to: "acme/web/db/files/public/k", by: both)
        #expect(try safe.holds("secret", "acme/web/db/files/public/k", for: reader))
        try safe.rename("acme/web/db/files/private", to: "acme/web/db/files/public/d")
        #expect(try safe.holds("also", "acme/web/db/files/public/d/x", for: reader))
    }

    @Test func `each item of a folder is decided about`() throws {
        let safe = try furnished()
        try safe.apply("acme/web/db", ["files/private/y": "y"])
        try safe.grant([.read], to: .user(1001), on: "acme/web/db/files/private/x")
        expectRefused(safe, "db/files/private/y") {
            try safe.rename("acme/web/db/files/private", to: "acme/web/db/files/public/d", by: writer)
        }
        try safe.grant([.read], to: .user(1001), on: "acme/web/db/files/private/y")
        // What is made in it there would come under these grants.
        #expect(refusal { try safe.rename("acme/web/db/files/private", to: "acme/web/db/files/public/d", by: writer) } == "denied")
        try safe.grant([.manage], to: .user(1001), on: "acme/web/db/files/public")
        try safe.rename("acme/web/db/files/private", to: "acme/web/db/files/public/d", by: writer)
    }

    @Test func `run counts and the mover too`() throws {
        let safe = try furnished()
        try safe.grant([.run], to: .user(1005), on: "acme/web/db/files/other")
        expectRefused(safe, "db/files/key") { try safe.rename("acme/web/db/files/key", to: "acme/web/db/files/other/k", by: writer) }
        try safe.revoke(nil, from: .user(1005), on: "acme/web/db/files/other")
        try safe.grant([.read], to: .user(1001), on: "acme/web/db/files/other")
        expectRefused(safe, "db/files/key") { try safe.rename("acme/web/db/files/key", to: "acme/web/db/files/other/k", by: writer) }
    }

    @Test func `it is deleted and its empty folder is moved`() throws {
        let safe = try furnished()
        try safe.remove("acme/web/db/files/private/x", by: writer)
        // Neither is the folder moved from which it can be restored …
        expectRefused(safe, "db/files/private/x") {
            try safe.rename("acme/web/db/files/private", to: "acme/web/db/files/public/d", by: writer)
        }
        // … nor is it restored after somebody has moved that.
        try safe.rename("acme/web/db/files/private", to: "acme/web/db/files/public/d")
        expectRefused(safe, "db/files/public/d/x") { try safe.restore("acme/web/db/files/public/d/x", by: writer) }
        // To another place it takes what it took.
        #expect(refusal { try safe.restore("acme/web/db/files/public/d/x", to: "acme/web/db/files/public/x", by: writer) } == "denied")
        try safe.restore("acme/web/db/files/public/d/x")
        #expect(try safe.holds("also", "acme/web/db/files/public/d/x", for: reader))
        #expect(safe.isSound)
    }

    @Test func `it is deleted in a folder that is deleted`() throws {
        let safe = try furnished()
        try safe.apply("acme/web/db", ["files/private/in/y": "y"])
        try safe.remove("acme/web/db/files/private/in/y", by: writer)
        try safe.remove("acme/web/db/files/private/in", by: writer)
        try safe.remove("acme/web/db/files/private/x", by: writer)
        expectRefused(safe, "db/files/private/") {
            try safe.rename("acme/web/db/files/private", to: "acme/web/db/files/public/d", by: writer)
        }
    }

    @Test func `a grant that is newer than the deletion`() throws {
        let safe = try furnished()
        try safe.remove("acme/web/db/files/key", by: writer)
        try safe.remove("acme/web/db/vars/A", by: writer)
        try safe.remove("acme/web/db/files/private/x", by: writer)
        try safe.restore("acme/web/db/files/private/x", by: writer)
        try safe.remove("acme/web/db/files/private/x", by: writer)
        try safe.grant([.read], to: .user(1005), on: "acme/web/db/files")
        for file in ["files/key", "files/private/x"] {
            expectRefused(safe, "db/\(file)") { try safe.restore("acme/web/db/\(file)", by: writer) }
        }
        // A grant on env shows each variable.
        try safe.grant([.read], to: .user(1005), on: "acme/web/db/env")
        expectRefused(safe, "db/vars/A") { try safe.restore("acme/web/db/vars/A", by: writer) }
        // Who may read it only since then could not read it when it was deleted.
        try safe.grant([.read, .write], to: .user(1003), on: "acme/web/db")
        expectRefused(safe, "db/files/key") { try safe.restore("acme/web/db/files/key", by: both) }
        try safe.grant([.manage], to: .user(1003), on: "acme/web/db")
        try safe.restore("acme/web/db/files/key", by: both)
        try safe.revoke(nil, from: .user(1005), on: "acme/web/db/env")
        try safe.revoke(nil, from: .user(1003), on: "acme/web/db")
        try safe.restore("acme/web/db/vars/A", by: writer)
        #expect(safe.isSound)
    }

    @Test func `who could read it then restores it`() throws {
        let safe = try furnished()
        try safe.grant([.read, .write], to: .user(1003), on: "acme/web/db")
        try safe.remove("acme/web/db/files/key", by: both)
        try safe.grant([.read], to: .user(1005), on: "acme/web/db")
        try safe.restart()
        try safe.restore("acme/web/db/files/key", by: both)
        #expect(try safe.holds("secret", "acme/web/db/files/key", for: both))
    }

    @Test func `another secret with a wider policy`() throws {
        let safe = try furnished()
        try safe.apply("acme/web/db", [:], policy: .init(debug: false))
        try safe.apply("acme/web/other", ["files/f": "f"])
        for secret in ["db", "other"] { try safe.grant([.run], to: .user(1005), on: "acme/web/\(secret)") }
        // Managing its folder is what another place takes; the secret it was in is somebody else's.
        try safe.remove("acme/web/db/files/key", by: writer)
        try safe.grant([.write], to: .user(1001), on: "acme/web/other")
        #expect(refusal { try safe.restore("acme/web/db/files/key", to: "acme/web/other/files/key", by: writer) } == "denied")
        try safe.restore("acme/web/db/files/key", to: "acme/web/other/files/key")
    }

    /// What was deleted or replaced under a policy that let no job have it comes back under one that does.
    @Test(arguments: [false, true]) func `under a wider policy than then`(isStandardAgain: Bool) throws {
        let safe = try furnished()
        let runner = Safe.caller(1006)
        try safe.grant([.write, .run], to: .user(runner.uid), on: "acme/web/db")
        let none = try AccessPolicy(projects: .none, debug: true, attach: true)
        try safe.apply("acme/web/db", ["vars/P": "before"], policy: .init(to: none))
        try safe.remove("acme/web/db/files/key")
        try safe.apply("acme/web/db", ["vars/P": "after"])
        let wide = isStandardAgain ? AccessPolicy.standard : try AccessPolicy(projects: .all, debug: false, attach: true)
        try safe.apply("acme/web/db", [:], policy: .init(to: wide))
        #expect(refusal { try safe.restore("acme/web/db/files/key", by: runner) } == "denied")
        #expect(refusal { _ = try safe.vault.rollback(try safe.reference("acme/web/db/vars/P"), to: 1, by: runner) } == "denied")
        // To who may read it without a job nothing is new.
        try safe.grant([.read], to: .user(runner.uid), on: "acme/web/db")
        _ = try safe.vault.rollback(try safe.reference("acme/web/db/vars/P"), to: 1, by: runner)
    }

    @Test func `rolling back to what somebody could not read`() throws {
        let safe = try furnished()
        for value in ["b", "c"] { try safe.apply("acme/web/db", ["vars/A": value]) }
        let item = try safe.reference("acme/web/db/vars/A")
        _ = try safe.vault.rollback(item, to: 1, by: writer)
        // Version 4 was current when it was granted, and is no news to the reader.
        try safe.grant([.read], to: .user(1005), on: "acme/web/db/vars")
        try safe.apply("acme/web/db", ["vars/A": "d"])
        _ = try safe.vault.rollback(item, to: 4, by: writer)
        for version in 1...3 as ClosedRange<Int64> {
            expectRefused(safe, "db/vars/A") { _ = try safe.vault.rollback(item, to: version, by: writer) }
        }
        // By env it would be read too.
        try safe.revoke(nil, from: .user(1005), on: "acme/web/db/vars")
        _ = try safe.vault.rollback(item, to: 2, by: writer)
        try safe.grant([.read], to: .user(1005), on: "acme/web/db/env")
        expectRefused(safe, "db/vars/A") { _ = try safe.vault.rollback(item, to: 3, by: writer) }
        try safe.grant([.read, .write], to: .user(1003), on: "acme/web/db")
        _ = try safe.vault.rollback(item, to: 1, by: safe.owner)
        _ = try safe.vault.rollback(item, to: 3, by: both)
        #expect(try safe.holds("c", "acme/web/db/vars/A", for: both))
    }

    @Test func `what one has just made is no secret to oneself`() throws {
        let safe = try furnished()
        try safe.write("mine", to: "acme/web/db/files/new", by: writer)
        try safe.rename("acme/web/db/files/new", to: "acme/web/db/files/public/new", by: writer)
        #expect(try safe.holds("mine", "acme/web/db/files/public/new", for: reader))
        // A folder of them, and by the socket.
        try safe.apply("acme/web/db", ["files/mine/a": "1", "files/mine/b": "2"], by: writer)
        try safe.write("again", to: "acme/web/db/files/mine/a", by: writer)
        try safe.rename("acme/web/db/files/mine", to: "acme/web/db/files/public/mine", by: writer)
        // Deleted and restored.
        try safe.write("mine", to: "acme/web/db/files/new", by: writer)
        try safe.remove("acme/web/db/files/new", by: writer)
        try safe.grant([.read], to: .user(1005), on: "acme/web/db/files")
        try safe.restore("acme/web/db/files/new", by: writer)
    }

    @Test func `what held others bytes is not ones own`() throws {
        let safe = try furnished()
        let path = "acme/web/db/files/new"
        func expectSecret(_ what: Comment, _ change: () throws -> Void) throws {
            try safe.write("mine", to: path, by: writer)
            try change()
            #expect(refusal { try safe.rename(path, to: "acme/web/db/files/public/new", by: writer) } == "denied", what)
            try safe.remove(path, purge: true)
        }
        try expectSecret("written by another") {
            try safe.write("theirs", to: path)
            try safe.write("mine", to: path, by: writer)
        }
        try expectSecret("rolled back") {
            try safe.write("more", to: path, by: writer)
            _ = try safe.vault.rollback(try safe.reference(path), to: 1, by: writer)
        }
        try expectSecret("changed in place") {
            try unsafe _ = safe.vault.commit(
                Array("mire".utf8).span.bytes, to: .item(try safe.inode(path)), keeping: .some, superseding: [:], by: writer)
        }
        try expectSecret("after a restart") { try safe.restart() }
        // Made by one, it is the other's secret.
        try safe.grant([.write], to: .user(1003), on: "acme/web/db")
        try safe.write("mine", to: path, by: writer)
        #expect(refusal { try safe.rename(path, to: "acme/web/db/files/public/new", by: both) } == "denied")
        // A copy is of other people's bytes, whoever made it.
        try safe.grant([.read], to: .user(1003), on: "acme/web/db/files/key")
        try safe.copy("acme/web/db/files/key", to: "acme/web/db/files/copy", by: both)
        #expect(refusal { try safe.rename("acme/web/db/files/copy", to: "acme/web/db/files/public/copy", by: both) } == "denied")
    }

    @Test func `makers are bounded and remembered while open`() throws {
        let makers = Makers()
        let nodes = try (0...300 as ClosedRange<Int64>).map { try #require(NodeID(rawValue: 1 << 34 + $0)) }
        for node in nodes.dropLast() { makers.note(node, by: 1001) }
        #expect(makers.made(nodes[0], by: 1001) && makers.made(nodes[255], by: 1001))
        #expect(!makers.made(nodes[256], by: 1001))
        // One who makes many takes no room from others.
        makers.note(nodes[300], by: 1002, isOpen: true)
        #expect(makers.made(nodes[300], by: 1002) && !makers.made(nodes[300], by: 1001))
        makers.noteVersion(of: nodes[300], by: 1002, isOwn: true)
        makers.noteClose(of: nodes[300])
        #expect(makers.made(nodes[300], by: 1002))
        makers.noteVersion(of: nodes[300], by: 1001, isOwn: true)
        #expect(!makers.made(nodes[300], by: 1002))
    }

    /// What is written to a name is read by those who may read what has it.
    @Test func `a name that something had is not given to what others may read`() throws {
        // All of it was there for longer than a minute.
        let safe = try SystemClock.$told.withValue(SystemClock.now() - 600_000_000) {
            let safe = try furnished()
            try safe.apply(
                "acme/web/db", ["vars/PW": "old", "vars/PUB": "public", "files/free": "f", "files/d/in/k": "k", "files/pw/k": "old"])
            try safe.apply("acme/web/mine", ["vars/PW": "public"])
            return safe
        }
        // The writer reads one variable, one file, and one in a folder, and manages a secret; no more.
        for path in ["db/vars/PUB", "db/files/free", "db/files/d/in/k"] { try safe.grant([.read], to: .user(1001), on: "acme/web/\(path)") }
        try safe.grant([.manage, .read], to: .user(1001), on: "acme/web/mine")
        try safe.grant([.write], to: .user(1001), on: "acme/web")
        func expectKept(_ from: String, _ to: String, location: SourceLocation = #_sourceLocation) {
            let before = safe.logged("giving it a name in this folder", to)
            #expect(refusal { try safe.rename("acme/web/\(from)", to: "acme/web/\(to)", by: writer) } == "denied", sourceLocation: location)
            #expect(safe.logged("giving it a name in this folder", to) == before + 1, sourceLocation: location)
        }
        func move(_ from: String, _ to: String) throws { try safe.rename("acme/web/\(from)", to: "acme/web/\(to)", by: writer) }
        // After it was renamed, or removed; itself, or the folder that it is in, also where that was made again.
        try move("db/vars/PW", "db/vars/OLD")
        expectKept("db/vars/PUB", "db/vars/PW")
        try safe.unlink("acme/web/db/files/key", by: writer)
        expectKept("db/files/free", "db/files/key")
        try safe.remove("acme/web/db/vars/A", by: writer)
        expectKept("db/vars/PUB", "db/vars/A")
        try move("db/files/pw", "db/files/aside")
        expectKept("db/files/d", "db/files/pw")
        try safe.mkdir("acme/web/db/files/pw", by: writer)
        expectKept("db/files/free", "db/files/pw/k")
        try safe.remove("acme/web/db", by: writer)
        expectKept("mine", "db")
        try safe.restore("acme/web/db", by: writer)
        // What was deleted comes back under its own name, as long as that was nothing else's.
        try safe.remove("acme/web/db/vars/PUB", by: writer)
        #expect(refusal { try safe.restore("acme/web/db/vars/PUB", to: "acme/web/db/vars/PW", by: writer) } == "denied")
        try safe.restore("acme/web/db/vars/PUB", by: writer)
        try safe.remove("acme/web/db/vars/PUB", by: writer)
        let first = try #require(try safe.vault.deleted(below: nil, for: safe.owner).first).id
        try safe.write("another", to: "acme/web/db/vars/PUB")
        try safe.remove("acme/web/db/vars/PUB", by: writer)
        #expect(refusal { _ = try safe.vault.restore(first, to: nil, by: writer) } == "denied")
        _ = try safe.vault.restore(first, to: nil, by: safe.owner)
        // A name that is new is free, and so is one for what is granted to nobody by itself.
        try move("db/vars/PUB", "db/vars/PUBLIC")
        try move("db/vars/PUBLIC", "db/vars/BACK")
        try move("db/vars/BACK", "db/vars/PUBLIC")
        try move("db/vars/OLD", "db/vars/PW")
        try safe.write("rotated", to: "acme/web/db/vars/PW")
        #expect(refusal { _ = try safe.holds("rotated", "acme/web/db/vars/PW", for: writer) } == "denied")
        // Grants that count in the folder too are no news there.
        try safe.grant([.read], to: .user(1001), on: "acme/web/db/vars")
        try move("db/vars/PUBLIC", "db/vars/PW")
        // One who may grant there may.
        try safe.grant([.manage], to: .user(1001), on: "acme/web/db/files")
        try move("db/files/free", "db/files/key")
        #expect(safe.isSound)
    }

    /// bash: "warning: setlocale: LC_ALL: cannot change locale (VALUE)".
    @Test func `a variable is not renamed to one that shells tell`() throws {
        let safe = try furnished()
        for name in ["LC_ALL", "LANG", "LC_X"] {
            let refused = "shells tell the value"
            let before = safe.logged(refused)
            #expect(refusal { try safe.rename("acme/web/db/vars/A", to: "acme/web/db/vars/\(name)", by: writer) } == "denied", "\(name)")
            try safe.remove("acme/web/db/vars/A", by: writer)
            #expect(refusal { try safe.restore("acme/web/db/vars/A", to: "acme/web/db/vars/\(name)", by: writer) } == "denied", "\(name)")
            #expect(safe.logged(refused) == before + 2)
            try safe.restore("acme/web/db/vars/A", by: writer)
            // What they wrote they may.
            try safe.write("mine", to: "acme/web/db/vars/MINE", by: writer)
            try safe.rename("acme/web/db/vars/MINE", to: "acme/web/db/vars/\(name)", by: writer)
        }
        try safe.rename("acme/web/db/vars/A", to: "acme/web/db/vars/LC_A")
        try safe.rename("acme/web/db/vars/LC_A", to: "acme/web/db/vars/A", by: writer)
    }

    @Test func `former names are those of others`() throws {
        let names = FormerNames()
        let nodes = try (0...3 as ClosedRange<Int64>).map { try #require(NodeID(rawValue: 1 << 34 + $0)) }
        let (organization, folder, now) = (nodes[3], Inode(nodes[2]), SystemClock.now())
        let name = FormerNames.Name(folder: folder, name: Array("a".utf8))
        func had(by node: NodeID, in organization: NodeID = organization) -> Bool {
            names.had(anyOf: [(name, node)], in: organization)
        }
        // A name that was held for a moment is not remembered.
        names.noteLeaving(of: name, by: nodes[0], created: now - 59_000_000, in: organization)
        names.noteTaking(by: nodes[0])
        names.noteLeaving(of: name, by: nodes[0], created: 0, in: organization)
        #expect(!had(by: nodes[1]))
        names.noteLeaving(of: name, by: nodes[0], created: now - 61_000_000, in: organization)
        #expect(had(by: nodes[1]) && !had(by: nodes[0]) && !had(by: nodes[1], in: nodes[2]))
        #expect(!names.had(anyOf: [(.init(folder: Inode(nodes[1]), name: name.name), nodes[1])], in: organization))
        // Where two had it, it is not one's own.
        names.noteLeaving(of: name, by: nodes[1], created: 0, in: organization)
        #expect(nodes.allSatisfy { had(by: $0) })
        // Where no more can be remembered of an organization, every name of it counts as one that something else had.
        for number in 0...8192 {
            names.noteLeaving(of: .init(folder: folder, name: Array("\(number)".utf8)), by: nodes[0], created: 0, in: organization)
        }
        #expect(names.had(anyOf: [(.init(folder: folder, name: [1]), nodes[0])], in: organization))
        #expect(!names.had(anyOf: [(.init(folder: folder, name: [1]), nodes[0])], in: nodes[0]))
    }

    /// Neither a folder that is moved aside meanwhile, nor the way in which another thing left the name, hides that it had it.
    @Test(arguments: ["aside", "renamed", "unlinked"]) func `a former name is not hidden`(_ way: String) throws {
        let safe = try SystemClock.$told.withValue(SystemClock.now() - 600_000_000) {
            let safe = try furnished()
            try safe.apply("acme/web/db", ["files/d/key": "old", "files/d/mine": "public"])
            return safe
        }
        try safe.grant([.read], to: .user(1001), on: "acme/web/db/files/d/mine")
        let folder = "acme/web/db/files/d"
        if way == "aside" {
            try safe.rename(folder, to: "acme/web/db/files/e", by: writer)
            try safe.rename("acme/web/db/files/e/key", to: "acme/web/db/files/e/old", by: writer)
            try safe.rename("acme/web/db/files/e", to: folder, by: writer)
            #expect(refusal { try safe.rename(folder + "/mine", to: folder + "/key", by: writer) } == "denied")
            return
        }
        // Another has the name of what was deleted, be it for a moment.
        try safe.remove(folder + "/mine", by: writer)
        let id = try safe.deletedID(folder + "/mine")
        try safe.write("another", to: folder + "/mine")
        if way == "renamed" {
            try safe.rename(folder + "/mine", to: folder + "/other", by: writer)
        } else {
            try safe.unlink(folder + "/mine", by: writer)
        }
        #expect(refusal { _ = try safe.vault.restore(id, to: nil, by: writer) } == "denied")
        _ = try safe.vault.restore(id, to: nil, by: safe.owner)
    }

    @Test func `what was deleted in a folder, and a project's targets, count`() throws {
        let safe = try SystemClock.$told.withValue(SystemClock.now() - 600_000_000) {
            let safe = try furnished()
            try safe.apply("acme/web/db", ["files/d/mine": "public", "files/e/key": "old"])
            for place in ["acme/shop", "acme/shop@a", "acme/shop@b"] { try safe.mkdir(place) }
            return safe
        }
        try safe.grant([.read], to: .user(1001), on: "acme/web/db/files/d/mine")
        try safe.remove("acme/web/db/files/d/mine", by: writer)
        try safe.rename("acme/web/db/files/e", to: "acme/web/db/files/e2", by: writer)
        #expect(refusal { try safe.rename("acme/web/db/files/d", to: "acme/web/db/files/e", by: writer) } == "denied")
        // A target leaves its name with its project.
        try safe.grant([.write], to: .user(1001), on: "acme")
        for place in ["acme/shop", "acme/shop@a"] { try safe.grant([.manage], to: .user(1001), on: place) }
        try safe.rename("acme/shop", to: "acme/s2", by: writer)
        try safe.rmdir("acme/s2@b", by: writer)
        try safe.rename("acme/s2", to: "acme/shop", by: writer)
        #expect(refusal { try safe.rename("acme/shop@a", to: "acme/shop@b", by: writer) } == "denied")
        // Nor does another project bring one.
        for place in ["acme/w3", "acme/w3@b"] { try safe.mkdir(place) }
        try safe.grant([.manage], to: .user(1001), on: "acme/w3")
        try safe.grant([.read], to: .user(1001), on: "acme/w3@b")
        try safe.rename("acme/shop", to: "acme/s2", by: writer)
        #expect(refusal { try safe.rename("acme/w3", to: "acme/shop", by: writer) } == "denied")
    }

    /// Grants on a part of what is replaced count for that part only.
    @Test func `an empty secret is not replaced by one that more may read`() throws {
        let safe = try furnished()
        for secret in ["one", "two"] { try safe.mkdir("acme/web/\(secret)") }
        try safe.grant([.write], to: .user(1001), on: "acme/web")
        try safe.grant([.read], to: .user(1001), on: "acme/web/one/files")
        try safe.grant([.manage], to: .user(1001), on: "acme/web/two")
        #expect(refusal { try safe.rename("acme/web/two", to: "acme/web/one", by: writer) } == "denied")
    }

    /// A name that was free when a file was opened for writing may be another's at its close.
    @Test func `a new file is not a version of what others may read`() throws {
        let safe = try furnished()
        try safe.grant([.read], to: .user(1001), on: "acme/web/db/files/key")
        let target = try safe.target("acme/web/db/files/new", by: safe.owner)
        try safe.rename("acme/web/db/files/key", to: "acme/web/db/files/new", by: writer)
        #expect(refusal { try safe.commit("the owner's", to: target) } == "exists")
        #expect(try safe.holds("secret", "acme/web/db/files/new", for: writer))
    }

    @Test func `what may not be replaced exists`() throws {
        let safe = try furnished()
        try safe.apply("acme/web/db", ["vars/PUB": "public"])
        try safe.grant([.read], to: .user(1001), on: "acme/web/db/vars/PUB")
        #expect(refusal { try safe.rename("acme/web/db/vars/PUB", to: "acme/web/db/vars/A", replace: false, by: writer) } == "exists")
    }

    @Test func `a secrets name takes writing the folder`() throws {
        let safe = try furnished()
        let manager = Safe.caller(1003)
        for place in ["acme", "acme/web/db", "acme/web@prod"] { try safe.grant([.manage], to: .user(1003), on: place) }
        try safe.revoke(nil, from: .user(1003), on: "acme")
        for (from, to) in [("acme/web/db", "acme/web/other"), ("acme/web/db", "acme/web/api"), ("acme/web@prod", "acme/web@live")] {
            #expect(refusal { try safe.rename(from, to: to, by: manager) } == "denied", "\(from)")
            #expect(refusal { _ = try safe.vault.move(try safe.reference(from), to: try safe.reference(to), by: manager) } == "denied")
        }
        try safe.grant([.write], to: .user(1003), on: "acme/web")
        try safe.rename("acme/web/db", to: "acme/web/other", by: manager)
        // Instead of another, it brings its grants to that one's name.
        try safe.mkdir("acme/web/empty")
        #expect(refusal { try safe.rename("acme/web/other", to: "acme/web/empty", by: manager) } == "denied")
        try safe.grant([.manage], to: .user(1003), on: "acme/web")
        try safe.rename("acme/web/other", to: "acme/web/empty", by: manager)
    }

    @Test func `a rename changes no time`() throws {
        let safe = try furnished()
        func time(_ path: String) throws -> Int64 { try safe.vault.attributes(of: try safe.inode(path)).changed }
        let (item, folder, secret) = (try time("acme/web/db/files/key"), try time("acme/web/db/files/private"), try time("acme/web/db"))
        try safe.rename("acme/web/db/files/key", to: "acme/web/db/files/other/k")
        try safe.rename("acme/web/db/files/private", to: "acme/web/db/files/p")
        #expect(try time("acme/web/db/files/other/k") == item)
        #expect(try time("acme/web/db/files/p") == folder)
        let before = try time("acme/web/db")
        #expect(before > secret)
        try safe.rename("acme/web/db", to: "acme/web/db2")
        #expect(try time("acme/web/db2") == before)
        // Nor does one that is deleted and restored.
        try safe.remove("acme/web/db2/files/other/k")
        try safe.restore("acme/web/db2/files/other/k")
        #expect(try time("acme/web/db2/files/other/k") == item)
    }

    @Test func `a project takes what making one takes`() throws {
        let safe = try furnished()
        try safe.mkdir("acme/dev")
        try safe.grant([.manage], to: .user(1003), on: "acme/dev")
        // A policy may admit projects of that name.
        #expect(refusal { try safe.rename("acme/dev", to: "acme/app", by: both) } == "denied")
        try safe.grant([.write], to: .user(1003), on: "acme")
        try safe.rename("acme/dev", to: "acme/app", by: both)
    }

    /// What is not there is refused as what is.
    @Test func `names are told to who may list`() throws {
        let safe = try furnished()
        let stranger = Safe.caller(1009)
        // On the way to something, and no further.
        try safe.grant([.write], to: .user(1009), on: "acme/web/db/files/public/p")
        for (there, not) in [
            ("acme/web/db/files/key", "acme/web/db/files/none"),
            ("acme/web/db/vars/A", "acme/web/db/vars/NONE"), ("acme/web/db/files/private", "acme/web/db/files/nothing"),
        ] {
            let other = there + "2"
            for path in [there, not] {
                #expect(refusal { try safe.rename(path, to: other, by: stranger) } == "denied", "\(path)")
                #expect(refusal { try safe.rename(path, to: "acme/web/db/files/public/p", by: stranger) } == "denied", "\(path)")
                #expect(refusal { try safe.unlink(path, by: stranger) } == "denied", "\(path)")
                #expect(refusal { try safe.rmdir(path, by: stranger) } == "denied", "\(path)")
                #expect(refusal { try safe.remove(path, by: stranger) } == "notFound", "\(path)")
                #expect(
                    refusal { _ = try safe.vault.move(try safe.reference(path), to: try safe.reference(other), by: stranger) } == "notFound"
                )
            }
        }
        // Replacing all takes seeing all.
        try safe.grant([.write], to: .user(1009), on: "acme/web/db/vars/A")
        #expect(refusal { try safe.apply("acme/web/db", ["vars/A": "x"], replacesItems: true, by: stranger) } == "denied")
        try safe.apply("acme/web/single", ["vars/A": "x"])
        try safe.grant([.write], to: .user(1009), on: "acme/web/single/vars/A")
        #expect(refusal { try safe.apply("acme/web/single", ["vars/A": "x"], replacesItems: true, by: stranger) } == "denied")
    }
}
