// SPDX-License-Identifier: MIT

import Bytes
import Testing

/// Each notation, against all bytes and against what it must refuse.
@Suite struct NotationTests {
    private let everyByte = Array(UInt8.min...UInt8.max)

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    private func string(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `hex reads what it writes`() {
        #expect(Hex.bytes(Hex.text(everyByte), .small) == everyByte)
        #expect(Hex.bytes(bytes("00fFA9")) == [0x00, 0xFF, 0xA9])
        #expect(Hex.text([0x0A, 0xF0]) == bytes("0af0"))
        #expect(Hex.bytes([]) == [])
    }

    @Test(arguments: ["0", "0g", "+f", " 0", "0x", "é", "000"])
    func `hex refuses all else`(text: String) {
        #expect(Hex.bytes(bytes(text)) == nil)
    }

    @Test func `hex refuses capitals where one form is meant`() {
        #expect(Hex.bytes(bytes("0A"), .small) == nil)
    }

    /// The vectors of RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
    func `base64 of the RFC`(plain: String, text: String) {
        #expect(encoded(bytes(plain)) == bytes(text))
        #expect(decoded(bytes(text)) == bytes(plain))
        #expect(Base64.length(of: plain.utf8.count) == text.utf8.count)
    }

    @Test func `base64 reads what it writes`() {
        for length in [254, 255, 256] { #expect(decoded(encoded(Array(everyByte.prefix(length)))) == Array(everyByte.prefix(length))) }
        #expect(decoded(bytes("Zm 9v\r\n\tYg=\n=")) == bytes("foob"))
    }

    @Test(arguments: ["Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v=", "Z-==", "=", "Zg==Zg==", "Zm9v!"])
    func `base64 refuses all else`(text: String) {
        #expect(decoded(bytes(text)) == nil)
    }

    private func encoded(_ plain: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        Base64.encode(unsafe plain.span.bytes) { text.append($0) }
        return text
    }

    private func decoded(_ text: [UInt8]) -> [UInt8]? {
        var plain: [UInt8] = []
        return Base64.decode(unsafe text.span.bytes) { plain.append($0) } ? plain : nil
    }

    @Test func `percent reads what it writes`() {
        let text = Percent.encode(everyByte)
        #expect(Percent.decode(text) == everyByte)
        #expect(Percent.encode(bytes("a-Z0._~/ +%&=?#") + [0xFF]) == "a-Z0._~/%20%2B%25%26%3D%3F%23%FF")
        #expect(Percent.decode("é+%2f") == bytes("é+/"))
    }

    @Test(arguments: ["%", "%1", "%g0", "a%2", "%%41"])
    func `percent refuses all else`(text: String) {
        #expect(Percent.decode(text) == nil)
    }

    @Test(arguments: [JSONEscape.Style.short, .numeric])
    func `escapes are read as they were written`(style: JSONEscape.Style) throws {
        for byte in UInt8(0)..<0x80 {
            var text: [UInt8] = []
            JSONEscape.write(byte, style) { text.append($0) }
            var offset = 0
            if text.count == 1 {
                #expect(text == [byte] && byte >= 0x20)
            } else {
                #expect(try JSONEscape.read(unsafe text.span.bytes, &offset) == Unicode.Scalar(byte))
                #expect(offset == text.count)
            }
        }
    }

    /// Where the offset is left tells of the byte that is wrong.
    @Test(arguments: [
        (#"\"#, JSONEscape.Problem.unfinished, 1), (#"\u12"#, .unfinished, 4), (#"\x"#, .unknown, 1), (#"\u12g4"#, .unknown, 4),
        (#"\ud800"#, .surrogate, 0), (#"\udc00"#, .surrogate, 0), (#"\ud800A"#, .surrogate, 0), (#"\ud800\u0041"#, .surrogate, 0),
    ])
    func `what is no escape is refused where it is wrong`(text: String, problem: JSONEscape.Problem, offset: Int) {
        let text = bytes(text)
        var place = 0
        #expect(throws: problem) { try JSONEscape.read(unsafe text.span.bytes, &place) }
        #expect(place == offset)
    }

    @Test func `pairs are one character`() throws {
        let text = bytes(#"\ud83d\ude00"#)
        var offset = 0
        #expect(try JSONEscape.read(unsafe text.span.bytes, &offset) == "😀")
        #expect(offset == 12)
    }

    @Test func `numbers are digits alone`() {
        #expect(UInt8(decimal: bytes("255")) == 255)
        #expect(Int64(decimal: bytes("9223372036854775807")) == .max)
        #expect(Int(decimal: bytes("007")) == 7)
        for text in ["", "256", "-1", "+1", " 1", "1 ", "0x1", "१", "99999999999999999999"] { #expect(UInt8(decimal: bytes(text)) == nil) }
    }
}
