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
            "acme/web/db", ["vars/A": "a", "files/key": "secret", "files/private/x": "also", "files/public/p": "public", "files/other/o": "o"])
        try safe.grant([.write], to: .user(1001), on: "acme/web/db")
        try safe.grant([.read], to: .user(1002), on: "acme/web/db/files/public")
        return safe
    }

    /// The refusal, and that it is in the log once.
    private func expectRefused(_ safe: Safe, _ reference: String, location: SourceLocation = #_sourceLocation, _ body: () throws -> Void) {
        let before = safe.logged("others could use it there", reference)
        #expect(refusal(body) == "denied", sourceLocation: location)
        #expect(safe.logged("others could use it there", reference) == before + 1, sourceLocation: location)
    }

    @Test func aFileAndAFolderAreNotMovedToWhoReadsThere() throws {
        let safe = try furnished()
        expectRefused(safe, "db/files/key") { try safe.rename("acme/web/db/files/key", to: "acme/web/db/files/public/k", by: writer) }
        expectRefused(safe, "db/files/private/x") { try safe.rename("acme/web/db/files/private", to: "acme/web/db/files/public/d", by: writer) }
        // Over what is there too, and by reference.
        expectRefused(safe, "db/files/key") { try safe.rename("acme/web/db/files/key", to: "acme/web/db/files/public/p", by: writer) }
        expectRefused(safe, "db/files/key") {
            _ = try safe.vault.move(try safe.reference("acme/web/db/files/key"), to: try safe.reference("acme/web/db/files/public/k"), by: writer)
        }
        #expect(refusal { _ = try safe.holds("secret", "acme/web/db/files/public/k", for: reader) } == "notFound")
        #expect(try safe.holds("public", "acme/web/db/files/public/p", for: reader))
        // To where nobody reads more, or from where they read already.
        try safe.rename("acme/web/db/files/key", to: "acme/web/db/files/other/key", by: writer)
        try safe.rename("acme/web/db/files/public/p", to: "acme/web/db/files/other/p", by: writer)
        // What was public is no more, and does not go back.
        expectRefused(safe, "db/files/other/p") { try safe.rename("acme/web/db/files/other/p", to: "acme/web/db/files/public/p", by: writer) }
        #expect(safe.isSound)
    }

    @Test func anEmptyFolderAndWhatMayBeReadOrManagedIsMoved() throws {
        let safe = try furnished()
        try safe.mkdir("acme/web/db/files/empty", by: writer)
        try safe.rename("acme/web/db/files/empty", to: "acme/web/db/files/public/empty", by: writer)
        try safe.grant([.read, .write], to: .user(1003), on: "acme/web/db")
        try safe.rename("acme/web/db/files/key", to: "acme/web/db/files/public/k", by: both)
        #expect(try safe.holds("secret", "acme/web/db/files/public/k", for: reader))
        try safe.rename("acme/web/db/files/private", to: "acme/web/db/files/public/d")
        #expect(try safe.holds("also", "acme/web/db/files/public/d/x", for: reader))
    }

    @Test func eachItemOfAFolderIsDecidedAbout() throws {
        let safe = try furnished()
        try safe.apply("acme/web/db", ["files/private/y": "y"])
        try safe.grant([.read], to: .user(1001), on: "acme/web/db/files/private/x")
        expectRefused(safe, "db/files/private/y") { try safe.rename("acme/web/db/files/private", to: "acme/web/db/files/public/d", by: writer) }
        try safe.grant([.read], to: .user(1001), on: "acme/web/db/files/private/y")
        try safe.rename("acme/web/db/files/private", to: "acme/web/db/files/public/d", by: writer)
    }

    @Test func runCountsAndTheMoverToo() throws {
        let safe = try furnished()
        try safe.grant([.run], to: .user(1005), on: "acme/web/db/files/other")
        expectRefused(safe, "db/files/key") { try safe.rename("acme/web/db/files/key", to: "acme/web/db/files/other/k", by: writer) }
        try safe.revoke(nil, from: .user(1005), on: "acme/web/db/files/other")
        try safe.grant([.read], to: .user(1001), on: "acme/web/db/files/other")
        expectRefused(safe, "db/files/key") { try safe.rename("acme/web/db/files/key", to: "acme/web/db/files/other/k", by: writer) }
    }

    @Test func itIsDeletedAndItsEmptyFolderIsMoved() throws {
        let safe = try furnished()
        try safe.remove("acme/web/db/files/private/x", by: writer)
        // Neither is the folder moved from which it can be restored …
        expectRefused(safe, "db/files/private/x") { try safe.rename("acme/web/db/files/private", to: "acme/web/db/files/public/d", by: writer) }
        // … nor is it restored after somebody has moved that.
        try safe.rename("acme/web/db/files/private", to: "acme/web/db/files/public/d")
        expectRefused(safe, "db/files/public/d/x") { try safe.restore("acme/web/db/files/public/d/x", by: writer) }
        // To another place it takes what it took.
        #expect(refusal { try safe.restore("acme/web/db/files/public/d/x", to: "acme/web/db/files/public/x", by: writer) } == "denied")
        try safe.restore("acme/web/db/files/public/d/x")
        #expect(try safe.holds("also", "acme/web/db/files/public/d/x", for: reader))
        #expect(safe.isSound)
    }

    @Test func itIsDeletedInAFolderThatIsDeleted() throws {
        let safe = try furnished()
        try safe.apply("acme/web/db", ["files/private/in/y": "y"])
        try safe.remove("acme/web/db/files/private/in/y", by: writer)
        try safe.remove("acme/web/db/files/private/in", by: writer)
        try safe.remove("acme/web/db/files/private/x", by: writer)
        expectRefused(safe, "db/files/private/") { try safe.rename("acme/web/db/files/private", to: "acme/web/db/files/public/d", by: writer) }
    }

    @Test func aGrantThatIsNewerThanTheDeletion() throws {
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

    @Test func whoCouldReadItThenRestoresIt() throws {
        let safe = try furnished()
        try safe.grant([.read, .write], to: .user(1003), on: "acme/web/db")
        try safe.remove("acme/web/db/files/key", by: both)
        try safe.grant([.read], to: .user(1005), on: "acme/web/db")
        try safe.restart()
        try safe.restore("acme/web/db/files/key", by: both)
        #expect(try safe.holds("secret", "acme/web/db/files/key", for: both))
    }

    @Test func anotherSecretWithAWiderPolicy() throws {
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
    @Test(arguments: [false, true]) func underAWiderPolicyThanThen(isStandardAgain: Bool) throws {
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

    @Test func rollingBackToWhatSomebodyCouldNotRead() throws {
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

    @Test func whatOneHasJustMadeIsNoSecretToOneself() throws {
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

    @Test func whatHeldOthersBytesIsNotOnesOwn() throws {
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

    @Test func makersAreBoundedAndRememberedWhileOpen() throws {
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

    @Test func aRenameChangesNoTime() throws {
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

    @Test func aProjectTakesWhatMakingOneTakes() throws {
        let safe = try furnished()
        try safe.mkdir("acme/dev")
        try safe.grant([.manage], to: .user(1003), on: "acme/dev")
        // A policy may admit projects of that name.
        #expect(refusal { try safe.rename("acme/dev", to: "acme/app", by: both) } == "denied")
        try safe.grant([.write], to: .user(1003), on: "acme")
        try safe.rename("acme/dev", to: "acme/app", by: both)
    }

    /// What is not there is refused as what is.
    @Test func namesAreToldToWhoMayList() throws {
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
                #expect(refusal { _ = try safe.vault.move(try safe.reference(path), to: try safe.reference(other), by: stranger) } == "notFound")
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
