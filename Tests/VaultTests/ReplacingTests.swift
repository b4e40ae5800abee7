// SPDX-License-Identifier: MIT

import Linux
import Secrets
import Testing

@testable import Vault

/// A rename onto an item makes a new version of it. The writer may write all of `acme/web/db`, and read nothing; the reader reads one file.
@Suite struct ReplacingTests {
    private let writer = Safe.caller(1001)
    private let reader = Safe.caller(1002)
    private let both = Safe.caller(1003)

    private func furnished(versionLimit: Int = VaultConfiguration.usualVersions) throws -> Safe {
        let safe = try Safe(versionLimit: versionLimit)
        try safe.furnish()
        try safe.apply("acme/web/db", ["vars/A": "a", "vars/B": "bb", "files/conf": "one", "files/old": "unread"])
        try safe.write("two", to: "acme/web/db/files/conf")
        try safe.grant([.read], to: .user(1002), on: "acme/web/db/files/conf")
        try safe.grant([.write], to: .user(1001), on: "acme/web/db")
        try safe.grant([.read, .write], to: .user(1003), on: "acme/web/db")
        return safe
    }

    private func numbers(_ path: String, _ safe: Safe) throws -> [Int64] {
        try safe.vault.history(try safe.reference(path), for: safe.owner).map(\.number)
    }

    @Test func `number, grants and versions stay, and any of them is the next`() throws {
        let safe = try furnished()
        let inode = try safe.inode("acme/web/db/files/conf")
        try safe.write("new", to: "acme/web/db/files/tmp", by: writer)
        let source = try safe.inode("acme/web/db/files/tmp")
        let renaming = try safe.rename("acme/web/db/files/tmp", to: "acme/web/db/files/conf", by: writer)
        #expect(renaming.replacement?.source == source && renaming.replacement?.target == inode && renaming.replacement?.version == 3)
        #expect(!safe.exists("acme/web/db/files/tmp"))
        #expect(try safe.inode("acme/web/db/files/conf") == inode)
        #expect(try numbers("acme/web/db/files/conf", safe) == [3, 2, 1])
        #expect(try safe.holds("new", "acme/web/db/files/conf", for: reader))
        #expect(safe.logged("written by renaming acme/web/db/files/tmp", "acme/web/db/files/conf") == 1)
        // A temporary name leaves nothing.
        #expect(try safe.vault.deleted(below: nil, for: safe.owner).isEmpty)
        // Back, and forth again.
        for (number, text) in [(Int64(1), "one"), (3, "new"), (2, "two"), (5, "new")] {
            _ = try safe.vault.rollback(try safe.reference("acme/web/db/files/conf"), to: number, by: safe.owner)
            #expect(try safe.holds(text, "acme/web/db/files/conf", for: reader))
        }
        // One that came so goes on so.
        try safe.write("x", to: "acme/web/db/files/other")
        try safe.rename("acme/web/db/files/conf", to: "acme/web/db/files/other")
        #expect(try safe.holds("new", "acme/web/db/files/other", for: both))
        try safe.restart()
        #expect(try safe.holds("new", "acme/web/db/files/other", for: both))
        #expect(try safe.vault.check(for: safe.owner) == [])
    }

    @Test func `also while it is locked, and no more versions than are kept`() throws {
        let safe = try furnished(versionLimit: 3)
        try safe.vault.lock(by: safe.owner)
        for text in ["3", "4", "5"] {
            try safe.write(text, to: "acme/web/db/files/tmp", by: writer)
            try safe.rename("acme/web/db/files/tmp", to: "acme/web/db/files/conf", by: writer)
        }
        #expect(try numbers("acme/web/db/files/conf", safe) == [5, 4, 3])
        try safe.restart()
        #expect(try safe.holds("5", "acme/web/db/files/conf", for: reader))
        #expect(try safe.vault.check(for: safe.owner) == [])
    }

    @Test func `what has versions or grants of its own can be restored`() throws {
        let safe = try furnished()
        try safe.write("x", to: "acme/web/db/files/versions")
        try safe.write("y", to: "acme/web/db/files/versions")
        try safe.write("z", to: "acme/web/db/files/granted")
        try safe.grant([.read], to: .user(1004), on: "acme/web/db/files/granted")
        for name in ["versions", "granted"] {
            try safe.rename("acme/web/db/files/\(name)", to: "acme/web/db/files/conf")
            #expect(try safe.vault.deleted(below: nil, for: safe.owner).count == 1)
            // Who could read only that may not read what took its place.
            #expect(refusal { _ = try safe.holds("z", "acme/web/db/files/conf", for: Safe.caller(1004)) } == "denied")
            try safe.restore("acme/web/db/files/\(name)")
        }
        #expect(try numbers("acme/web/db/files/versions", safe) == [2, 1])
        #expect(try safe.holds("z", "acme/web/db/files/granted", for: Safe.caller(1004)))
        #expect(safe.isSound)
    }

    @Test func `a value is not shown to more than might read it`() throws {
        let safe = try SystemClock.$told.withValue(SystemClock.now() - 600_000_000) { try furnished() }
        func expectRefused(_ from: String, _ to: String, location: SourceLocation = #_sourceLocation) throws {
            let before = safe.logged("more users could read or run it there", from)
            #expect(refusal { try safe.rename(from, to: to, by: writer) } == "denied", sourceLocation: location)
            #expect(safe.logged("more users could read or run it there", from) == before + 1, sourceLocation: location)
        }
        try expectRefused("acme/web/db/files/old", "acme/web/db/files/conf")
        #expect(try safe.holds("two", "acme/web/db/files/conf", for: reader))
        #expect(try safe.holds("unread", "acme/web/db/files/old", for: both))
        // By who may read it, or has just made it.
        try safe.write("mine", to: "acme/web/db/files/mine", by: writer)
        try safe.rename("acme/web/db/files/mine", to: "acme/web/db/files/conf", by: writer)
        #expect(try safe.holds("mine", "acme/web/db/files/conf", for: reader))
        try safe.rename("acme/web/db/files/old", to: "acme/web/db/files/conf", by: both)
        #expect(try safe.holds("unread", "acme/web/db/files/conf", for: reader))
        // Nor by way of another secret's env.
        try safe.apply("acme/web/api", ["vars/C": "c"])
        try safe.grant([.write], to: .user(1001), on: "acme/web")
        try safe.grant([.read, .write], to: .user(1003), on: "acme/web")
        try safe.grant([.read], to: .user(1002), on: "acme/web/api/env")
        try expectRefused("acme/web/db/vars/A", "acme/web/api/vars/C")
        try expectRefused("acme/web/db/vars/A", "acme/web/api/vars/NEW")
        #expect(refusal { try safe.rename("acme/web/db/vars/B", to: "acme/web/db/vars/A", by: Safe.caller(1009)) } == "denied")
        #expect(safe.isSound)
    }

    @Test func `a rename onto an item takes writing it`() throws {
        let safe = try furnished()
        // A folder of the writer's own, and the place that it is moved to.
        try safe.apply("acme/web/own", ["files/f": "f"])
        try safe.grant([.write], to: .user(1004), on: "acme/web/own/files")
        #expect(refusal { try safe.rename("acme/web/own/files/f", to: "acme/web/db/files/conf", by: Safe.caller(1004)) } == "denied")
        #expect(refusal { try safe.rename("acme/web/db/files/conf", to: "acme/web/own/files/f", by: Safe.caller(1004)) } == "denied")
        #expect(try safe.holds("two", "acme/web/db/files/conf", for: reader))
    }

    @Test func `variables too, with their lines in env`() throws {
        let safe = try furnished()
        try safe.rename("acme/web/db/vars/B", to: "acme/web/db/vars/A", by: both)
        #expect(try safe.holds("A=bb\n", "acme/web/db/env", for: both))
        #expect(try numbers("acme/web/db/vars/A", safe) == [2, 1])
        #expect(try safe.vault.check(for: safe.owner) == [])
        // What is replaced keeps its own kind.
        try safe.mkdir("acme/web/db/files/d")
        #expect(refusal { try safe.rename("acme/web/db/files/old", to: "acme/web/db/files/d", by: both) } == "isAFolder")
        #expect(refusal { try safe.rename("acme/web/db/files/d", to: "acme/web/db/files/conf", by: both) } == "notAFolder")
    }
}
