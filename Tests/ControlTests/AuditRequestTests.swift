// SPDX-License-Identifier: MIT

import ControlAPI
import Foundation
import Secrets
import Testing
import Vault

@testable import Control

@Suite struct AuditRequestTests {
    @Test func `lines come as they are`() throws {
        let server = try Server()
        _ = try server.vault.mkdir(Array("acme".utf8), in: .root, by: server.caller("mkdir"))
        let log = try String(contentsOfFile: server.folder + "/audit.log", encoding: .utf8)
        let answer = try server.ask("GET", Endpoint.audit)
        #expect(answer.status == 200)
        #expect(answer.body == log)
        #expect(log.contains("\"ref\":\"acme\""))
        for line in answer.body.split(separator: "\n") {
            _ = try JSONDecoder().decode(AuditReply.self, from: Data(line.utf8))
        }
    }

    @Test func `half a line is left out`() throws {
        let server = try Server()
        let path = server.folder + "/audit.log"
        let log = try String(contentsOfFile: path, encoding: .utf8)
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data("{\"time\":".utf8))
        try file.close()
        // The daemon's next sync, which may come first, ends the line that somebody else began.
        #expect([log, log + "{\"time\":\n"].contains(try server.ask("GET", Endpoint.audit).body))
    }

    @Test func `a changed line is found`() throws {
        let server = try Server()
        _ = try server.vault.mkdir(Array("acme".utf8), in: .root, by: server.caller("mkdir"))
        _ = try server.vault.mkdir(Array("other".utf8), in: .root, by: server.caller("mkdir"))
        #expect(try server.reply("GET", Endpoint.verifyAudit, as: VerifyReply.self).intact)
        let path = server.folder + "/audit.log"
        let log = try String(contentsOfFile: path, encoding: .utf8)
        let changed = log.replacingOccurrences(of: "acme", with: "ACME")
        try #require(FileHandle(forWritingAtPath: path)).write(contentsOf: Data(changed.utf8))
        let verdict = try server.reply("GET", Endpoint.verifyAudit, as: VerifyReply.self)
        #expect(!verdict.intact)
        #expect(verdict.line == 2)
        #expect(verdict.problem != nil)
    }
}
