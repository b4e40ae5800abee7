// SPDX-License-Identifier: MIT

import Secrets
import Testing

@testable import Vault

/// What one may not see is refused as what is not there, and the refusal is logged.
@Suite struct UnseenTests {
    private let stranger = Safe.caller(1003)

    /// `acme/web/db`, of which the stranger sees nothing, and two secrets of their own, one of them empty.
    private func safe() throws -> Safe {
        let safe = try Safe()
        try safe.furnish()
        try safe.apply("acme/web/db", ["vars/A": "one", "vars/B": "two", "files/x/y": "three"])
        try safe.apply("user/full", ["vars/A": "mine"], by: stranger)
        try safe.apply("user/empty", [:], by: stranger)
        return safe
    }

    /// Both must be refused with the same word.
    private func expectSame(
        _ one: String, _ other: String, _ word: String, location: SourceLocation = #_sourceLocation, _ body: (String) throws -> Void
    ) {
        #expect(refusal { try body(one) } == word, sourceLocation: location)
        #expect(refusal { try body(other) } == word, sourceLocation: location)
    }

    @Test func `projects`() throws {
        let safe = try safe()
        for mode in [SecretChange.Mode.create, .update, .either] {
            expectSame("acme/web/new", "acme/none/new", "notFound") { try safe.apply($0, ["vars/A": "1"], mode: mode, by: stranger) }
            expectSame("acme/web/db", "acme/none/db", "notFound") { try safe.apply($0, ["vars/A": "1"], mode: mode, by: stranger) }
        }
        expectSame("acme/web/new", "acme/none/new", "notFound") { try safe.copy("user/full", to: $0, by: stranger) }
        expectSame("acme/web/db/x", "acme/web/none/x", "notFound") { try safe.apply($0, [:], by: stranger) }
        try safe.remove("user/full", by: stranger)
        let id = try #require(try safe.vault.deleted(below: nil, for: stranger).first).id
        expectSame("acme/web/new", "acme/none/new", "notFound") {
            _ = try safe.vault.restore(id, to: try safe.reference($0), by: stranger)
        }
        #expect(safe.logged(#""ref":"acme/web""#, #""uid":1003"#, #""verdict":"deny""#) == 8)
    }

    @Test(arguments: [false, true]) func `secrets`(_ isProjectSeen: Bool) throws {
        let safe = try safe()
        if isProjectSeen {
            try safe.apply("acme/web/seen", ["vars/A": "1"])
            try safe.grant([.list], to: .user(1003), on: "acme/web/seen")
        }
        for source in ["user/empty", "user/full"] {
            for overwrite in [false, true] {
                expectSame("acme/web/db", "acme/web/none", isProjectSeen ? "denied" : "notFound") {
                    try safe.copy(source, to: $0, overwrite: overwrite, by: stranger)
                }
            }
        }
        expectSame("acme/web/db/vars/A", "acme/web/none/vars/A", "notFound") {
            try safe.copy("user/full/vars/A", to: $0, overwrite: true, by: stranger)
        }
        expectSame(".users/1001/x/vars/A", ".users/1002/x/vars/A", "notFound") { try safe.copy("user/full/vars/A", to: $0, by: stranger) }
    }

    @Test func `items`() throws {
        let safe = try safe()
        try safe.grant([.list, .write], to: .user(1003), on: "acme/web/db/vars/A")
        let secret = try safe.reference("acme/web/db")
        for name in ["vars/B", "vars/NONE", "files/x/y", "files/none"] {
            let change = SecretChange(secret, mode: .update, items: [ItemChange(Array(name.utf8), .remove)])
            let error = #expect(throws: VaultError.self) {
                try unsafe safe.vault.apply([change], values: [UInt8]().span.bytes, by: stranger)
            }
            #expect(error?.cause.word == "notFound")
        }
        #expect(refusal { try safe.apply("acme/web/db", ["vars/A": nil], by: stranger) } == "denied")
    }

    /// The only item of a secret is not found for who sees the secret by something else.
    @Test func `the only item`() throws {
        let safe = try safe()
        try safe.apply("acme/web/one", ["files/x/y": "1"])
        try safe.grant([.list], to: .user(1003), on: "acme/web/one/vars")
        let secret = try safe.reference("acme/web/one")
        #expect(try safe.vault.resolve(secret, item: true, for: stranger) == safe.inode("acme/web/one"))
        #expect(try safe.vault.resolve(secret, item: true, for: safe.owner) == safe.inode("acme/web/one/files/x/y"))
    }

    @Test func `what a migration would name`() throws {
        let safe = try safe()
        try safe.apply("acme/web/seen", ["vars/A": "1"])
        try safe.apply("acme/web/bare", [:])
        try safe.grant([.read], to: .user(1003), on: "acme/web/seen")
        for dryRun in [true, false] {
            #expect(refusal { try safe.migrate("acme/web", to: "user", dryRun: dryRun, by: stranger) } == "denied")
        }
        try safe.grant([.list], to: .user(1003), on: "acme/web")
        #expect(refusal { try safe.migrate("acme/web", to: "user", by: stranger) } == "denied")
        try safe.grant([.read], to: .user(1003), on: "acme/web")
        #expect(try safe.migrate("acme/web", to: "user", by: stranger).count == 3)
    }

    /// A description is for who may list the whole secret.
    @Test func `descriptions`() throws {
        let safe = try safe()
        try safe.apply("acme/web/part", ["vars/A": "1"], description: "not for all")
        try safe.grant([.read], to: .user(1003), on: "acme/web/part/vars")
        #expect(try safe.vault.show(try safe.reference("acme/web/part"), for: stranger).description == nil)
        #expect(refusal { try safe.copy("acme/web/part", to: "user/part", by: stranger) } == "denied")
        try safe.copy("acme/web/part", to: "user/empty", overwrite: true, by: stranger)
        #expect(try safe.vault.show(try safe.reference("user/empty"), for: stranger).description == nil)
    }
}
