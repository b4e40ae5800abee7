// SPDX-License-Identifier: MIT

internal import Bytes

/// Why a text is not the JSON that is taken.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The fault, in words; nothing of the text is in it but names of fields that are known.
    package let problem: String
    /// Where in the text, in bytes from its start.
    package let offset: Int

    init(_ problem: String, at offset: Int) {
        self.problem = problem
        self.offset = offset
    }

    package var description: String { "\(problem), at offset \(offset)" }
}

/// A value of a JSON text (RFC 8259), and where it starts.
package struct JSONNode: Sendable {
    package let content: Content
    /// In bytes from the text's start.
    package let offset: Int

    package enum Content: Sendable {
        case null
        case flag(Bool)
        /// Nil for a number that is no integer of 64 bits.
        case integer(Int64?)
        case string(String)
        case array([JSONNode])
        /// No name is there twice.
        case object([(name: String, value: JSONNode)])
    }

    /// Most values that lie in each other, most values at all, and most fields of one object: far beyond what any request needs.
    static let deepest = 16
    static let mostValues = 1 << 16
    static let mostFields = 32

    /// Takes a text apart. Strict: UTF-8 without a byte order mark, one value, no comments, no name twice, no half of a surrogate pair.
    package static func parse(_ text: [UInt8]) throws(JSONError) -> JSONNode {
        var parser = JSONParser(text: text)
        return try parser.whole()
    }
}

private struct JSONParser {
    private let text: [UInt8]
    private var offset = 0
    private var depth = 0
    private var values = 0

    init(text: [UInt8]) {
        self.text = text
    }

    mutating func whole() throws(JSONError) -> JSONNode {
        let node = try value()
        skipBlanks()
        guard offset == text.count else { throw JSONError("something stands behind the JSON", at: offset) }
        return node
    }

    private var next: UInt8? { byte(at: offset) }

    private func byte(at offset: Int) -> UInt8? { offset < text.count ? text[offset] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    /// Passes over `byte` and blanks in front; false if something else is there.
    private mutating func skip(_ byte: Character) -> Bool {
        skipBlanks()
        guard next == byte.asciiValue else { return false }
        offset += 1
        return true
    }

    private mutating func value() throws(JSONError) -> JSONNode {
        skipBlanks()
        let start = offset
        values += 1
        guard values <= JSONNode.mostValues else { throw JSONError("more than \(JSONNode.mostValues) values", at: start) }
        guard depth < JSONNode.deepest else { throw JSONError("nested deeper than \(JSONNode.deepest)", at: start) }
        depth += 1
        defer { depth -= 1 }
        guard let first = next else { throw JSONError("the JSON ends early", at: start) }
        switch first {
        case UInt8(ascii: "{"): return JSONNode(content: .object(try fields()), offset: start)
        case UInt8(ascii: "["): return JSONNode(content: .array(try elements()), offset: start)
        case UInt8(ascii: "\""): return JSONNode(content: .string(try string()), offset: start)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return JSONNode(content: .integer(try number()), offset: start)
        case UInt8(ascii: "t"): return JSONNode(content: .flag(try word("true", true)), offset: start)
        case UInt8(ascii: "f"): return JSONNode(content: .flag(try word("false", false)), offset: start)
        case UInt8(ascii: "n"): return JSONNode(content: try word("null", .null), offset: start)
        default: throw JSONError("no JSON value", at: start)
        }
    }

    private mutating func word<Meaning>(_ word: StaticString, _ meaning: Meaning) throws(JSONError) -> Meaning {
        let start = offset
        for byte in "\(word)".utf8 {
            guard next == byte else { throw JSONError("no JSON value", at: start) }
            offset += 1
        }
        return meaning
    }

    private mutating func fields() throws(JSONError) -> [(name: String, value: JSONNode)] {
        var fields: [(name: String, value: JSONNode)] = []
        offset += 1
        if skip("}") { return fields }
        repeat {
            skipBlanks()
            let start = offset
            guard next == UInt8(ascii: "\"") else { throw JSONError("a field needs a name in double quotes", at: start) }
            let name = try string()
            guard !fields.contains(where: { $0.name == name }) else { throw JSONError("a field is there twice", at: start) }
            guard fields.count < JSONNode.mostFields else { throw JSONError("more than \(JSONNode.mostFields) fields", at: start) }
            guard skip(":") else { throw JSONError("a ':' is missing", at: offset) }
            fields.append((name, try value()))
        } while skip(",")
        guard skip("}") else { throw JSONError("a ',' or '}' is missing", at: offset) }
        return fields
    }

    private mutating func elements() throws(JSONError) -> [JSONNode] {
        var elements: [JSONNode] = []
        offset += 1
        if skip("]") { return elements }
        repeat { elements.append(try value()) } while skip(",")
        guard skip("]") else { throw JSONError("a ',' or ']' is missing", at: offset) }
        return elements
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
    private mutating func number() throws(JSONError) -> Int64? {
        let start = offset
        let isNegative = next == UInt8(ascii: "-")
        if isNegative { offset += 1 }
        var number: Int64? = 0
        let first = offset
        while let digit = digit() {
            let (tens, overflows) = (number ?? 0).multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = tens.subtractingReportingOverflow(Int64(digit))
            number = number == nil || overflows || overflowsToo ? nil : sum
        }
        let digits = offset - first
        // Counted downwards, since there is one more number below zero than above.
        if !isNegative, let below = number { number = below == .min ? nil : -below }
        guard digits > 0, digits == 1 || byte(at: first) != UInt8(ascii: "0") else { throw JSONError("no JSON number", at: start) }
        if next == UInt8(ascii: ".") {
            offset += 1
            number = nil
            try skipDigits(of: start)
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            offset += 1
            number = nil
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
            try skipDigits(of: start)
        }
        return number
    }

    private mutating func digit() -> UInt8? {
        guard let byte = next, byte.isDigit else { return nil }
        offset += 1
        return byte - UInt8(ascii: "0")
    }

    private mutating func skipDigits(of start: Int) throws(JSONError) {
        guard digit() != nil else { throw JSONError("no JSON number", at: start) }
        while digit() != nil {}
    }

    private mutating func string() throws(JSONError) -> String {
        let start = offset
        var bytes: [UInt8] = []
        offset += 1
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                guard let string = String(validating: bytes, as: UTF8.self) else { throw JSONError("a string is not UTF-8", at: start) }
                return string
            case UInt8(ascii: "\\"): bytes += UTF8.encode(try escape()) ?? UTF8.encodedReplacementCharacter
            case 0..<0x20: throw JSONError("a control character in a string", at: offset)
            default:
                bytes.append(byte)
                offset += 1
            }
        }
        throw JSONError("a string has no end", at: start)
    }

    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        let start = offset
        var end = start
        defer { offset = end }
        // Safe: bytes have no padding.
        do { return try JSONEscape.read(unsafe text.span.bytes, &end) } catch {
            switch error {
            case .unfinished: throw JSONError("a string has no end", at: start)
            case .unknown: throw JSONError("an unknown escape in a string", at: start)
            case .surrogate: throw JSONError("half of a surrogate pair", at: start)
            }
        }
    }
}
