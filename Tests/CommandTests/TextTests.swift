// SPDX-License-Identifier: MIT

import Testing

@testable import tacit

@Suite struct TextTests {
    @Test func `names can not steer a terminal`() {
        #expect(text("a\u{1B}[31mb") == "a\\u{1b}[31mb")
        #expect(text("a\nb\u{85}\u{202E}c\u{7F}") == "a\\u{a}b\\u{85}\\u{202e}c\\u{7f}")
        #expect(text("grün/密") == "grün/密")
    }

    @Test func `bytes that are no text are marked`() {
        #expect(text([0x61, 0xFF]) == "a\u{FFFD}")
    }

    @Test func `columns are aligned`() {
        #expect(table([["a", "bb", "c"], ["aaa", "b"]]) == "a    bb  c\naaa  b\n")
        #expect(table([["a", "b", ""], ["aaa", "b", "c"]]) == "a    b\naaa  b  c\n")
        #expect(table([]) == "")
    }

    @Test func `queries are encoded whole`() {
        let head = DaemonRequest("GET", "/v1/acl", query: [("ref", Array("a/b&c".utf8) + [0xFF]), ("x", [])]).head(
            contentType: nil, length: 0)
        #expect(
            String(decoding: head, as: UTF8.self)
                == "GET /v1/acl?ref=a/b%26c%FF&x= HTTP/1.1\r\nHost: tacit\r\nConnection: close\r\n\r\n")
    }

    @Test(arguments: [
        ("/secrets/acme/web", "/acme/web"), ("/secrets", "/"), ("/secrets/", "/"), ("/secretsX/a", "/secretsX/a"),
        ("/acme", "/acme"), ("/", "/"),
    ])
    func `paths below the mountpoint`(path: String, reference: String) {
        #expect(ReferenceArgument.relative(Array(path.utf8), to: Array("/secrets".utf8)) == Array(reference.utf8))
    }

    @Test func `the daemon is looked for in order`() {
        #expect(
            DaemonProgram.candidates(program: "/usr/bin/tacit", search: "/a::rel:/b")
                == ["/usr/bin/tacitd", "/usr/sbin/tacitd", "/a/tacitd", "/b/tacitd"])
        #expect(DaemonProgram.candidates(program: nil, search: "") == [])
    }

    @Test func `sockets are tried in order`() {
        let system = "/run/tacit/tacit.sock"
        #expect(DaemonConnection.paths(told: "/x", runtimeFolder: "/run/user/1", uid: 1) == ["/x"])
        #expect(DaemonConnection.paths(told: "", runtimeFolder: "/run/user/1", uid: 1) == ["/run/user/1/tacit/tacit.sock", system])
        #expect(DaemonConnection.paths(told: nil, runtimeFolder: "relative", uid: 1) == [system])
        #expect(DaemonConnection.paths(told: nil, runtimeFolder: "/run/user/0", uid: 0) == [system])
    }
}
