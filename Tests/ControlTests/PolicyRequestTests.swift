// SPDX-License-Identifier: MIT

import ControlAPI
import Foundation
import Secrets
import Testing
import Vault

@testable import Control

@Suite struct PolicyRequestTests {
    private func server(isStranger: Bool = false) throws -> Server {
        let server = try Server(owner: isStranger ? geteuid() &+ 1 : geteuid())
        try server.make("acme/web/db", ["vars/PASSWORD": marker])
        return server
    }

    private func set(_ server: Server, _ policy: String) throws -> PolicyReply {
        try server.granted("POST", "/v1/policy?ref=acme/web/db", Array(policy.utf8), as: PolicyReply.self)
    }

    @Test func `what is not named stays`() throws {
        let server = try server()
        let standard = try server.granted("GET", "/v1/policy?ref=acme/web/db", as: PolicyReply.self)
        #expect(standard == PolicyReply(ref: "acme/web/db", policy: .standard))
        #expect(try set(server, #"{"debug":"deny"}"#).debug == .deny)
        let changed = try set(server, #"{"projects":["web","api"]}"#)
        #expect(changed.projects == .only(["api", "web"]))
        #expect(changed.debug == .deny)
        #expect(changed.attach == .allow)
        #expect(try set(server, "{}") == changed)
        #expect(try set(server, #"{"projects":[]}"#).projects == PolicyProjects.none)
        #expect(try set(server, #"{"projects":"all","debug":"allow"}"#) == standard)
    }

    @Test(arguments: [
        "", "[]", #"{"debug":true}"#, #"{"debug":"maybe"}"#, #"{"projects":"some"}"#, #"{"projects":[1]}"#, #"{"projects":["a/b"]}"#,
        #"{"attach":null}"#, #"{"color":"red"}"#,
    ])
    func `what is no policy changes nothing`(body: String) throws {
        let server = try server()
        let answer = try server.refused("POST", "/v1/policy?ref=acme/web/db", Array(body.utf8))
        #expect(answer.status == 400)
        #expect(answer.refusal.code == .invalid)
        #expect(
            try server.granted("GET", "/v1/policy?ref=acme/web/db", as: PolicyReply.self)
                == PolicyReply(ref: "acme/web/db", policy: .standard))
    }

    @Test func `it takes manage`() throws {
        let server = try server(isStranger: true)
        try server.share("acme/web/db", [.list, .read, .write, .run])
        #expect(try server.refused("POST", "/v1/policy?ref=acme/web/db", Array("{}".utf8)).status == 403)
        #expect(try server.exchange("GET", "/v1/policy?ref=acme/web/db").status == 200)
        try server.share("acme/web/db", .manage)
        #expect(try set(server, #"{"attach":"deny"}"#).attach == .deny)
    }

    @Test func `lists are bounded`() throws {
        let server = try server()
        let names = { (count: Int) in (0..<count).map { "\"project-\($0)\"" }.joined(separator: ",") }
        #expect(try set(server, "{\"projects\":[\(names(4096))]}").projects == .only((0..<4096).map { "project-\($0)" }.sorted()))
        let answer = try server.refused("POST", "/v1/policy?ref=acme/web/db", Array("{\"projects\":[\(names(4097))]}".utf8))
        #expect(answer.status == 400)
        #expect(try server.refused("POST", "/v1/policy?ref=acme/web/db", [UInt8](repeating: 0x20, count: Limits.policy + 1)).status == 413)
        #expect(try server.refused("GET", "/v1/policy?ref=acme/web").status == 409)
        #expect(try server.refused("GET", "/v1/policy?ref=acme/web/none").status == 404)
    }

    @Test func `of two admins neither undoes the other`() throws {
        let server = try server()
        try together(2) {
            _ = try set(server, #"{"debug":"deny"}"#)
            _ = try set(server, #"{"attach":"deny"}"#)
        }
        let policy = try server.granted("GET", "/v1/policy?ref=acme/web/db", as: PolicyReply.self)
        #expect(policy.debug == .deny)
        #expect(policy.attach == .deny)
    }
}
