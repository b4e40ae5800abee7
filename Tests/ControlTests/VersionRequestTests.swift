// SPDX-License-Identifier: MIT

import ControlAPI
import Foundation
import Secrets
import Synchronization
import Testing
import Vault

@testable import Control

@Suite struct VersionRequestTests {
    private func server() throws -> Server {
        let server = try Server()
        try server.make("acme/web/db", ["vars/PASSWORD": "old \(marker)"])
        try server.make("acme/web/db", ["vars/PASSWORD": marker])
        return server
    }

    @Test func `versions are told without values`() throws {
        let server = try server()
        let versions = try server.granted("GET", "/v1/history?ref=acme/web/db/vars/PASSWORD", as: HistoryReply.self).versions
        #expect(versions.map(\.version) == [2, 1])
        #expect(versions.map(\.current) == [true, false])
        #expect(versions.map(\.length) == [Int64(marker.utf8.count), Int64(marker.utf8.count + 4)])
        #expect(versions.allSatisfy { $0.author == geteuid() && $0.item == "acme/web/db/vars/PASSWORD" })
        #expect(try server.granted("GET", "/v1/history?ref=acme/web/db", as: HistoryReply.self).versions == versions)
    }

    @Test func `an old value comes back unseen`() throws {
        let server = try server()
        let made = try server.granted("POST", "/v1/rollback?ref=acme/web/db&version=1", as: VersionsReply.self).versions
        #expect(made == [.init(ref: "acme/web/db/vars/PASSWORD", version: 3)])
        #expect(server.invalidated.inodes.withLock { !$0.isEmpty })
        #expect(try server.refused("GET", "/v1/value?ref=acme/web/db").status == 403)
        try server.share("acme/web/db", .read)
        #expect(try server.exchange("GET", "/v1/value?ref=acme/web/db").text == "old \(marker)")
        _ = try server.log()
    }

    @Test(arguments: [
        ("/v1/rollback?ref=acme/web/db&version=9", 404), ("/v1/rollback?ref=acme/web/db", 400),
        ("/v1/rollback?ref=acme/web/db&version=0", 400), ("/v1/rollback?ref=acme/web/db&version=x", 400),
        ("/v1/rollback?ref=acme/web&version=1", 409), ("/v1/rollback?version=1", 400), ("/v1/rollback?ref=acme/web/no&version=1", 404),
    ])
    func `what is not as it should be`(target: String, status: Int) throws {
        #expect(try server().refused("POST", target).status == status)
    }

    @Test func `a locked store can not roll back`() throws {
        let server = try server()
        try server.vault.lock(by: server.keeper)
        #expect(try server.refused("POST", "/v1/rollback?ref=acme/web/db&version=1").status == 423)
    }
}
