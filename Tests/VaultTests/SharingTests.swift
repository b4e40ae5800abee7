// SPDX-License-Identifier: MIT

import Secrets
import Testing

@testable import Vault

/// Grants, and what each caller gets to see of the tree.
@Suite struct SharingTests {
    private let user = Safe.caller(1001)
    private let member = Safe.caller(1002, groups: [2000])
    private let stranger = Safe.caller(1003)

    private func safe() throws -> Safe {
        let safe = try Safe()
        try safe.furnish()
        try safe.mkdir("acme/api")
        try safe.mkdir("acme/web/cache")
        try safe.write("one", to: "acme/web/db/vars/A")
        try safe.write("two", to: "acme/web/db/vars/B")
        return safe
    }

    @Test func `reads by grant only`() throws {
        let safe = try safe()
        let path = "acme/web/db/vars/A"
        for caller in [user, member, stranger, safe.owner] {
            #expect(refusal { _ = try safe.holds("one", path, for: caller) } == "denied")
        }
        try safe.grant([.read], to: .user(1001), on: "acme/web")
        try safe.grant([.read], to: .group(2000), on: path)
        #expect(try safe.holds("one", path, for: user))
        #expect(try safe.holds("one", path, for: member))
        #expect(refusal { _ = try safe.holds("two", "acme/web/db/vars/B", for: member) } == "denied")
        #expect(refusal { _ = try safe.holds("A=one\nB=two\n", "acme/web/db/env", for: member) } == "denied")
        #expect(refusal { _ = try safe.holds("one", path, for: stranger) } == "denied")
        try safe.revoke(nil, from: .user(1001), on: "acme/web")
        #expect(refusal { _ = try safe.holds("one", path, for: user) } == "denied")
        #expect(refusal { try safe.revoke(nil, from: .user(1001), on: "acme/web") } == "notGranted")
    }

    @Test func `writes without reading`() throws {
        let safe = try safe()
        try safe.grant([.write], to: .user(1001), on: "acme/web/db")
        try safe.write("new", to: "acme/web/db/vars/A", by: user)
        try safe.write("other", to: "acme/web/db/vars/C", by: user)
        #expect(refusal { _ = try safe.holds("new", "acme/web/db/vars/A", for: user) } == "denied")
        #expect(refusal { try safe.write("x", to: "acme/web/cache/vars/A", by: user) } == "denied")
    }

    @Test func `grants need manage`() throws {
        let safe = try safe()
        #expect(refusal { try safe.grant([.read], to: .user(1001), on: "acme/web", by: user) } == "denied")
        try safe.grant([.manage], to: .user(1001), on: "acme/web")
        try safe.grant([.read], to: .user(1003), on: "acme/web/db", by: user)
        #expect(try safe.holds("one", "acme/web/db/vars/A", for: stranger))
        #expect(refusal { try safe.grant([.read], to: .user(1003), on: "acme", by: user) } == "denied")
        #expect(refusal { try safe.grant([.read], to: .user(1003), on: "") } == "notPermitted")
    }

    @Test func `lists only what one may get at`() throws {
        let safe = try safe()
        try safe.grant([.read], to: .user(1001), on: "acme/web/db/vars/A")
        #expect(try safe.names(in: "", for: user) == ["acme"])
        #expect(try safe.names(in: "acme", for: user) == ["web"])
        #expect(try safe.names(in: "acme/web", for: user) == ["db"])
        #expect(try safe.names(in: "acme/web/db/vars", for: user) == ["A"])
        #expect(try safe.names(in: "", for: stranger) == [])
        #expect(try safe.names(in: "acme", for: safe.owner) == ["@org", "api", "web", "web@prod"])
    }

    @Test func `resolves what one may see`() throws {
        let safe = try safe()
        try safe.grant([.read], to: .user(1001), on: "acme/web/db/vars/A")
        func resolve(_ text: String, _ caller: Caller, item: Bool = false) throws -> Inode {
            try safe.vault.resolve(try Reference.parse(text), item: item, for: caller)
        }
        #expect(try resolve("secret:acme/web/db/vars/A", user) == (try safe.inode("acme/web/db/vars/A")))
        #expect(try resolve("acme/web", user) == (try safe.inode("acme/web")))
        #expect(refusal { _ = try resolve("acme/web/db/vars/B", user) } == "notFound")
        #expect(refusal { _ = try resolve("acme/api", user) } == "notFound")
        #expect(refusal { _ = try resolve("acme/none", safe.owner) } == "notFound")
        #expect(refusal { _ = try resolve("acme", stranger) } == "notFound")
        try safe.write("only", to: "acme/web/cache/vars/X")
        #expect(try resolve("acme/web/cache", safe.owner, item: true) == (try safe.inode("acme/web/cache/vars/X")))
        #expect(try resolve("acme/web/db", safe.owner, item: true) == (try safe.inode("acme/web/db")))
    }

    @Test func `homes are never shared`() throws {
        let safe = try safe()
        try safe.mkdir(".users/1001/mail", by: user)
        try safe.write("pin", to: ".users/1001/mail/vars/PIN", by: user)
        #expect(try safe.holds("pin", ".users/1001/mail/vars/PIN", for: user))
        for caller in [member, stranger, safe.owner] {
            #expect(refusal { _ = try safe.holds("pin", ".users/1001/mail/vars/PIN", for: caller) } == "denied")
        }
        for caller in [user, safe.owner] {
            #expect(refusal { try safe.grant([.read], to: .user(1003), on: ".users/1001/mail", by: caller) } == "notPermitted")
        }
        #expect(refusal { try safe.mkdir(".users/1001/other", by: stranger) } == "denied")
        #expect(refusal { try safe.write("x", to: ".users/1001/mail/vars/NEW", by: stranger) } == "denied")
        #expect((try? safe.names(in: ".users/1001", for: stranger)) ?? [] == [])
        let mine = try safe.vault.resolve(try Reference.parse("user/mail"), for: user)
        #expect(mine == (try safe.inode(".users/1001/mail")))
        #expect(refusal { _ = try safe.vault.resolve(try Reference.parse("user/mail"), for: self.stranger) } == "notFound")
        #expect(try safe.vault.check(for: safe.owner) == [])
    }
}
