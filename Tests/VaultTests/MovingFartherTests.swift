// SPDX-License-Identifier: MIT

import Secrets
import Testing

@testable import Vault

/// A rename keeps everything within an organization, and goes no farther.
@Suite struct MovingFartherTests {
    private let user = Safe.caller(1001)

    private func furnished() throws -> Safe {
        let safe = try Safe()
        try safe.furnish()
        for path in ["acme/api", "other", "other/web"] { try safe.mkdir(path) }
        try safe.apply("acme/web/db", ["vars/A": "a", "vars/B": "bb", "files/d/key": "pem"], description: "the database")
        try safe.apply("acme/api/x", ["vars/C": "c"])
        try safe.apply("acme/@org/s", ["files/f": "f"])
        try safe.apply("other/web/db", ["vars/A": "o"])
        try safe.write("aa", to: "acme/web/db/vars/A")
        try safe.grant([.read], to: .user(1002), on: "acme/web/db/vars/A")
        try safe.grant([.read, .write, .manage], to: .user(1001), on: "acme")
        return safe
    }

    @Test func `a variable goes to another secret with its versions, its grants and its line`() throws {
        let safe = try furnished()
        let inode = try safe.inode("acme/web/db/vars/A")
        try safe.rename("acme/web/db/vars/A", to: "acme/api/x/vars/D", by: user)
        #expect(try safe.inode("acme/api/x/vars/D") == inode)
        #expect(try safe.holds("B=bb\n", "acme/web/db/env", for: user) && safe.holds("C=c\nD=aa\n", "acme/api/x/env", for: user))
        #expect(try safe.holds("aa", "acme/api/x/vars/D", for: Safe.caller(1002)))
        #expect(try safe.vault.history(try safe.reference("acme/api/x/vars/D"), for: user).map(\.number) == [2, 1])
        // Whoever passes to it passes there now.
        #expect(try safe.names(in: "acme/api", for: Safe.caller(1002)) == ["x"])
        #expect(refusal { _ = try safe.names(in: "acme/web", for: Safe.caller(1002)) } == "denied")
        #expect(try safe.vault.check(for: safe.owner) == [])
    }

    @Test func `files, folders and secrets too`() throws {
        let safe = try furnished()
        try safe.rename("acme/web/db/files/d", to: "acme/@org/s/files/d", by: user)
        #expect(try safe.holds("pem", "acme/@org/s/files/d/key", for: user))
        for to in ["acme/api/db", "acme/web@prod/db", "acme/@org/db", "acme/web/db2"] {
            let from = ["acme/web/db", "acme/api/db", "acme/web@prod/db", "acme/@org/db"].first(where: safe.exists)
            try safe.rename(try #require(from), to: to, by: user)
            #expect(try safe.holds("A=aa\nB=bb\n", "\(to)/env", for: user))
            #expect(try safe.vault.show(try safe.reference(to), for: user).description == Array("the database".utf8))
            #expect(try safe.holds("aa", "\(to)/vars/A", for: Safe.caller(1002)))
        }
        #expect(try safe.vault.check(for: safe.owner) == [])
    }

    @Test func `not to another organization, a home or another kind of place`() throws {
        let safe = try furnished()
        try safe.grant([.read, .write, .manage], to: .user(1001), on: "other")
        try safe.apply("user/own", ["vars/A": "mine"], by: user)
        for (from, to) in [
            ("acme/web/db", "other/web/db2"), ("acme/web/db/vars/A", "other/web/db/vars/Z"), ("acme/web", "other/web2"),
            ("acme/web/db/files/d", "acme/web/db2"), ("acme/web/db/files/d/key", "acme/web/db/vars/KEY"),
            ("acme/web/db/vars/A", "acme/web/db/files/A"), ("acme/web/db", "acme/db"), ("acme/web/db", ".users/1001/db"),
            (".users/1001/own/vars/A", "acme/web/db/vars/MINE"),
        ] {
            #expect(refusal { try safe.rename(from, to: to, by: user) } == "crossScope", "\(from) to \(to)")
        }
        #expect(safe.isSound)
    }

    @Test func `a secret goes only to where its mover may write`() throws {
        let safe = try furnished()
        let mover = Safe.caller(1003)
        try safe.grant([.manage], to: .user(1003), on: "acme/web/db")
        try safe.grant([.write], to: .user(1003), on: "acme/web")
        #expect(refusal { try safe.rename("acme/web/db", to: "acme/api/db", by: mover) } == "denied")
        try safe.grant([.write], to: .user(1003), on: "acme/api")
        // The mover's own grant goes with it: it would count for what others store there later.
        #expect(refusal { try safe.rename("acme/web/db", to: "acme/api/db", by: mover) } == "denied")
        try safe.grant([.manage], to: .user(1003), on: "acme/api")
        try safe.rename("acme/web/db", to: "acme/api/db", by: mover)
    }

    /// Nobody grants themselves something by bringing it along.
    @Test func `what has grants of its own is brought by a manager`() throws {
        let safe = try furnished()
        let mover = Safe.caller(1003)
        for place in ["acme/web", "acme/api"] { try safe.grant([.list, .write], to: .user(1003), on: place) }
        try safe.grant([.manage], to: .user(1003), on: "acme/web/db")
        try safe.apply("acme/web/db", ["vars/NEW": "x", "files/new/f": "x", "files/plain": "x"], by: mover)
        for item in ["vars/NEW", "files/new"] {
            try safe.grant([.read], to: .user(1003), on: "acme/web/db/" + item, by: mover)
            #expect(refusal { try safe.rename("acme/web/db/" + item, to: "acme/api/x/" + item, by: mover) } == "denied", "\(item)")
            try safe.rename("acme/web/db/" + item, to: "acme/api/x/" + item)
        }
        try safe.rename("acme/web/db/files/plain", to: "acme/api/x/files/plain", by: mover)
    }

    @Test func `nor where more could read it, by who may not`() throws {
        let safe = try furnished()
        let mover = Safe.caller(1003)
        for place in ["acme/web", "acme/api"] { try safe.grant([.write], to: .user(1003), on: place) }
        try safe.grant([.read], to: .user(1004), on: "acme/api")
        for (from, to) in [("acme/web/db/vars/B", "acme/api/x/vars/B"), ("acme/web/db/files/d", "acme/api/x/files/d")] {
            #expect(refusal { try safe.rename(from, to: to, by: mover) } == "denied", "\(from)")
            try safe.rename(from, to: to, by: user)
        }
    }
}
