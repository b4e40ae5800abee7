// SPDX-License-Identifier: MIT

import Foundation
import Masking
import TestSupport
import Testing

/// Values as real encoders write them.
@Suite struct EncodingTests {
    /// Text, for encoders that take nothing else, without line ends at the end.
    static let texts = (NastyValues.text + NastyValues.random(200, seed: 31, binary: false)).filter {
        string($0).replacing("\r\n", with: "\n").utf8.count >= 4 && $0.count < 300 && $0.last != lineFeed && $0.last != carriageReturn
            && String(validating: $0, as: UTF8.self) != nil
    }

    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    /// What a program printed for each value, with the value itself.
    private func encoded(_ words: [String], _ values: [[UInt8]]) throws -> [(value: [UInt8], text: [UInt8])] {
        let scratch = try Scratch()
        for (number, value) in values.enumerated() { try scratch.file("\(number)", Data(value)) }
        var command = Command(words + ["\(values.count)"])
        command.folder = scratch.path
        command.limit = 120
        let output = Array(try command.run().orThrow().bytes)
        let texts = output.split(separator: 0, omittingEmptySubsequences: false).dropLast().map(Array.init)
        try #require(texts.count == values.count)
        return Array(zip(values, texts)).map { (value: $0.0, text: $0.1) }
    }

    private func python(_ expression: String) -> [String] {
        let script = """
            import sys, json, shlex, base64, urllib.parse
            for i in range(int(sys.argv[1])):
                value = open(str(i), "rb").read()
                text = value.decode(errors="surrogateescape")
                encoded = \(expression)
                sys.stdout.buffer.write(encoded if isinstance(encoded, bytes) else encoded.encode())
                sys.stdout.buffer.write(b"\\0")
            """
        return ["python3", "-c", script]
    }

    @Test(arguments: [
        ("json.dumps(text)", "\"***\""), ("json.dumps(text, ensure_ascii=False)", "\"***\""),
        ("json.dumps(text).replace('/', '\\\\/').replace('&', '\\\\u0026')", "\"***\""),
        ("urllib.parse.quote(value)", "***"), ("urllib.parse.quote(value, safe='')", "***"), ("urllib.parse.quote_plus(value)", "***"),
        ("urllib.parse.quote(value, safe='').lower() if text.lower() == text else '***'", "***"),
        ("''.join('%%%02x' % b for b in value)", "***"), ("''.join('\\\\x%02X' % b for b in value)", "***"),
        ("''.join('\\\\%03o' % b for b in value)", "***"),
    ])
    func `by python`(expression: String, expected: String) throws {
        for (value, text) in try encoded(python(expression), Self.texts) {
            let output = string(try masked([value]).output(text))
            #expect(output == expected, "\(value) \(string(text))")
        }
    }

    /// Bytes that are no UTF-8.
    @Test(arguments: ["json.dumps(text)", "repr(value)", "urllib.parse.quote(value)", "shlex.quote(text).encode(errors='surrogateescape')"])
    func `binary by python`(expression: String) throws {
        let values = NastyValues.random(200, seed: 32, binary: true).filter {
            $0.count >= 4 && $0.last != Self.lineFeed && $0.last != Self.carriageReturn
        }
        for (value, text) in try encoded(python(expression), values) {
            let output = string(try masked([value]).output(text))
            #expect(
                ["***", "\"***\"", "'***'", "b'***'", "b\"***\"", "''***'", "'***''"].contains(output), "\(value) \(string(text)) \(output)"
            )
        }
    }

    @Test(arguments: ["shlex.quote(text)"])
    func `shell quotes by python`(expression: String) throws {
        for (value, text) in try encoded(python(expression), Self.texts) {
            let output = string(try masked([value]).output(text)).filter { $0 != "'" }
            #expect(output == "***", "\(value) \(string(text))")
        }
    }

    @Test(arguments: [
        ("printf '%q\\0' \"$value\"", "C.UTF-8"), ("printf '%q\\0' \"$value\"", "C"), ("printf '%s\\0' \"${value@Q}\"", "C.UTF-8"),
    ])
    func `shell quotes by bash`(line: String, locale: String) throws {
        let script = "export LC_ALL=\(locale); for ((i = 0; i < $1; i++)); do IFS= read -r -d '' value <$i; \(line); done"
        for (value, text) in try encoded(["bash", "-c", script, "bash"], Self.texts) {
            let output = string(try masked([value]).output(text)).filter { $0 != "'" && $0 != "$" }
            #expect(output == "***", "\(value) \(string(text))")
        }
    }

    /// Base64 of a value among other bytes: masked are the digits that have a bit of the value, and no others.
    @Test func `base64 at each place`() throws {
        var random = Seeded(33)
        let values = Self.texts + (0..<50).map { _ in (0..<4 + random.below(40)).map { _ in 128 + UInt8(random.below(128)) } }
        for value in values {
            let all = try masked([value])
            for before in 0..<4 {
                let after = random.below(4)
                let text = [UInt8](repeating: 1, count: before) + value + [UInt8](repeating: 1, count: after)
                let digits = bytes(Data(text).base64EncodedString())
                let first = before * 8 / 6
                let last = ((before + value.count) * 8 + 5) / 6
                let expected = Array(digits[..<first]) + bytes("***") + Array(digits[last...])
                #expect(try all.output(digits) == expected, "\(value) \(before) \(string(digits))")
                #expect(try all.output(bytes("x: ") + digits + bytes(" ")) == bytes("x: ") + expected + bytes(" "))
                // After other digits the group may begin anywhere.
                for junk in ["/", "ab", "x_y"] { #expect(try all.output(bytes(junk) + digits) == bytes(junk) + expected) }
                let address = digits.compactMap {
                    $0 == UInt8(ascii: "+")
                        ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 == UInt8(ascii: "=") ? nil : $0
                }
                let output = try all.output(address)
                #expect(output.prefix(first + 3).elementsEqual(expected.prefix(first + 3)) && output.count <= expected.count)
            }
        }
    }

    @Test func `base64 in lines`() throws {
        var random = Seeded(34)
        let value = (0..<300).map { _ in UInt8(random.below(256)) }
        let digits = bytes((Data([1, 2, 3]) + Data(value)).base64EncodedString())
        for width in [4, 20, 64, 76] {
            for end in ["\n", "\r\n", "\n    ", "\\n", "\r\n\t", "%0A"] {
                var text: [UInt8] = []
                for (index, digit) in digits.enumerated() {
                    if index % width == 0, index > 0 { text += bytes(end) }
                    text.append(digit)
                }
                let kept = Array(digits.prefix(4)) + (width == 4 ? bytes(end) : [])
                #expect(try masked([value]).output(text + bytes("\n")) == kept + bytes("***\n"))
            }
        }
    }

    /// Each byte of a value in a way of its own.
    @Test func `mixtures`() throws {
        var random = Seeded(35)
        for value in Self.texts where !value.contains(UInt8(ascii: "%")) && !value.contains(UInt8(ascii: "\\")) {
            let url = value.flatMap { byte in
                random.chance(40) ? bytes("%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: random.chance(50))) : [byte]
            }
            let json = value.flatMap { byte in
                random.chance(40) && byte < 128
                    ? bytes("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: random.chance(50))) : [byte]
            }
            let all = try masked([value])
            #expect(try all.output(url) == bytes("***"), "\(string(url))")
            #expect(try all.output(json) == bytes("***"), "\(string(json))")
        }
    }
}
