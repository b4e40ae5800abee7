// SPDX-License-Identifier: MIT

import Bytes
import ControlAPI
import Testing

/// JSON as the daemon reads it, against RFC 8259.
@Suite struct JSONTextTests {
    @Test(arguments: [
        ("", 0), (" ", 1), ("x", 0), ("nul", 0), ("{", 1), ("{]", 1), ("{\"a\"}", 4), ("{\"a\":}", 5), ("{\"a\":1,}", 7),
        ("[1,]", 3), ("[1 2]", 3), ("1 1", 2), ("01", 0), ("-", 0), ("1.", 0), ("1e", 0), ("+1", 0), ("\"", 0), ("\"\n\"", 1),
        (#""\x""#, 1), (#""\u12g4""#, 1), (#""\ud800""#, 1), (#""\ud800\u0041""#, 1), (#""\udc00""#, 1), (#"{"a":1,"a":2}"#, 7),
        ("{a:1}", 1), ("'a'", 0), ("\u{FEFF}1", 0), ("[1]//", 3), ("tru", 0), ("NaN", 0),
    ])
    func `what is none is refused where it is wrong`(text: String, offset: Int) {
        #expect { try JSONNode.parse(Array(text.utf8)) } throws: { ($0 as? JSONError)?.offset == offset }
    }

    @Test func `bytes that are no text are refused`() {
        #expect(throws: JSONError.self) { try JSONNode.parse([0x22, 0xFF, 0x22]) }
        #expect(throws: JSONError.self) { try JSONNode.parse([0x22, 0xC0, 0x80, 0x22]) }
        #expect(throws: JSONError.self) { try JSONNode.parse([0x22, 0xED, 0xA0, 0x80, 0x22]) }
    }

    @Test func `depth and number are bounded`() throws {
        func nested(_ depth: Int) -> [UInt8] { Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8) }
        _ = try JSONNode.parse(nested(16))
        #expect(throws: JSONError.self) { try JSONNode.parse(nested(17)) }
        #expect(throws: JSONError.self) { try JSONNode.parse([UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)) }
        let many = "[" + repeatElement("1", count: 1 << 16).joined(separator: ",") + "]"
        #expect(throws: JSONError.self) { try JSONNode.parse(Array(many.utf8)) }
        let fields = "{" + (0...32).map { "\"\($0)\":1" }.joined(separator: ",") + "}"
        #expect(throws: JSONError.self) { try JSONNode.parse(Array(fields.utf8)) }
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("9223372036854775807", Int64.max), ("-9223372036854775808", .min), ("9223372036854775808", nil),
            ("-9223372036854775809", nil), ("99999999999999999999999999", nil), ("1.0", nil), ("1e2", nil), ("10", 10), (" 7 ", 7),
        ] as [(String, Int64?)])
    func `numbers are exact`(text: String, number: Int64?) throws {
        guard case .integer(let read) = try JSONNode.parse(Array(text.utf8)).content else {
            Issue.record("no number")
            return
        }
        #expect(read == number)
    }

    @Test(arguments: [
        (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{C}\n\r\tz"), (#""\u00e9\ud83d\ude00\u0000""#, "é😀\u{0}"), ("\"é😀\"", "é😀"), ("\"\"", ""),
    ])
    func `strings are exact`(text: String, string: String) throws {
        guard case .string(let read) = try JSONNode.parse(Array(text.utf8)).content else {
            Issue.record("no string")
            return
        }
        #expect(read == string)
    }

    @Test func `errors name fields and nothing else`() throws {
        let text = #"{"who":"uid:1","s3cret":1}"#
        #expect { try GrantRequest(JSONNode.parse(Array(text.utf8))) } throws: {
            let error = "\($0)"
            return !error.contains("s3cret") && error.contains("who, rights") && error.contains("offset 24")
        }
    }

    @Test func `names of any bytes come back`() {
        for name in [[], Array("a b/é".utf8), [0xFF], Array(0...255)] as [[UInt8]] {
            #expect(Percent.decode(Percent.encode(name)) == name)
            #expect(OctetText.name(OctetText.shown(name), encoded: OctetText.encoded(name)) == name)
        }
        #expect(OctetText.encoded(Array("é".utf8)) == nil)
        for bad in ["%", "%1", "%g0", "a%2"] { #expect(Percent.decode(bad) == nil) }
    }
}
