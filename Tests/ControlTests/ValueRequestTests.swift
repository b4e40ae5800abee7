// SPDX-License-Identifier: MIT

import ControlAPI
import Foundation
import Secrets
import Synchronization
import Testing
import Vault

@testable import Control

@Suite struct ValueRequestTests {
    private let value = Array(marker.utf8)

    /// A server with acme/web/db, which this process may use as `rights` say. It owns the store unless `isStranger`.
    private func server(_ rights: Rights, isStranger: Bool = false) throws -> Server {
        let server = try Server(owner: isStranger ? geteuid() &+ 1 : geteuid())
        try server.make("acme/web/db", ["vars/PASSWORD": marker, "vars/USER": "x\(marker)"])
        try server.share("acme/web/db", rights)
        return server
    }

    @Test func `comes as octets with its version`() throws {
        let server = try server(.read)
        let answer = try server.exchange("GET", "/v1/value?ref=acme%2Fweb%2Fdb%2Fvars%2FPASSWORD")
        #expect(answer.status == 200)
        #expect(answer.body == value)
        #expect(answer.headers["content-type"] == "application/octet-stream")
        #expect(answer.headers["content-length"] == "\(value.count)")
        #expect(answer.headers["tacit-version"] == "1")
        #expect(try server.log().contains(#""action":"get","ref":"acme/web/db/vars/PASSWORD","version":1"#))
        let text = try server.exchange("GET", "/v1/value?ref=acme/web/db/env")
        #expect(text.text == "PASSWORD=\(marker)\nUSER=x\(marker)\n")
        #expect(text.headers["tacit-version"] == "0")
    }

    @Test func `a secret of one item stands for it`() throws {
        let server = try server(.read)
        try server.make("acme/web/key", ["files/a/b": marker])
        try server.share("acme/web/key", [.read, .write])
        #expect(try server.exchange("GET", "/v1/value?ref=acme/web/key").body == value)
        let made = try server.granted("PUT", "/v1/value?ref=acme/web/key", value + value, as: VersionsReply.self)
        #expect(made.versions == [.init(ref: "acme/web/key/files/a/b", version: 2)])
        let several = try server.refused("GET", "/v1/value?ref=acme/web/db")
        #expect(several.status == 409)
        #expect(several.refusal.hint?.contains("acme/web/db/vars/") == true)
        #expect(try server.refused("PUT", "/v1/value?ref=acme/web/db", value).status == 409)
        #expect(try server.refused("GET", "/v1/value?ref=acme/web").status == 409)
        #expect(try server.refused("PUT", "/v1/value?ref=acme", value).status == 409)
        #expect(try server.refused("GET", "/v1/value?ref=acme/web/db/vars").status == 409)
    }

    @Test(arguments: [Rights.list, .write, .manage, .run])
    func `needs read`(rights: Rights) throws {
        let server = try server(rights)
        let answer = try server.refused("GET", "/v1/value?ref=acme/web/db/vars/PASSWORD")
        #expect(answer.status == 403)
        #expect(answer.refusal.code == .denied)
        #expect(try server.log().contains(#""action":"get","ref":"acme/web/db/vars/PASSWORD""#))
        #expect(try server.refused("GET", "/v1/values?ref=acme/web/db").status == 403)
    }

    @Test(arguments: [Rights.list, .read, .run])
    func `writing needs write`(rights: Rights) throws {
        let server = try server(rights, isStranger: true)
        let answer = try server.refused("PUT", "/v1/value?ref=acme/web/db/vars/PASSWORD", value)
        #expect(answer.status == 403)
        #expect(try server.vault.history(Reference.parse("acme/web/db/vars/PASSWORD"), for: server.keeper).count == 1)
        _ = try server.log()
    }

    @Test func `who may not see it learns nothing`() throws {
        let server = try server([], isStranger: true)
        let hidden = try server.refused("GET", "/v1/value?ref=acme/web/db/vars/PASSWORD")
        let absent = try server.refused("GET", "/v1/value?ref=acme/web/no/vars/PASSWORD")
        #expect(hidden.status == 404)
        #expect(absent.status == 404)
        #expect(hidden.refusal.hint == nil)
        #expect(hidden.refusal.error.replacingOccurrences(of: "db", with: "no") == absent.refusal.error)
    }

    @Test func `the key is needed to read and not to write`() throws {
        let server = try server([.read, .write])
        try server.vault.lock(by: server.keeper)
        let answer = try server.refused("GET", "/v1/value?ref=acme/web/db/vars/PASSWORD")
        #expect(answer.status == 423)
        #expect(answer.refusal.code == .locked)
        #expect(try server.refused("GET", "/v1/values?ref=acme/web/db").status == 423)
        #expect(try server.exchange("PUT", "/v1/value?ref=acme/web/db/vars/PASSWORD", value).status == 200)
    }

    @Test func `is stored exactly`() throws {
        let server = try server([.read, .write])
        for bytes in [Array("x\n".utf8), Array("\n\n".utf8), Array(repeating: UInt8(ascii: "y"), count: 300_000)] {
            #expect(try server.exchange("PUT", "/v1/value?ref=acme/web/db/vars/PASSWORD", bytes).status == 200)
            #expect(try server.exchange("GET", "/v1/value?ref=acme/web/db/vars/PASSWORD").body == bytes)
        }
        let all = (0...255).map { UInt8($0) }
        let made = try server.granted("PUT", "/v1/value?ref=acme/web/db/files/new/one", all, as: VersionsReply.self)
        #expect(made.versions == [.init(ref: "acme/web/db/files/new/one", version: 1)])
        #expect(try server.exchange("GET", "/v1/value?ref=acme/web/db/files/new/one").body == all)
        #expect(try server.refused("PUT", "/v1/value?ref=acme/web/db/vars/PASSWORD", [0]).status == 400)
        #expect(try server.refused("PUT", "/v1/value?ref=acme/web/db/vars/1A", value).status == 400)
        #expect(try server.refused("PUT", "/v1/value?ref=acme/web/db/other", value).status == 400)
    }

    @Test func `no bytes no change`() throws {
        let server = try server([.read, .write])
        let before = try server.exchange("GET", "/v1/value?ref=acme/web/db/env").body
        let refused = [
            ("vars/PASSWORD", "empty=true stores an empty value"), ("vars/PASSWORD&empty=false", "empty=true stores an empty value"),
            ("env", nil), ("env&empty=true", nil),
        ]
        for (question, hint) in refused {
            let answer = try server.refused("PUT", "/v1/value?ref=acme/web/db/" + question, [])
            #expect(answer.status == 400)
            #expect(answer.refusal.hint == hint)
            #expect(try server.exchange("GET", "/v1/value?ref=acme/web/db/env").body == before)
        }
        #expect(try server.exchange("PUT", "/v1/value?ref=acme/web/db/vars/PASSWORD&empty=true", []).status == 200)
        #expect(try server.exchange("GET", "/v1/value?ref=acme/web/db/vars/PASSWORD").body == [])
    }

    @Test func `the kernel forgets before the answer`() throws {
        let server = try server([.read, .write])
        let item = try server.vault.resolve(Reference.parse("acme/web/db/vars/PASSWORD"), for: server.keeper)
        try server.exchange("PUT", "/v1/value?ref=acme/web/db/vars/PASSWORD", value)
        #expect(server.invalidated.inodes.withLock { $0.contains(item) })
    }

    @Test func `environments are taken apart`() throws {
        let server = try server([.read, .write])
        let made = try server.granted("PUT", "/v1/value?ref=acme/web/db/env", Array("USER=a\nNEW='b c'\n".utf8), as: VersionsReply.self)
        #expect(Set(made.versions.map(\.ref)) == ["acme/web/db/vars/USER", "acme/web/db/vars/NEW"])
        #expect(try server.exchange("GET", "/v1/value?ref=acme/web/db/env").text == "NEW='b c'\nUSER=a\n")
        let bad = try server.refused("PUT", "/v1/value?ref=acme/web/db/env", Array("\(marker) is no line".utf8))
        #expect(bad.status == 400)
        #expect(try server.refused("PUT", "/v1/value?ref=acme/web/db/env&expect=1", Array("A=1\n".utf8)).status == 400)
    }

    @Test func `is bounded`() throws {
        let server = try server([.read, .write])
        let large = [UInt8](repeating: 0x61, count: server.vault.maxValue + 1)
        let answer = try server.refused("PUT", "/v1/value?ref=acme/web/db/vars/PASSWORD", large)
        #expect(answer.status == 413)
        #expect(answer.refusal.code == .tooLarge)
        #expect(try server.exchange("PUT", "/v1/value?ref=acme/web/db/vars/PASSWORD", Array(large.dropLast())).status == 200)
        #expect(try server.exchange("GET", "/v1/value?ref=acme/web/db/vars/PASSWORD").body.count == server.vault.maxValue)
        let head = "PUT /v1/value?ref=acme/web/db/vars/PASSWORD HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        #expect(try server.send(head + "Content-Length: \(server.vault.maxEnvironment + 1)\r\n\r\n").hasPrefix("HTTP/1.1 413"))
        #expect(try server.send(head + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n").hasPrefix("HTTP/1.1 411"))
    }

    @Test(arguments: [
        ("GET", "/v1/value", 400), ("PUT", "/v1/value", 400), ("GET", "/v1/value?ref=acme/web/db/vars/NO", 404),
        ("GET", "/v1/value?ref=acme/web/db/vars/PASSWORD&version=1", 400), ("POST", "/v1/value?ref=acme", 405),
        ("PUT", "/v1/value?ref=acme/web/db/vars/PASSWORD&expect=-1", 400),
        ("PUT", "/v1/value?ref=acme/web/db/vars/PASSWORD&expect=", 400),
        ("PUT", "/v1/value?ref=acme/web/db/vars/PASSWORD&expect=9223372036854775808", 400),
        ("PUT", "/v1/value?ref=acme/web/none/vars/A", 404), ("GET", "/v1/values", 400), ("GET", "/v1/values?ref=acme/web", 409),
        ("GET", "/v1/values?ref=acme/web/db/vars/PASSWORD", 409), ("GET", "/v1/values?ref=acme/web/none", 404),
    ])
    func `what is not as it should be`(method: String, target: String, status: Int) throws {
        let server = try server([.read, .write])
        #expect(try server.refused(method, target, method == "PUT" ? value : nil).status == status)
    }

    @Test func `one that is expected and not there is a conflict`() throws {
        let server = try server([.read, .write])
        let target = "/v1/value?ref=acme/web/db/vars/PASSWORD"
        let stale = try server.refused("PUT", target + "&expect=0", value)
        #expect(stale.status == 409)
        #expect(stale.refusal.code == .conflict)
        #expect(try server.granted("PUT", target + "&expect=1", value, as: VersionsReply.self).versions.map(\.version) == [2])
        #expect(try server.refused("PUT", target + "&expect=1", value).status == 409)
        #expect(try server.exchange("PUT", "/v1/value?ref=acme/web/db/vars/OTHER&expect=0", value).status == 200)
    }

    @Test func `two writers lose nothing`() throws {
        let server = try server([.read, .write])
        let target = "/v1/value?ref=acme/web/db/vars/COUNT"
        try server.exchange("PUT", target, Array("0".utf8))
        let conflicts = Atomic(0)
        // Each adds 1, and tries again where the other was first.
        func add() throws {
            while true {
                let seen = try server.exchange("GET", target)
                let version = try #require(seen.headers["tacit-version"])
                let next = try #require(Int(seen.text)) + 1
                let answer = try server.exchange("PUT", target + "&expect=\(version)", Array("\(next)".utf8))
                if answer.status == 200 { return }
                #expect(answer.status == 409)
                conflicts.add(1, ordering: .relaxed)
            }
        }
        try together(4) { for _ in 0..<10 { try add() } }
        #expect(try server.exchange("GET", target).text == "40")
    }

    @Test func `several come at once`() throws {
        let server = try server(.read)
        try server.make("acme/web/db", ["files/a": "", "files/dir/b": String(repeating: "z", count: 70_000)])
        let answer = try server.exchange("GET", "/v1/values?ref=acme/web/db")
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == ValueBundle.mediaType)
        let (head, values) = try answer.bundle()
        #expect(head.ref == "acme/web/db")
        #expect(head.items.map(\.name) == ["vars/PASSWORD", "vars/USER", "files/a", "files/dir/b"])
        #expect(values["vars/PASSWORD"] == value)
        #expect(values["files/a"] == [])
        #expect(values["files/dir/b"]?.count == 70_000)
        #expect(try server.log().split(separator: "\n").filter { $0.contains(#""action":"get""#) }.count == 4)
        try server.make("acme/web/none", [:])
        try server.share("acme/web/none", .read)
        #expect(try server.exchange("GET", "/v1/values?ref=acme/web/none").bundle().head.items.isEmpty)
    }

    @Test func `names of any bytes are exact`() throws {
        let server = try server([.read, .write])
        let name: [UInt8] = Array("files/".utf8) + [0xFF, 0x20, 0xE2]
        #expect(try server.exchange("PUT", "/v1/value?ref=acme/web/db/files/%FF%20%E2", value).status == 200)
        let item = try server.exchange("GET", "/v1/values?ref=acme/web/db").bundle().head.items.first { $0.encoded != nil }
        let found = try #require(item)
        #expect(OctetText.name(found.name, encoded: found.encoded) == name)
        #expect(try server.exchange("GET", "/v1/value?ref=acme/web/db/\(found.encoded ?? "")").body == value)
    }
}

/// Runs `body` on so many threads at once, and waits for all.
func together(_ count: Int, _ body: @escaping () throws -> Void) throws {
    let failures = Mutex<[String]>([])
    let boxed = UncheckedBody(body: body)
    DispatchQueue.concurrentPerform(iterations: count) { _ in
        do { try boxed.body() } catch { failures.withLock { $0.append("\(error)") } }
    }
    #expect(failures.withLock { $0 } == [])
}

/// Safe to send: each test's body uses only what locks by itself.
private struct UncheckedBody: @unchecked Sendable {
    let body: () throws -> Void
}
