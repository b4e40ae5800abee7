// SPDX-License-Identifier: MIT

import ControlAPI
import Foundation
import Secrets
import Synchronization
import Testing
import Vault

@testable import Control

@Suite struct GrantRequestTests {
    /// A server with acme/web in its tree.
    private func server() throws -> Server {
        let server = try Server()
        let acme = try server.vault.mkdir(Array("acme".utf8), in: .root, by: server.caller("mkdir")).inode
        _ = try server.vault.mkdir(Array("web".utf8), in: acme, by: server.caller("mkdir"))
        return server
    }

    private func grant(_ who: Principal, _ rights: Rights?) throws -> String {
        String(decoding: try #require(JSONLine.bytes(of: GrantRequest(who: who, rights: rights))), as: UTF8.self)
    }

    @Test func `grants are made listed and taken back`() throws {
        let server = try server()
        let made = try server.reply(
            "POST", "/v1/grant?ref=acme%2Fweb", body: try grant("uid:1001", "read"), as: GrantsReply.self)
        #expect(made.grants == [.init(ref: "acme/web", who: "uid:1001", rights: "read", direct: true)])
        let more = try server.reply("POST", "/v1/grant?ref=acme/web", body: try grant("uid:1001", "write"), as: GrantsReply.self)
        #expect(more.grants.map(\.rights) == ["read,write"])
        _ = try server.reply("POST", "/v1/grant?ref=secret:acme", body: try grant("gid:100", "list"), as: GrantsReply.self)

        let listed = try server.reply("GET", "/v1/acl?ref=/acme/web/", as: GrantsReply.self)
        #expect(listed.grants.count == 2)
        #expect(listed.grants.contains(.init(ref: "acme", who: "gid:100", rights: "list", direct: false)))

        let less = try server.reply("POST", "/v1/revoke?ref=acme/web", body: try grant("uid:1001", "write"), as: GrantsReply.self)
        #expect(less.grants.contains(.init(ref: "acme/web", who: "uid:1001", rights: "read", direct: true)))
        let none = try server.reply("POST", "/v1/grant?ref=acme/web", body: try grant("uid:1001", "none"), as: GrantsReply.self)
        #expect(none.grants.map(\.who) == ["gid:100"])
    }

    /// Who gives up their own rights is not refused, since it is done.
    @Test func `one can take ones own rights`() throws {
        let server = try Server(owner: geteuid() + 1)
        let acme = try server.vault.mkdir(Array("acme".utf8), in: .root, by: server.keeper).inode
        let me = Principal.user(geteuid())
        _ = try server.vault.grant(.manage, to: me, on: acme, by: server.keeper)
        let body = try grant(me, nil)
        #expect(try server.reply("POST", "/v1/revoke?ref=acme", body: body, as: GrantsReply.self).grants == [])
        #expect(try server.refused("GET", "/v1/acl?ref=acme").status == 404)
    }

    @Test func `the kernel forgets before the answer`() throws {
        let server = try server()
        _ = try server.reply("POST", "/v1/grant?ref=acme/web", body: try grant("uid:1001", "read"), as: GrantsReply.self)
        #expect(server.invalidated.inodes.withLock { !$0.isEmpty })
        let before = server.invalidated.inodes.withLock { $0.count }
        _ = try server.reply("POST", "/v1/revoke?ref=acme/web", body: try grant("uid:1001", nil), as: GrantsReply.self)
        #expect(server.invalidated.inodes.withLock { $0.count } > before)
    }

    @Test func `what is not there can not be revoked`() throws {
        let server = try server()
        let answer = try server.refusal("POST", "/v1/revoke?ref=acme/web", body: try grant("uid:1001", nil))
        #expect(answer.status == 404)
    }

    @Test func `why tells right by right`() throws {
        let server = try server()
        _ = try server.reply("POST", "/v1/grant?ref=acme/web", body: try grant("uid:1001", "read"), as: GrantsReply.self)
        let other = try server.reply("GET", "/v1/why?ref=acme/web&uid=1001&gid=1001&groups=5,6", as: WhyReply.self)
        #expect(other.who == "uid:1001")
        #expect(other.rights.map(\.right) == ["list", "read", "write", "run", "manage"])
        #expect(other.rights.filter(\.allowed).map(\.right) == ["list", "read"])
        #expect(other.rights.first?.reason == "grant to user 1001 on acme/web")
        let own = try server.reply("GET", "/v1/why?ref=acme/web", as: WhyReply.self)
        #expect(own.rights.filter(\.allowed).map(\.right) == ["list", "write", "manage"])
    }

    @Test func `groups count for why`() throws {
        let server = try server()
        _ = try server.reply("POST", "/v1/grant?ref=acme/web", body: try grant("gid:77", "read"), as: GrantsReply.self)
        func reads(_ query: String) throws -> Bool {
            let told = try server.reply("GET", "/v1/why?ref=acme/web&\(query)", as: WhyReply.self)
            return told.rights.contains { $0.right == "read" && $0.allowed }
        }
        #expect(try reads("uid=1001&gid=77"))
        #expect(try reads("uid=1001&gid=1001&groups=5,77"))
        #expect(try !reads("uid=1001&gid=1001&groups=5"))
        #expect(try !reads("uid=1001"))
    }
}
