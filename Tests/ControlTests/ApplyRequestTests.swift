// SPDX-License-Identifier: MIT

import ControlAPI
import Foundation
import Secrets
import Synchronization
import Testing
import Vault

@testable import Control

@Suite struct ApplyRequestTests {
    private typealias Secret = ApplyRequest.Secret

    private func server(isStranger: Bool = false) throws -> Server {
        let server = try Server(owner: isStranger ? geteuid() &+ 1 : geteuid())
        try server.make("acme/web/db", ["vars/PASSWORD": marker])
        return server
    }

    private func item(_ name: String, _ length: Int, expect: Int64? = nil) -> ApplyRequest.Item {
        ApplyRequest.Item(name: Array(name.utf8), length: length, expect: expect)
    }

    private func send(_ server: Server, _ secrets: [ApplyRequest.Secret], _ values: [String] = []) throws -> Answer {
        try server.exchange(
            "POST", Endpoint.apply, try server.bundle(ApplyRequest(secrets: secrets), values.map { Array($0.utf8) }))
    }

    @Test func `makes secrets with all they have`() throws {
        let server = try server()
        let answer = try send(
            server,
            [
                Secret(
                    ref: "acme/web/new", mode: .create, description: "for the café", policy: PolicyRequest(debug: .deny),
                    items: [item("vars/A", 1), item("files/x/y", marker.utf8.count), item("vars/EMPTY", 0)]),
                Secret(ref: "acme/web/db", mode: .update, items: [item("vars/PASSWORD", 3, expect: 1)]),
            ], ["1", marker, "", "two"])
        try #require(answer.status == 200, "\(answer.text)")
        let made = try JSONDecoder().decode(VersionsReply.self, from: Data(answer.body)).versions
        #expect(
            made.map(\.ref) == [
                "acme/web/new/vars/A", "acme/web/new/files/x/y", "acme/web/new/vars/EMPTY", "acme/web/db/vars/PASSWORD",
            ])
        #expect(made.map(\.version) == [1, 1, 1, 2])
        try server.share("acme", .read)
        #expect(try server.exchange("GET", "/v1/value?ref=acme/web/new/files/x/y").text == marker)
        #expect(try server.exchange("GET", "/v1/value?ref=acme/web/new/vars/EMPTY").body == [])
        #expect(try server.exchange("GET", "/v1/value?ref=acme/web/db").text == "two")
        #expect(server.invalidated.inodes.withLock { !$0.isEmpty })
        _ = try server.log()
    }

    @Test func `is all or nothing`() throws {
        let server = try server()
        for (bad, status) in [
            (Secret(ref: "acme/web/db", mode: .create), 409), (Secret(ref: "acme/web/none", mode: .update), 404),
            (Secret(ref: "acme/web/db", mode: .update, items: [item("vars/PASSWORD", 1, expect: 7)]), 409),
            (Secret(ref: "acme/none/x", mode: .either), 404), (Secret(ref: "acme/web/b@d", mode: .either), 400),
            (Secret(ref: "acme/web/db", mode: .update, items: [ApplyRequest.Item(removing: Array("vars/NO".utf8))]), 404),
            (Secret(ref: "acme/web/db", mode: .either, items: [item("vars/A", 1), item("vars/A", 1)]), 400),
            (Secret(ref: "acme/web/good", mode: .either), 400),
        ] {
            let good = Secret(ref: "acme/web/good", mode: .either, items: [item("vars/A", 1)])
            let lengths = bad.items.compactMap(\.length)
            let answer = try send(server, [good, bad], ["g"] + lengths.map { String(repeating: "x", count: $0) })
            #expect(answer.status == status, "\(answer.text)")
            #expect(throws: VaultError.self) { _ = try server.vault.resolve(Reference.parse("acme/web/good"), for: server.keeper) }
        }
        let answer = try send(server, [Secret(ref: "acme/web/no", mode: .update, items: [item("vars/A", 1)])], ["x"])
        #expect(answer.text.contains("acme/web/no: no such secret"))
    }

    @Test func `needs the rights`() throws {
        let server = try server(isStranger: true)
        let change = Secret(ref: "acme/web/db", mode: .update, items: [item("vars/PASSWORD", 1)])
        #expect(try send(server, [change], ["x"]).status == 404)
        try server.share("acme/web/db", [.list, .read, .run])
        #expect(try send(server, [change], ["x"]).status == 403)
        try server.share("acme/web/db", .write)
        #expect(try send(server, [change], ["x"]).status == 200)
        #expect(try send(server, [Secret(ref: "acme/web/db", mode: .update, policy: PolicyRequest(debug: .deny))]).status == 403)
        #expect(try send(server, [Secret(ref: "acme/web/own", mode: .create, items: [item("vars/A", 1)])], ["x"]).status == 403)
        #expect(try send(server, [Secret(ref: "user/own", mode: .create, items: [item("vars/A", 1)])], ["x"]).status == 200)
        #expect(try server.log().contains(#""verdict":"deny""#))
    }

    @Test(arguments: [
        "", "\n", "x\n", "{}\n", "[]\n", "null\n", #"{"secrets":{}}"# + "\n", #"{"secrets":[1]}"# + "\n",
        #"{"secrets":[{"mode":"either"}]}"# + "\n", #"{"secrets":[{"ref":"a/b/c"}]}"# + "\n",
        #"{"secrets":[{"ref":"a/b/c","mode":"maybe"}]}"# + "\n", #"{"secrets":[{"ref":"a/../c","mode":"either"}]}"# + "\n",
        #"{"secrets":[{"ref":"a/b/c","mode":"either","items":[{"name":"vars/A"}]}]}"# + "\n",
        #"{"secrets":[{"ref":"a/b/c","mode":"either","items":[{"name":"vars/A","length":-1}]}]}"# + "\n",
        #"{"secrets":[{"ref":"a/b/c","mode":"either","items":[{"name":"vars/A","length":1,"remove":true}]}]}"# + "\nx",
        #"{"secrets":[{"ref":"a/b/c","mode":"either","items":[{"name":"vars/A","length":2}]}]}"# + "\nx",
        #"{"secrets":[{"ref":"a/b/c","mode":"either","items":[{"name":"vars/A","length":0}]}]}"# + "\nx",
        #"{"secrets":[{"ref":"a/b/c","mode":"either","items":[{"name":"vars/A","length":1,"encoded":"%x"}]}]}"# + "\nx",
        #"{"secrets":[{"ref":"a/b/c","mode":"either","items":[{"name":"vars/A","length":9223372036854775807}]}]}"# + "\nx",
        #"{"secrets":[],"secrets":[]}"# + "\n", #"{"secrets":[]}"#, #"{"secrets":[],"more":1}"# + "\n",
        #"{"secrets":[{"ref":"a/b/c","mode":"either","description":null}]}"# + "\n",
    ])
    func `heads that say nothing`(bundle: String) throws {
        let answer = try Server().refused("POST", Endpoint.apply, Array(bundle.utf8))
        #expect(answer.status == 400)
        #expect(answer.refusal.code == .invalid)
    }

    @Test func `say where they are wrong`() throws {
        let head = #"{"secrets":[{"ref":"a/b/c","mode":"either","items":[{"name":"vars/A","length":"x"}]}]}"# + "\n"
        let answer = try Server().refused("POST", Endpoint.apply, Array(head.utf8))
        #expect(answer.refusal.error.contains("secrets[0].items[0].length"))
        #expect(answer.refusal.error.contains("offset 78"))
    }

    @Test func `heads and values are bounded`() throws {
        let server = try server()
        let long = [UInt8](repeating: UInt8(ascii: " "), count: ValueBundle.longestHead)
        #expect(try server.refused("POST", Endpoint.apply, long + Array("{\"secrets\":[]}\n".utf8)).status == 413)
        #expect(try server.exchange("POST", Endpoint.apply, long.dropLast(15) + Array("{\"secrets\":[]}\n".utf8)).status == 200)
        let head = "POST /v1/apply HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
        #expect(try server.send(head + "\(ValueBundle.longest + 1)\r\n\r\n").hasPrefix("HTTP/1.1 413"))
        let items = (0...ValueBundle.mostItems).map { item("vars/V\($0)", 0) }
        #expect(try send(server, [Secret(ref: "acme/web/many", mode: .either, items: items)]).status == 400)
        let value = String(repeating: "x", count: server.vault.maxValue + 1)
        let answer = try send(server, [Secret(ref: "acme/web/db", mode: .update, items: [item("vars/A", value.utf8.count)])], [value])
        #expect(answer.status == 413)
    }

    @Test func `many and large values go both ways`() throws {
        let server = try server()
        try server.share("acme", [.read, .write])
        let names = (0..<ValueBundle.mostItems).map { "vars/V\($0)" }
        let many = try send(
            server, [Secret(ref: "acme/web/many", mode: .create, items: names.map { item($0, $0.utf8.count) })], names)
        #expect(many.status == 200, "\(many.text)")
        let (head, values) = try server.exchange("GET", "/v1/values?ref=acme/web/many").bundle()
        #expect(head.items.count == names.count)
        #expect(values.allSatisfy { $0.key == String(decoding: $0.value, as: UTF8.self) })

        let large = String(repeating: "0123456789abcde\n", count: server.vault.maxValue / 16)
        let files = (0..<8).map { "files/f\($0)" }
        let answer = try send(
            server, [Secret(ref: "acme/web/large", mode: .create, items: files.map { item($0, large.utf8.count) })],
            files.map { _ in large })
        #expect(answer.status == 200, "\(answer.text)")
        let back = try server.exchange("GET", "/v1/values?ref=acme/web/large").bundle().values
        #expect(back.count == files.count)
        #expect(back.values.allSatisfy { $0.elementsEqual(large.utf8) })
    }

    @Test func `what is not named goes only where that is said`() throws {
        let server = try server()
        try server.make("acme/web/db", ["vars/OTHER": "x", "files/a": "x"])
        var change = Secret(ref: "acme/web/db", mode: .update, items: [item("vars/PASSWORD", 1)])
        #expect(try send(server, [change], ["n"]).status == 200)
        #expect(try server.vault.history(Reference.parse("acme/web/db"), for: server.keeper).count == 4)
        change.replaceItems = true
        #expect(try send(server, [change], ["m"]).status == 200)
        #expect(
            Set(try server.vault.history(Reference.parse("acme/web/db"), for: server.keeper).map(\.item.description)) == [
                "acme/web/db/vars/PASSWORD"
            ])
        let removal = Secret(
            ref: "acme/web/db", mode: .update, items: [ApplyRequest.Item(removing: Array("vars/PASSWORD".utf8), expect: 1)])
        #expect(try send(server, [removal]).status == 409)
    }

    @Test func `of two writers one wins`() throws {
        let server = try server()
        let statuses = Mutex<[Int]>([])
        try together(6) {
            let change = Secret(ref: "acme/web/db", mode: .update, items: [item("vars/PASSWORD", 1, expect: 1)])
            let status = try send(server, [change], ["x"]).status
            statuses.withLock { $0.append(status) }
        }
        #expect(statuses.withLock { $0.sorted() } == [200, 409, 409, 409, 409, 409])
    }
}
