// SPDX-License-Identifier: MIT

import ControlAPI
import Foundation
import Secrets
import Synchronization
import Testing
import Vault

@testable import Control

@Suite struct TreeRequestTests {
    private func server(isStranger: Bool = false) throws -> Server {
        let server = try Server(owner: isStranger ? geteuid() &+ 1 : geteuid())
        try server.make("acme/web/db", ["vars/PASSWORD": marker, "files/a/b": marker])
        return server
    }

    private func exists(_ place: String, _ server: Server) throws -> Bool {
        (try? server.vault.resolve(try Reference.parse(place), for: server.keeper)) != nil
    }

    @Test func `entries come in pages`() throws {
        let server = try server()
        for number in 0..<5 { try server.make("acme/web/s\(number)", [:]) }
        let all = try server.granted("GET", "/v1/entries?ref=acme/web", as: EntriesReply.self)
        #expect(all.entries.map(\.name) == ["db", "s0", "s1", "s2", "s3", "s4"])
        #expect(all.entries.allSatisfy { $0.kind == .secret && $0.length == nil && $0.ref.description == "acme/web/\($0.name)" })
        #expect(all.next == nil)
        var names: [String] = []
        var after: String? = "0"
        while let cookie = after {
            let page = try server.granted("GET", "/v1/entries?ref=acme/web&limit=2&after=\(cookie)", as: EntriesReply.self)
            #expect(page.entries.count <= 2)
            names += page.entries.map(\.name)
            after = page.next
        }
        #expect(names == all.entries.map(\.name))
        #expect(
            try server.granted("GET", "/v1/entries", as: EntriesReply.self).entries.contains {
                $0.ref == "acme" && $0.kind == .organization
            })
        let items = try server.granted("GET", "/v1/entries?ref=acme/web/db", as: EntriesReply.self).entries
        #expect(items.map(\.name) == ["vars/PASSWORD", "files/a/b"])
        #expect(items.map(\.ref) == ["acme/web/db/vars/PASSWORD", "acme/web/db/files/a/b"])
        #expect(items.map(\.length) == [Int64(marker.utf8.count), Int64(marker.utf8.count)])
        #expect(items.map(\.kind) == [.variable, .file])
    }

    @Test func `a secret is shown without its values`() throws {
        let server = try server()
        let shown = try server.granted("GET", "/v1/secret?ref=acme/web/db", as: SecretReply.self)
        #expect(shown.ref == "acme/web/db")
        #expect(shown.kind == .secret)
        #expect(shown.items.map(\.name) == ["vars/PASSWORD", "files/a/b"])
        #expect(shown.items.map(\.version) == [1, 1])
        #expect(shown.policy == PolicyRequest(AccessPolicy.standard))
        #expect(try server.granted("GET", "/v1/secret?ref=acme/web", as: SecretReply.self).kind == .project)
    }

    @Test func `who may not see is shown nothing`() throws {
        let server = try server(isStranger: true)
        for target in [
            "/v1/entries?ref=acme/web", "/v1/secret?ref=acme/web/db", "/v1/history?ref=acme/web/db", "/v1/policy?ref=acme/web/db",
        ] {
            let answer = try server.refused("GET", target)
            #expect(answer.status == 404)
            #expect(answer.refusal.hint == nil)
        }
        #expect(try server.granted("GET", "/v1/complete?prefix=a", as: CompleteReply.self).names == [])
        #expect(try server.granted("GET", "/v1/deleted", as: DeletedReply.self).deleted == [])
        try server.share("acme/web/db/vars/PASSWORD", .list)
        #expect(try server.granted("GET", "/v1/secret?ref=acme/web/db", as: SecretReply.self).items.map(\.name) == ["vars/PASSWORD"])
        #expect(
            try server.granted("GET", "/v1/complete?prefix=acme/w", as: CompleteReply.self).names.allSatisfy { $0.hasPrefix("acme/web") })
    }

    @Test func `what is near is offered`() throws {
        let server = try server()
        let answer = try server.refused("GET", "/v1/secret?ref=acme/web/dbb")
        #expect(answer.status == 404)
        #expect(answer.refusal == Refusal(error: "acme/web/dbb: no such secret", hint: "did you mean acme/web/db?", code: .notFound))
        #expect(try server.refused("GET", "/v1/secret?ref=acme/wbe").refusal.error == "acme/wbe: no such project")
        #expect(try server.refused("GET", "/v1/secret?ref=acme/web@x").refusal.error == "acme/web@x: no such target")
        #expect(try server.refused("GET", "/v1/secret?ref=acne").refusal.error == "acne: no such organization")
        #expect(
            try server.refused("GET", "/v1/value?ref=acme/web/db/vars/PASSWORT").refusal.hint == "did you mean acme/web/db/vars/PASSWORD?")
        #expect(try server.refused("GET", "/v1/value?ref=user/none").refusal.error == "user/none: no such secret")
    }

    @Test func `places are made`() throws {
        let server = try server()
        for (place, kind) in [
            ("new", PlaceKind.organization), ("new/web", .project), ("new/web@live", .target), ("new/web/db", .secret),
            ("user/mail", .secret),
        ] {
            let made = try server.granted("POST", "/v1/make?ref=\(place)&kind=\(kind.rawValue)", as: PlaceReply.self)
            #expect(made.kind == kind)
            #expect(try server.refused("POST", "/v1/make?ref=\(place)").status == 409)
        }
        #expect(server.invalidated.inodes.withLock { $0.contains(.root) })
        #expect(try server.refused("POST", "/v1/make?ref=new/web/other&kind=project").status == 400)
        #expect(try server.refused("POST", "/v1/make?ref=new/web/other&kind=folder").status == 400)
        #expect(try server.refused("POST", "/v1/make?ref=none/web").status == 404)
        #expect(try server.refused("POST", "/v1/make?ref=bad%20name").status == 400)
        #expect(try server.refused("POST", "/v1/make").status == 400)
    }

    @Test func `changes need the rights`() throws {
        let server = try server(isStranger: true)
        try server.share("acme", [.list, .read, .run])
        for target in [
            "/v1/make?ref=other", "/v1/make?ref=acme/x", "/v1/remove?ref=acme/web/db", "/v1/remove?ref=acme/web/db&purge=true",
            "/v1/remove?ref=acme/web/db/vars/PASSWORD", "/v1/move?from=acme/web/db&to=acme/web/x",
            "/v1/copy?from=acme/web/db&to=acme/web/x",
            "/v1/migrate?from=acme/web&to=acme/@org", "/v1/rollback?ref=acme/web/db/vars/PASSWORD&version=1",
        ] {
            let answer = try server.refused("POST", target)
            #expect(answer.status == 403, "\(target): \(answer)")
            #expect(answer.refusal.code == .denied)
        }
        #expect(try exists("acme/web/db/vars/PASSWORD", server))
        #expect(try server.log().split(separator: "\n").filter { $0.contains(#""verdict":"deny""#) }.count >= 9)
    }

    @Test func `what is removed can be restored`() throws {
        let server = try server()
        #expect(try server.granted("POST", "/v1/remove?ref=acme/web/db", as: DoneReply.self).done)
        #expect(try !exists("acme/web/db", server))
        #expect(server.invalidated.inodes.withLock { !$0.isEmpty })
        let item = try #require(try server.granted("GET", "/v1/deleted?ref=acme", as: DeletedReply.self).deleted.first)
        #expect(item.ref == "acme/web/db")
        #expect(item.kind == .secret)
        #expect(item.by == geteuid())
        #expect(item.expires > item.deleted)
        #expect(
            try server.granted("POST", "/v1/restore?id=\(item.id)", as: PlaceReply.self) == PlaceReply(ref: "acme/web/db", kind: .secret))
        try server.share("acme/web/db", .read)
        #expect(try server.exchange("GET", "/v1/value?ref=acme/web/db/files/a/b").text == marker)
        #expect(try server.refused("POST", "/v1/restore?id=\(item.id)").status == 404)

        _ = try server.granted("POST", "/v1/remove?ref=acme/web/db", as: DoneReply.self)
        try server.make("acme/web/db", [:])
        #expect(try server.refused("POST", "/v1/restore?id=\(item.id)").status == 409)
        #expect(try server.granted("POST", "/v1/restore?id=\(item.id)&to=acme/web/old", as: PlaceReply.self).ref == "acme/web/old")
    }

    @Test func `what is purged is gone`() throws {
        let server = try server()
        _ = try server.granted("POST", "/v1/remove?ref=acme/web/db/vars/PASSWORD", as: DoneReply.self)
        let item = try #require(try server.granted("GET", "/v1/deleted", as: DeletedReply.self).deleted.first)
        #expect(try server.refused("POST", "/v1/remove?id=\(item.id)").status == 400)
        #expect(try server.refused("POST", "/v1/remove?id=\(item.id)&ref=acme&purge=true").status == 400)
        _ = try server.granted("POST", "/v1/remove?id=\(item.id)&purge=true", as: DoneReply.self)
        #expect(try server.refused("POST", "/v1/restore?id=\(item.id)").status == 404)
        _ = try server.granted("POST", "/v1/remove?ref=acme/web/db&purge=true", as: DoneReply.self)
        #expect(try server.granted("GET", "/v1/deleted", as: DeletedReply.self).deleted == [])
    }

    @Test(arguments: [
        "/v1/remove", "/v1/remove?id=x&purge=true", "/v1/remove?ref=acme&purge=yes", "/v1/restore", "/v1/restore?id=1",
        "/v1/restore?ref=acme", "/v1/move", "/v1/move?from=acme", "/v1/move?to=acme", "/v1/copy?from=a/../b&to=c", "/v1/copy?from=acme",
        "/v1/copy?from=a&to=b&overwrite=1", "/v1/migrate?from=a", "/v1/migrate?from=a&to=b&dryRun=", "/v1/make?ref=acme&kind=",
    ])
    func `what is not as it should be`(target: String) throws {
        let answer = try Server().refused("POST", target)
        #expect(answer.status == 400)
        #expect(answer.refusal.error.contains("parameter"))
    }

    @Test func `places move`() throws {
        let server = try server()
        let moved = try server.granted("POST", "/v1/move?from=acme/web/db&to=acme/web/base", as: PlaceReply.self)
        #expect(moved == PlaceReply(ref: "acme/web/base", kind: .secret))
        #expect(try server.refused("POST", "/v1/move?from=acme/web/db&to=acme/web/x").status == 404)
        #expect(try server.refused("POST", "/v1/move?from=acme/web/base&to=user/x").status == 409)
        try server.make("acme/web/full", ["vars/A": "x"])
        #expect(try server.refused("POST", "/v1/move?from=acme/web/base&to=acme/web/full").status == 409)
    }

    @Test func `copies need read and show nothing`() throws {
        let server = try server()
        #expect(try server.refused("POST", "/v1/copy?from=acme/web/db&to=acme/web/copy").status == 403)
        try server.share("acme/web/db", .read)
        let made = try server.granted("POST", "/v1/copy?from=acme/web/db&to=acme/web/copy", as: VersionsReply.self)
        #expect(made.versions.map(\.ref) == ["acme/web/copy/vars/PASSWORD", "acme/web/copy/files/a/b"])
        #expect(try server.refused("GET", "/v1/value?ref=acme/web/copy/files/a/b").status == 403)
        #expect(try server.refused("POST", "/v1/copy?from=acme/web/db&to=acme/web/copy").status == 409)
        #expect(try server.exchange("POST", "/v1/copy?from=acme/web/db&to=acme/web/copy&overwrite=true").status == 200)
        #expect(try server.log().contains(#""action":"copy","ref":"acme/web/db/vars/PASSWORD","version":1"#))
    }

    @Test func `a migration is told line by line`() throws {
        let server = try server()
        try server.make("acme/web/key", ["files/k": marker])
        try server.share("acme/web", .read)
        let planned = try lines(try server.exchange("POST", "/v1/migrate?from=acme/web&to=acme/@org&dryRun=true"))
        #expect(!(try exists("acme/@org/db", server)))
        let done = try lines(try server.exchange("POST", "/v1/migrate?from=acme/web&to=acme/@org"))
        for told in [planned, done] {
            guard case .done(let secrets) = try #require(told.last) else {
                Issue.record("it did not end")
                return
            }
            #expect(secrets.map(\.from) == ["acme/web/db", "acme/web/key"])
            #expect(secrets.map(\.to) == ["acme/@org/db", "acme/@org/key"])
            #expect(secrets.map(\.exists) == [false, false])
        }
        #expect(done.contains { if case .progress = $0 { true } else { false } })
        #expect(try exists("acme/@org/db/vars/PASSWORD", server))
        #expect(server.invalidated.inodes.withLock { !$0.isEmpty })
        #expect(try server.refused("POST", "/v1/migrate?from=acme/web&to=acme/@org").status == 409)
        #expect(try server.refused("POST", "/v1/migrate?from=acme/none&to=acme/@org").status == 404)
        #expect(try server.exchange("POST", "/v1/migrate?from=acme/web&to=acme/@org&overwrite=true").status == 200)
        _ = try server.log()
    }

    private func lines(_ answer: Answer) throws -> [MigrateLine] {
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.headers["content-type"] == "application/x-ndjson")
        return try answer.body.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(MigrateLine.self, from: Data($0)) }
    }

    @Test func `the server stops only behind a migration`() throws {
        let server = try server()
        try server.share("acme/web", .read)
        for number in 0..<50 { try server.make("acme/web/s\(number)", ["vars/A": marker]) }
        // A peer that does not wait for the answer.
        var peer: UnixStreamPeer? = try UnixStreamPeer(
            server.socket, "POST /v1/migrate?from=acme/web&to=acme/@org HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        for _ in 0..<2000 where try !server.log().contains(#""ref":"acme/@org/"#) { usleep(1000) }
        #expect(peer != nil)
        peer = nil
        server.stop()
        let count = (0..<50).filter { (try? exists("acme/@org/s\($0)", server)) == true }.count
        #expect(count == 50)
    }

    @Test func `completions are of what is there`() throws {
        let server = try server()
        let names = try server.granted("GET", "/v1/complete?prefix=acme/web/d", as: CompleteReply.self).names
        #expect(names.contains { $0.hasPrefix("acme/web/db") })
        #expect(try server.granted("GET", "/v1/complete?prefix=%FF%00&limit=5", as: CompleteReply.self).names == [])
        #expect(try server.refused("GET", "/v1/complete?limit=0").status == 400)
        #expect(try server.refused("GET", "/v1/complete?prefix=" + String(repeating: "a", count: 4097)).status == 400)
    }
}
