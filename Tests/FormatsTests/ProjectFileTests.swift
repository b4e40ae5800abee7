// SPDX-License-Identifier: MIT

import Testing

@testable import Formats

/// The `.tacit` file of a project's folder.
@Suite struct ProjectFileTests {
    private func read(_ text: String) throws -> ProjectFile { try ProjectFile(Array(text.utf8)) }

    private func words(_ words: [[UInt8]]?) -> [String]? { words?.map { String(decoding: $0, as: UTF8.self) } }

    @Test func `all that it can say`() throws {
        let file = try read(
            """
            \u{FEFF}# of the web shop
            project = acme/web  # not a value
            target="production"\r
            secrets = [db, "api keys", ]
            required = [
                API_KEY,   # from the provider
                "DB_URL"
            ]
            link = .env
            deliver = files

            [env]
            TOKEN = user/token
            [ files ]
            ".ssh/id rsa" = acme/web/ssh/files/id
            [templates]
            .pgpass = "in/\\"p\\\\g"
            """)
        #expect(words(file.project.map { [$0] }) == ["acme/web"] && words(file.target.map { [$0] }) == ["production"])
        #expect(words(file.secrets) == ["db", "api keys"] && words(file.required) == ["API_KEY", "DB_URL"])
        #expect(words(file.links) == [".env"] && file.delivery == .files)
        let entries = [file.variables, file.files, file.templates].map { $0.map { words([$0.name, $0.value]) } }
        #expect(entries == [[["TOKEN", "user/token"]], [[".ssh/id rsa", "acme/web/ssh/files/id"]], [[".pgpass", "in/\"p\\g"]]])
        #expect(file.variables.map(\.line) == [13] && file.firstSection == 12)
        #expect(file.lines[Array("required".utf8)] == 5...8 && file.lines[Array("link".utf8)] == 9...9)
    }

    @Test func `nothing is enough`() throws {
        for text in ["", "\n\n", "# only this", "\r\n"] { #expect(try read(text) == ProjectFile()) }
    }

    @Test(arguments: [
        ("projct = x", 1, "no key is called 'projct'"), ("project = x\nproject = y", 2, "stands here twice"),
        ("project", 1, "a = is missing"), ("project =\n", 1, "a word is missing after ="), ("= x", 1, "a word is missing"),
        ("project = a b", 1, "a line goes on"), ("project = [a]", 1, "takes one word"), ("required = [a", 1, "a list needs"),
        ("required = [a b]", 1, "a list needs"), ("link = [a,,b]", 1, "a word is missing"), ("project = \"a", 1, "no quote at its end"),
        ("project = \"a\nb\"", 1, "no quote at its end"), ("project = \"a\\nb\"", 1, "after a backslash"),
        ("project = \"\"", 1, "a word is missing"), ("deliver = fax", 1, "deliver is env or files"),
        ("\n[envs]\nA = b", 2, "no section is called 'envs'"), ("[env\nA = b", 1, "a ] is missing"),
        ("[env]\nA = [b]", 2, "takes one word"),
        ("[env]\nA = b\nA = c", 3, "stands here twice"), ("project = a\0b", 1, "NUL byte"), ("[env] A = b", 1, "a line goes on"),
    ])
    func `a fault is told with its line`(text: String, line: Int, problem: String) throws {
        let error = #expect(throws: FormatError.self) { _ = try read(text) }
        guard case .malformed(let place, let told)? = error else {
            Issue.record("\(text): \(String(describing: error))")
            return
        }
        #expect(place.line == line && told.contains(problem), "\(text): \(place): \(told)")
    }

    @Test func `one too long is refused, and any bytes are read or refused`() throws {
        #expect(throws: FormatError.self) { _ = try ProjectFile(Array(repeating: UInt8(ascii: "#"), count: ProjectFile.longest + 1)) }
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("a=\"[]#,\\ \n\r\t.\0\u{e9}".utf8) + Array("project link env".utf8)
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...40, using: &random)).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            _ = try? ProjectFile(text)
        }
    }
}
