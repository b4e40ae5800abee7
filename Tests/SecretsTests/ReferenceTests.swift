// SPDX-License-Identifier: MIT

import Secrets
import Testing

@Suite struct ReferenceTests {
    @Test(
        arguments: [
            ("secret:acme/web/db/vars/PASSWORD", ["acme", "web", "db", "vars", "PASSWORD"]),
            ("acme/web/db", ["acme", "web", "db"]), ("/acme/web", ["acme", "web"]), ("secret:/acme", ["acme"]),
            ("acme/web/", ["acme", "web"]), ("//acme///web//", ["acme", "web"]), ("user/mail", ["user", "mail"]),
            ("acme/web@production/ssh/files/.ssh/id_rsa", ["acme", "web@production", "ssh", "files", ".ssh", "id_rsa"]),
            ("acme/@org/awskey", ["acme", "@org", "awskey"]), ("acme/a b\n", ["acme", "a b\n"]),
            ("a/.../..b", ["a", "...", "..b"]), ("Secret:a", ["Secret:a"]), ("/", []), ("secret:/", []), ("///", []),
        ] as [(String, [String])])
    func `right`(_ text: String, _ components: [String]) throws {
        let reference = try Reference.parse(text)
        #expect(reference.components == components.map(bytes))
        #expect(reference.description == (components.isEmpty ? "/" : components.joined(separator: "/")))
        #expect(try Reference.parse(reference.bytes) == reference)
    }

    @Test(
        arguments: [
            ("", ReferenceError.Problem.empty, 0), ("secret:", .empty, 7), ("a/./b", .dots, 2), ("..", .dots, 0),
            ("secret:a/..", .dots, 9), ("acme/\0", .nul, 5), ("\0", .nul, 0),
            ("a/" + String(repeating: "x", count: 256), .componentTooLong, 2),
            (String(repeating: "a/", count: 2048) + "b", .tooLong, 4096),
        ] as [(String, ReferenceError.Problem, Int)])
    func `wrong`(_ text: String, _ problem: ReferenceError.Problem, _ offset: Int) {
        #expect { try Reference.parse(text) } throws: {
            guard let error = $0 as? ReferenceError else { return false }
            return error.problem == problem && error.offset == offset && !error.description.isEmpty
        }
    }

    @Test func `any bytes`() throws {
        let reference = try Reference.parse([0xFF, UInt8(ascii: "/"), 0x80])
        #expect(reference.components == [[0xFF], [0x80]])
        #expect(reference.description == "\u{FFFD}/\u{FFFD}")
        let longest = try Reference.parse(String(repeating: "a/", count: 2048))
        #expect(longest.components.count == 2048)
    }
}
