// SPDX-License-Identifier: MIT

import ControlAPI
import Foundation
import Testing
import Vault

@testable import Control

@Suite struct LockRequestTests {
    @Test func `a key file is asked again`() throws {
        let server = try Server()
        #expect(try server.reply("POST", Endpoint.lock, as: StatusReply.self).locked)
        #expect(server.vault.isLocked)
        #expect(try !server.reply("POST", Endpoint.unlock, as: StatusReply.self).locked)
    }

    @Test func `a passphrase unlocks`() throws {
        let server = try Server(passphrase: "correct horse")
        let status = try server.reply("GET", Endpoint.status, as: StatusReply.self)
        #expect(status.locked)
        #expect(status.key == .passphrase)

        let wrong = try server.refusal("POST", Endpoint.unlock, body: "wrong horse")
        #expect(wrong.status == 403)
        #expect(wrong.refusal.code == .wrongKey)
        let none = try server.refusal("POST", Endpoint.unlock)
        #expect(none.refusal.code == .locked)
        #expect(try !server.reply("POST", Endpoint.unlock, body: "correct horse", as: StatusReply.self).locked)
    }

    @Test func `only the owner locks`() throws {
        let server = try Server(owner: geteuid() &+ 1)
        for target in [Endpoint.lock, Endpoint.unlock, Endpoint.audit, Endpoint.verifyAudit] {
            let method = target.hasPrefix(Endpoint.audit) ? "GET" : "POST"
            let answer = try server.refusal(method, target)
            #expect(answer.status == 403)
            #expect(answer.refusal.code == .denied)
        }
        #expect(!server.vault.isLocked)
        #expect(try server.reply("GET", Endpoint.status, as: StatusReply.self).damage == nil)
    }
}
