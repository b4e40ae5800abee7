// SPDX-License-Identifier: MIT

import ControlAPI
import Foundation
import Testing
import Vault

@testable import Control

@Suite struct DoctorRequestTests {
    @Test func `is for the owner`() throws {
        let answer = try Server(owner: geteuid() &+ 1).refused("GET", Endpoint.doctor)
        #expect(answer.status == 403)
        #expect(answer.refusal.code == .denied)
    }

    @Test func `finds nothing in a whole store`() throws {
        let server = try Server()
        try server.make("acme/web/db", ["vars/PASSWORD": marker])
        let found = try server.granted("GET", Endpoint.doctor, as: DoctorReply.self)
        #expect(found.problems == [])
        #expect(found.checked.values)
        #expect(found.checked.nodes > 0)
        #expect(found.checked.versions == 1)
        try server.vault.lock(by: server.keeper)
        #expect(try !server.granted("GET", Endpoint.doctor, as: DoctorReply.self).checked.values)
    }

    @Test func `finds a line of the log that was changed`() throws {
        let server = try Server()
        try server.make("acme/web/db", ["vars/PASSWORD": marker])
        let path = server.folder + "/audit.log"
        let changed = try server.log().replacingOccurrences(of: "acme", with: "ACME")
        try #require(FileHandle(forWritingAtPath: path)).write(contentsOf: Data(changed.utf8))
        let found = try server.granted("GET", Endpoint.doctor, as: DoctorReply.self)
        #expect(found.problems.contains { $0.what.hasPrefix("the audit log: line ") })
    }
}
