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
        let (system, own, data) = ("/run/tacit/tacit.sock", "/run/user/1/tacit/tacit.sock", "/home/a/.local/share/tacit")
        func paths(_ told: String?, _ runtime: String?, data: String? = nil, uid: UInt32 = 1, ownsStore: Bool = false) -> [String] {
            DaemonConnection.paths(told: told, runtimeFolder: runtime, dataFolder: data, uid: uid, ownsStore: ownsStore)
        }
        #expect(paths("/x", "/run/user/1") == ["/x"])
        #expect(paths("", "/run/user/1") == [own, system])
        #expect(paths(nil, "/run/user/1", data: data) == [own, data + "/tacit.sock", system])
        // Without a login session, as in cron: where the daemon makes it then, and where it made it in a session.
        #expect(paths(nil, nil, data: data) == [data + "/tacit.sock", own, system])
        #expect(paths(nil, "relative") == [own, system])
        #expect(paths(nil, "/run/user/0", data: data, uid: 0) == [system])
        // A caller with a store of their own means no other.
        #expect(paths(nil, nil, data: data, ownsStore: true) == [data + "/tacit.sock", own])
    }
}
