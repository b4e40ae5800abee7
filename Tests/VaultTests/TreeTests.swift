// SPDX-License-Identifier: MIT

import Secrets
import Testing

@testable import Vault

/// Making, renaming and removing places.
@Suite struct TreeTests {
    private let reader = Safe.caller(1001)

    private func safe() throws -> Safe {
        let safe = try Safe()
        try safe.furnish()
        try safe.grant([.read], to: .user(1001), on: "acme/web")
        try safe.write("one", to: "acme/web/db/vars/A")
        return safe
    }

    @Test func `makes what the tree has`() throws {
        let safe = try safe()
        #expect(safe.exists("acme/@org"))
        #expect(refusal { try safe.mkdir("acme") } == "exists")
        #expect(refusal { try safe.mkdir("acme/@org") } == "exists")
        #expect(refusal { try safe.mkdir("acme/none@prod") } == "notFound")
        #expect(refusal { try safe.mkdir("acme/web/db/vars/folder") } == "notPermitted")
        #expect(refusal { try safe.mkdir("acme/web/db/other") } == "notPermitted")
        #expect(refusal { try safe.mkdir("acme/web/db/vars/A/b") } == "notAFolder")
        #expect(refusal { try safe.mkdir("other", by: reader) } == "denied")
        #expect(refusal { try safe.mkdir("acme/web/cache", by: reader) } == "denied")
        #expect(refusal { try safe.mkdir(".users/1001x") } == "notPermitted")
    }

    @Test func `renames and keeps versions`() throws {
        let safe = try safe()
        try safe.rename("acme/web/db/vars/A", to: "acme/web/db/vars/LONGER")
        #expect(try safe.holds("one", "acme/web/db/vars/LONGER", for: reader))
        #expect(try safe.holds("LONGER=one\n", "acme/web/db/env", for: reader))
        #expect(!safe.exists("acme/web/db/vars/A"))
        try safe.rename("acme/web", to: "acme/site")
        #expect(safe.exists("acme/site@prod"))
        #expect(!safe.exists("acme/web@prod"))
        #expect(try safe.holds("one", "acme/site/db/vars/LONGER", for: reader))
        #expect(try safe.vault.check(for: safe.owner) == [])
    }

    @Test func `renames over what is there`() throws {
        let safe = try safe()
        try safe.write("two", to: "acme/web/db/vars/B")
        #expect(refusal { try safe.rename("acme/web/db/vars/B", to: "acme/web/db/vars/A", replace: false) } == "exists")
        try safe.rename("acme/web/db/vars/B", to: "acme/web/db/vars/A")
        #expect(try safe.holds("two", "acme/web/db/vars/A", for: reader))
        #expect(!safe.exists("acme/web/db/vars/B"))
        #expect(try safe.vault.check(for: safe.owner) == [])
    }

    @Test func `moves files with their grants`() throws {
        let safe = try safe()
        for folder in ["tls", "old"] { try safe.mkdir("acme/web/db/files/" + folder) }
        try safe.write("pem", to: "acme/web/db/files/tls/key")
        try safe.grant([.read], to: .user(1002), on: "acme/web/db/files/tls/key")
        try safe.rename("acme/web/db/files/tls", to: "acme/web/db/files/old/tls")
        #expect(try safe.holds("pem", "acme/web/db/files/old/tls/key", for: Safe.caller(1002)))
        #expect(try safe.names(in: "acme/web/db/files", for: Safe.caller(1002)) == ["old"])
        #expect(try safe.vault.check(for: safe.owner) == [])
        #expect(refusal { try safe.rename("acme/web/db/files/old", to: "acme/web/db/files/old/tls/in") } == "invalidName")
    }

    @Test func `keeps to its scope`() throws {
        let safe = try safe()
        for path in ["acme/web/cache", "acme/api", "other"] { try safe.mkdir(path) }
        try safe.mkdir("other/api")
        #expect(refusal { try safe.rename("acme/web/db", to: "other/api/db") } == "crossScope")
        #expect(refusal { try safe.rename("acme/web/db/vars/A", to: "acme/web/db/files/A") } == "crossScope")
        #expect(refusal { try safe.rename("acme/web", to: "other/web") } == "crossScope")
        #expect(refusal { try safe.rename("acme/@org", to: "acme/org") } == "notPermitted")
        #expect(refusal { try safe.rename("acme/web/db", to: "acme/web/db2", by: reader) } == "denied")
    }

    @Test func `removes what is empty`() throws {
        let safe = try safe()
        #expect(refusal { try safe.rmdir("acme/web/db") } == "notEmpty")
        #expect(refusal { try safe.rmdir("acme/web") } == "notEmpty")
        #expect(refusal { try safe.rmdir("acme/web/db/vars/A") } == "notAFolder")
        #expect(refusal { try safe.unlink("acme/web/db") } == "isAFolder")
        #expect(refusal { try safe.unlink("acme/web/db/vars/A", by: reader) } == "denied")
        try safe.unlink("acme/web/db/vars/A")
        try safe.rmdir("acme/web/db")
        #expect(refusal { try safe.rmdir("acme/web") } == "notEmpty")
        for path in ["acme/web@prod", "acme/web", "acme"] { try safe.rmdir(path) }
        #expect(!safe.exists("acme"))
        #expect(try safe.vault.check(for: safe.owner) == [])
    }

    @Test func `gives no number twice`() throws {
        let safe = try safe()
        var seen: Set<Inode> = []
        for _ in 0..<5 {
            try safe.mkdir("acme/web/again")
            #expect(seen.insert(try safe.inode("acme/web/again")).inserted)
            try safe.rmdir("acme/web/again")
            try safe.restart()
        }
    }
}
