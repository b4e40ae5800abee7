// SPDX-License-Identifier: MIT

import Linux
import Templates
import TestSupport
import Testing

@Suite struct TemplateTests {
    /// What there is: secrets with their variables. Nothing here is a secret.
    private static let secrets: [String: [String: [UInt8]]] = [
        "db": ["PASSWORD": bytes("s3cret"), "USER": bytes("app")], "key": ["VALUE": bytes("k${secrets.db.USER}")], "empty": [:],
        "a": ["b": bytes("variable")], "a.b": ["ONE": bytes("secret")], "x.y": ["Z": bytes("z"), "W": bytes("w")], "x": ["y": bytes("y")],
        "binary": ["B": [0, 0xFF, 0x24, 0x7B]], "none": ["N": []], "v1.2-beta_3": ["V": bytes("v")],
    ]

    private func render(_ text: [UInt8]) throws(TemplateError) -> [UInt8] {
        let result = try Template.render(unsafe text.span.bytes) { meaning, lend in
            guard let secret = Self.secrets[string(meaning.secret)] else { return .noSecret }
            if let variable = meaning.variable {
                guard let value = secret[string(variable)] else { return .noVariable }
                lend(unsafe value.span.bytes)
                return .value
            }
            guard secret.count == 1, let value = secret.values.first else { return .items(secret.count) }
            lend(unsafe value.span.bytes)
            return .value
        }
        return result.withBytes { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
    }

    private func render(_ text: String) throws(TemplateError) -> String { string(try render(bytes(text))) }

    private func error(_ text: String) -> TemplateError? {
        do {
            _ = try render(text)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        ("", ""), ("plain\n", "plain\n"), ("p=${secrets.db.PASSWORD}\n", "p=s3cret\n"),
        ("${secrets.db.USER}:${secrets.db.PASSWORD}", "app:s3cret"),
        // What is put in is not looked at.
        ("${secrets.key}", "k${secrets.db.USER}"), ("${secrets.key.VALUE}", "k${secrets.db.USER}"), ("<${secrets.none}>", "<>"),
        ("${secrets.v1.2-beta_3}${secrets.v1.2-beta_3.V}", "vv"),
        // The secret has two items, so it is the variable.
        ("${secrets.x.y}", "y"), ("${secrets.x.y.Z}", "z"), ("${secrets.a.b.ONE}", "secret"),
        // Nothing else that has a dollar.
        (
            "$ $$ $HOME ${HOME} $(id) ${ ${} ${secrets} ${secretsx.a} ${ secrets.db } $secrets.db $",
            "$ $$ $HOME ${HOME} $(id) ${ ${} ${secrets} ${secretsx.a} ${ secrets.db } $secrets.db $"
        ),
        ("$${", "${"), ("$${secrets.db.USER}", "${secrets.db.USER}"), ("$$${secrets.db.USER}", "$${secrets.db.USER}"),
        ("$${HOME}", "${HOME}"),
        ("$$$", "$$$"), ("price: ${secrets.$}${secrets.db.USER}", "price: $app"), ("${secrets.$}", "$"), ("${secrets.$}{HOME}", "${HOME}"),
        ("${secrets.$}${secrets.$}x", "$$x"), ("$${secrets.$}", "${secrets.$}"), ("${secrets.$}$${", "$${"),
        ("$${secrets.db.USER}${secrets.$}${secrets.db.USER}", "${secrets.db.USER}$app"),
        ("a$${$${b", "a${${b"), ("$${${secrets.db.USER}}", "${app}"),
    ])
    func `rendering`(text: String, expected: String) throws {
        #expect(try render(text) == expected)
    }

    @Test func `any bytes`() throws {
        let text: [UInt8] = [0xFF, 0, 0x24, 0x24] + bytes("x${secrets.binary}") + [0x80, 0x24]
        #expect(try render(text) == [0xFF, 0, 0x24, 0x24] + bytes("x") + [0, 0xFF, 0x24, 0x7B, 0x80, 0x24])
        for value in NastyValues.text + NastyValues.binary where !value.containsSequence("$${") {
            #expect(try render(value) == value)
        }
    }

    @Test(arguments: [
        ("${secrets.}", 1, 11, TemplateTextError.Problem.secret), ("${secrets.$", 1, 11, .byte), ("${secrets.$x}", 1, 11, .byte),
        ("${secrets.a$}", 1, 12, .byte), ("a\nbc${secrets.-a}", 2, 13, .secret), ("${secrets._a}", 1, 11, .secret),
        ("${secrets.db", 1, 13, .unfinished), ("\n\n ${secrets.db\n}", 3, 14, .unfinished), ("${secrets.", 1, 11, .unfinished),
        ("${secrets.d b}", 1, 12, .byte), ("${secrets.db.A/B}", 1, 15, .byte), ("${secrets.${secrets.db}}", 1, 11, .byte),
        ("é${secrets.é}", 1, 13, .byte),
    ])
    func `what is wrong`(text: String, line: Int, column: Int, problem: TemplateTextError.Problem) {
        guard case .malformed(let wrong)? = error(text) else {
            Issue.record("taken: \(text)")
            return
        }
        #expect(wrong.problem == problem)
        #expect(wrong.line == line)
        #expect(wrong.column == column)
    }

    @Test func `all that is missing`() {
        let error = error(
            "${secrets.nope} ${secrets.db.USER}\n  ${secrets.db.NOPE}\n${secrets.db}${secrets.empty} ${secrets.a.b} ${secrets.nope.A} ${secrets.x.1}"
        )
        guard case .unresolved(let references)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(
            references.map(\.description) == [
                "line 1, column 1: no secret for ${secrets.nope}", "line 2, column 3: no such variable: ${secrets.db.NOPE}",
                "line 3, column 1: the secret of ${secrets.db} has 2 items", "line 3, column 14: the secret of ${secrets.empty} is empty",
                "line 3, column 31: ${secrets.a.b} may be a secret or a variable of another",
                "line 3, column 46: no secret for ${secrets.nope.A}",
                "line 3, column 64: no secret for ${secrets.x.1}",
            ])
        #expect(error?.hint == "name the variable: ${secrets.NAME.VARIABLE}")
        #expect(error?.description.contains("s3cret") == false)
    }

    @Test func `maxima`() throws {
        let secret = String(repeating: "s", count: 128)
        let variable = String(repeating: "v", count: 255)
        func problem(_ text: String) -> TemplateTextError.Problem? {
            if case .malformed(let wrong)? = error(text) { wrong.problem } else { nil }
        }
        #expect(problem("${secrets.\(secret).\(variable)}") == nil)
        #expect(problem("${secrets.\(secret)s}") == .nameTooLong)
        #expect(problem("${secrets.\(secret)s.V}") == .nameTooLong)
        #expect(problem("${secrets.\(secret).\(variable)v}") == .nameTooLong)
        #expect(problem("${secrets.\(secret)\(String(repeating: "s", count: 1000))}") == .nameTooLong)
        let many = String(repeating: "${secrets.none}", count: 4096)
        #expect(try render(many) == "")
        #expect(problem(many + "${secrets.none}") == .tooMany)
        let long = [UInt8](repeating: 0x24, count: Template.longestText)
        #expect(try render(long) == long)
        #expect(throws: TemplateError.textTooLong) { try render(long + [0x24]) }
    }

    @Test func `the result has a limit`() {
        let value = [UInt8](repeating: 1, count: 1 << 20)
        let text = bytes(String(repeating: "${secrets.a}", count: 17))
        #expect(throws: TemplateError.resultTooLong) { try renderLong(text, value) }
    }

    private func renderLong(_ text: [UInt8], _ value: [UInt8]) throws {
        _ = try Template.render(unsafe text.span.bytes) { _, lend in
            lend(unsafe value.span.bytes)
            return .value
        }
    }
}

extension [UInt8] {
    fileprivate func containsSequence(_ text: String) -> Bool { String(decoding: self, as: UTF8.self).contains(text) }
}
