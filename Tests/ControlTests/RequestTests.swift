// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Testing

@testable import Control

/// What the socket takes, and what it does with anything else.
@Suite struct RequestTests {
    @Test func `status is for everybody`() throws {
        let server = try Server()
        let status = try server.reply("GET", Endpoint.status, as: StatusReply.self)
        #expect(!status.locked)
        #expect(status.mountpoint == "/secrets")
        #expect(status.key == .file)
        #expect(status.release == release)
    }

    @Test(arguments: [
        ("GET", "/", 404), ("GET", "/v1/", 404), ("GET", "/v1/status/", 404), ("POST", "/v1/status", 405), ("HEAD", "/v1/status", 405),
        ("DELETE", "/v1/grant", 405), ("GET", "/v1/status?a=b", 400), ("GET", "/v1/acl", 400), ("GET", "/v1/acl?ref", 400),
        ("GET", "/v1/acl?ref=", 400), ("GET", "/v1/acl?ref=a&ref=a", 400), ("GET", "/v1/acl?ref=%00", 400),
        ("GET", "/v1/acl?ref=a/../b", 400), ("GET", "/v1/acl?ref=none", 404), ("GET", "/v1/why?ref=/&uid=x", 400),
        ("GET", "/v1/why?ref=/&uid=-1", 400), ("GET", "/v1/why?ref=/&uid=4294967295", 400),
        ("GET", "/v1/why?ref=/&uid=1&groups=a", 400),
    ])
    func `what is not as it should be`(method: String, target: String, status: Int) throws {
        #expect(try Server().ask(method, target).status == status)
    }

    @Test(arguments: [
        "", "{", "[]", "null", "{}", #"{"who":"uid:1"}"#, #"{"who":"alice","rights":"read"}"#,
        #"{"who":"uid:1","rights":""}"#, #"{"who":"uid:1","rights":"fly"}"#, #"{"who":1,"rights":"read"}"#,
        String(repeating: "[", count: 16000),
    ])
    func `bodies that say nothing`(body: String) throws {
        let answer = try Server().refusal("POST", "/v1/grant?ref=/", body: body)
        #expect(answer.status == 400)
        #expect(answer.refusal.code == .invalid)
    }

    @Test func `bodies are bounded`() throws {
        let server = try Server()
        #expect(try server.ask("POST", "/v1/grant?ref=/", body: String(repeating: " ", count: 16385)).status == 413)
        #expect(try server.ask("POST", "/v1/unlock", body: String(repeating: " ", count: longestKey + 1)).status == 413)
        #expect(try server.ask("POST", "/v1/lock", body: "x").status == 413)
        #expect(try server.ask("GET", "/v1/status", body: "x").status == 413)
        let head = "POST /v1/unlock HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        #expect(try server.send(head + "Content-Length: 99999999999999999999\r\n\r\n").hasPrefix("HTTP/1.1 4"))
        #expect(try server.send(head + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n").hasPrefix("HTTP/1.1 411"))
        #expect(try server.reply("GET", Endpoint.status, as: StatusReply.self).locked == false)
    }

    @Test func `heads are bounded`() throws {
        let server = try Server()
        #expect(try server.ask("GET", "/v1/acl?ref=\(String(repeating: "a", count: 5000))").status == 400)
        #expect(try server.ask("GET", "/v1/acl?ref=\(String(repeating: "a", count: Limits.connectionMemory))").status != 200)
        let longest = Array(repeating: String(repeating: "%41", count: 255), count: 16).joined(separator: "/")
        #expect(try server.ask("GET", "/v1/acl?ref=\(longest)").status == 404)
    }

    @Test(arguments: [
        "", "\r\n", "GET", "GET / HTTP/9.9\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n",
        "GET /v1/status HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ])
    func `noise is survived`(noise: String) throws {
        let server = try Server()
        let connection = try UnixStream.connect(server.socket)
        try? connection.writeAll(Array(noise.utf8))
        try? connection.close()
        #expect(try server.ask("GET", Endpoint.status).status == 200)
    }

    @Test func `it stops`() throws {
        let server = try Server()
        let idle = try UnixStream.connect(server.socket)
        #expect(try server.ask("GET", Endpoint.status).status == 200)
        server.stop()
        #expect(throws: Errno.self) { _ = try UnixStream.connect(server.socket) }
        #expect(try idle.readToEnd(limit: 10) == [])
    }
}
