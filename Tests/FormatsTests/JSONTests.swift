// SPDX-License-Identifier: MIT

import Formats
import TestSupport
import Testing

@Suite struct JSONTests {
    private func members(_ text: [UInt8]) throws(JSONObjectError) -> [String: [UInt8]] {
        var read: [String: [UInt8]] = [:]
        let span = unsafe text.span.bytes
        for member in try JSONObject.parse(span) {
            var value = [UInt8](repeating: 0, count: member.length)
            var mutable = value.mutableSpan
            var raw = unsafe mutable.mutableBytes
            let length = JSONObject.decode(member, from: span, into: &raw)
            #expect(length == member.length)
            read[String(decoding: member.name, as: UTF8.self)] = value
        }
        return read
    }

    private func problem(_ text: String) -> JSONObjectError? { problem(bytes(text)) }

    private func problem(_ text: [UInt8]) -> JSONObjectError? {
        do {
            _ = try members(text)
            return nil
        } catch {
            return error
        }
    }

    @Test func `objects`() throws {
        #expect(try members(bytes("{}")) == [:])
        #expect(try members(bytes(" \t\r\n{ \"A\" : \"1\" ,\n\"B\":\"\" } \n")) == ["A": bytes("1"), "B": []])
        #expect(
            try members(bytes(#"{"a\u0062":"\"\\\/\b\f\n\r\t\u0000\u007f\u00e9\u20AC\ud83D\uDD11é🔑"}"#)) == [
                "ab": bytes("\"\\/\u{8}\u{c}\n\r\t\u{0}\u{7f}é€🔑é🔑")
            ])
    }

    @Test(arguments: [
        ("", 0, JSONObjectError.Problem.object), ("[]", 0, .object), ("\u{feff}{}", 0, .object), ("{", 1, .unfinished),
        ("{\"A\"", 4, .unfinished), ("{\"A\":", 5, .unfinished), ("{\"A\":\"", 6, .unfinished), ("{\"A\":\"\\", 7, .unfinished),
        ("{\"A\":\"\\u12", 10, .unfinished), ("{\"A\":\"1\"", 8, .unfinished), ("{\"A\":\"1\",", 9, .unfinished),
        ("{\"A\":\"1\",}", 9, .name), ("{,}", 1, .name), ("{A:1}", 1, .name), ("{'A':'1'}", 1, .name), ("{\"A\" \"1\"}", 5, .colon),
        ("{\"A\":1}", 5, .value), ("{\"A\":null}", 5, .value), ("{\"A\":{}}", 5, .value), ("{\"A\":[\"1\"]}", 5, .value),
        ("{\"A\":\"1\" \"B\":\"2\"}", 9, .separator), ("{\"A\":\"1\"}}", 9, .trailing), ("{} {}", 3, .trailing), ("{}\u{0}", 2, .trailing),
        ("{\"A\":\"a\nb\"}", 7, .control), ("{\"A\":\"\\x\"}", 7, .escape), ("{\"A\":\"\\u00g0\"}", 10, .escape),
        ("{\"A\":\"\\ud800\"}", 6, .surrogate), ("{\"A\":\"\\udc00\"}", 6, .surrogate), ("{\"A\":\"\\ud800\\n\"}", 6, .surrogate),
        ("{\"A\":\"\\ud800\\ud800\"}", 6, .surrogate), ("{\"A\":\"1\",\"A\":\"2\"}", 13, .duplicate),
        ("{\"A\":\"1\",\"\\u0041\":\"2\"}", 18, .duplicate), ("// no\n{}", 0, .object),
    ])
    func `what is wrong`(text: String, offset: Int, problem expected: JSONObjectError.Problem) {
        let error = problem(text)
        #expect(error?.problem == expected)
        #expect(error?.offset == offset)
    }

    @Test func `lines are counted`() {
        #expect(problem("{\n\"A\": \"1\",\n\n  7}")?.line == 4)
    }

    @Test func `only UTF-8`() {
        for bad in NastyValues.binary where String(validating: bad, as: UTF8.self) == nil {
            let value = bad.filter { $0 >= 0x80 }
            guard String(validating: value, as: UTF8.self) == nil else { continue }
            #expect(problem(bytes("{\"A\":\"") + value + bytes("\"}"))?.problem == .encoding, "\(value)")
        }
    }

    @Test func `maxima`() {
        let name = String(repeating: "a", count: 256)
        #expect(problem("{\"\(name)\":\"\"}")?.problem == .nameTooLong)
        #expect(problem("{\"\(name.dropLast())\":\"\"}") == nil)
        let many = (0...4096).map { "\"A\($0)\":\"\"" }
        #expect(problem("{\(many.joined(separator: ","))}")?.problem == .tooMany)
        #expect(problem("{\(many.dropLast().joined(separator: ","))}") == nil)
    }

    /// Python reads the same, and refuses the same, of random bits of JSON.
    @Test func `agrees with python`() throws {
        var random = Seeded(5)
        let pieces = [
            "{", "}", "\"", "\"", ":", ",", "A", "B", " ", "\\", "u", "0041", "d83d", "dd11", "n", "é", "\"A\":\"", "\",\"", "\n", "1",
        ]
        let texts = (0..<4000).map { _ in
            let inner = (0..<random.below(9)).map { _ in random.pick(pieces) }.joined()
            return bytes(random.chance(70) ? "{\"A\":\"\(inner)\"}" : inner)
        }
        let script = """
            import json, sys
            def members(pairs):
                if len(dict(pairs)) != len(pairs): raise ValueError
                return dict(pairs)
            for line in open("texts"):
                try:
                    read = json.loads(bytes.fromhex(line).decode(), object_pairs_hook=members)
                    assert isinstance(read, dict) and all(isinstance(v, str) for v in read.values())
                    print("".join(k.encode().hex() + "=" + read[k].encode().hex() + ";" for k in sorted(read)))
                except (ValueError, AssertionError): print("-")
            """
        let lines = texts.map { $0.map { String(format: $0) }.joined() }.joined(separator: "\n") + "\n"
        let output = String(decoding: try printed(["python3", "-c", script], ["texts": bytes(lines)]), as: UTF8.self)
        let answers = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        try #require(answers.count == texts.count)
        var taken = 0
        for (text, answer) in zip(texts, answers) {
            let read = try? members(text)
            let ours = read.map { read in
                read.keys.sorted().map { name in
                    bytes(name).map { String(format: $0) }.joined() + "=" + (read[name] ?? []).map { String(format: $0) }.joined() + ";"
                }.joined()
            }
            if ours != nil { taken += 1 }
            #expect(ours ?? "-" == answer, "\(String(decoding: text, as: UTF8.self))")
        }
        #expect(taken > 500)
    }

    @Test func `importing`() throws {
        #expect(try imported(#"{"A": "1", "B_2": "x y"}"#, .json) == ["vars/A": bytes("1"), "vars/B_2": bytes("x y")])
        #expect(
            objection { _ = try imported(#"{"A": "1", "a-b": "s3cret"}"#, .json) }?.description.hasPrefix(
                "line 1, column 19: the name of this value") == true)
        #expect(objection { _ = try imported(#"{"A": "\u0000"}"#, .json) }?.description == "A has a NUL byte, which no variable can have")
        let error = objection { _ = try imported("{\n\"A\": 5432}", .json) }
        #expect(error?.description == "line 2, column 6: the value of A is no string: it must stand in quotes")
    }
}

extension String {
    /// Two hexadecimal digits.
    fileprivate init(format byte: UInt8) { self = (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}
