// SPDX-License-Identifier: MIT

internal import Bytes

/// Reads one object of strings, strictly as RFC 8259 has it: `{"NAME": "value"}`.
///
/// The text is UTF-8 without a byte order mark. Escapes are those of the RFC; two that make a surrogate pair stand for one character,
/// and a surrogate alone is refused. A name stands once. Values are strings and nothing else. What is given are offsets: nothing here
/// holds a byte of a value for longer than it takes to pass it on.
package enum JSONObject {
    /// The most members of an object.
    package static let maximumMembers = 4096
    /// The most bytes of a member's name.
    package static let maximumName = 255

    /// One member.
    package struct Member: Hashable, Sendable {
        package let name: [UInt8]
        /// Where the value is, between its quotes.
        package let value: Range<Int>
        /// How many bytes it stands for.
        package let length: Int
    }

    /// The members of the object that is all of `text`, in its order.
    package static func parse(_ text: RawSpan) throws(JSONObjectError) -> [Member] {
        var reader = JSONReader()
        return try reader.object(text)
    }

    /// Writes what a member's value stands for to the start of a buffer, and returns how many bytes that were: `member.length`, or
    /// fewer if the buffer or the text is too short.
    @discardableResult
    package static func decode(_ member: Member, from text: RawSpan, into buffer: inout MutableRawSpan) -> Int {
        decode(member.value, from: text, into: &buffer)
    }

    static func decode(_ string: Range<Int>, from text: RawSpan, into buffer: inout MutableRawSpan) -> Int {
        var reader = JSONReader(at: string.lowerBound)
        var length = 0
        while reader.offset < string.upperBound, let unit = try? reader.unit(text) {
            for index in 0..<unit.length where length < buffer.byteCount {
                buffer.storeBytes(of: unit.byte(index), toByteOffset: length, as: UInt8.self)
                length += 1
            }
        }
        return length
    }
}

/// Why a text is no object of strings. Holds nothing of it but a position and the name of a member.
package struct JSONObjectError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Problem: String, Sendable {
        case encoding = "a byte that is no UTF-8"
        case object = "no '{' where the object must begin"
        case name = "no name in quotes where one must be"
        case nameTooLong = "a name longer than 255 bytes"
        case duplicate = "a name that was there before"
        case colon = "no ':' after a name"
        case value = "a value that is no string"
        case control = "a control character in a string, which must be escaped"
        case escape = "an escape that JSON does not have"
        case surrogate = "half of a surrogate pair"
        case separator = "neither ',' nor '}' after a value"
        case unfinished = "the text ends within the object"
        case trailing = "something after the object"
        case tooMany = "more than 4096 members"
    }

    /// The first byte that can't be right, from the start of the text; its length where the text ends too early.
    package let offset: Int
    /// Its line, from 1.
    package let line: Int
    /// How many bytes into that line it is, from 1.
    package let column: Int
    package let problem: Problem
    /// The member whose value it is in; nil where it is in none, or in a name.
    package var member: [UInt8]?

    package var description: String { "line \(line), column \(column): \(text)" }

    /// The rule that the text breaks.
    var text: String {
        guard let member else { return problem.rawValue }
        let name = String(decoding: member, as: UTF8.self)
        return problem == .value
            ? "the value of \(name) is no string: it must stand in quotes" : "\(problem.rawValue), in the value of \(name)"
    }
}

/// A place in a text, and what is read from there on.
struct JSONReader {
    private(set) var offset: Int
    private(set) var line = 1
    private var lineStart = 0

    init(at offset: Int = 0) { self.offset = offset }

    mutating func object(_ text: RawSpan) throws(JSONObjectError) -> [JSONObject.Member] {
        var members: [JSONObject.Member] = []
        var names: Set<[UInt8]> = []
        skip(text)
        guard take("{", text) else { throw error(.object) }
        skip(text)
        if !take("}", text) {
            repeat {
                skip(text)
                let name = try name(text)
                skip(text)
                guard take(":", text) else { throw error(.colon, text) }
                guard names.insert(name).inserted else { throw error(.duplicate) }
                skip(text)
                let (value, length) = try value(of: name, text)
                guard members.count < JSONObject.maximumMembers else { throw error(.tooMany) }
                members.append(JSONObject.Member(name: name, value: value, length: length))
                skip(text)
            } while take(",", text)
            guard take("}", text) else { throw error(.separator, text) }
        }
        skip(text)
        guard offset == text.byteCount else { throw error(.trailing) }
        return members
    }

    private mutating func value(of name: [UInt8], _ text: RawSpan) throws(JSONObjectError) -> (Range<Int>, length: Int) {
        do throws(JSONObjectError) {
            guard text.byte(at: offset) == UInt8(ascii: "\"") else { throw error(.value, text) }
            return try string(text)
        } catch {
            var error = error
            error.member = name
            throw error
        }
    }

    /// The meaning of one byte or one escape of a string.
    enum CodeUnit {
        case byte(UInt8)
        case character(Unicode.Scalar)

        /// How many bytes it has in UTF-8.
        var length: Int {
            if case .character(let scalar) = self { scalar.utf8.count } else { 1 }
        }

        /// One of them.
        func byte(_ index: Int) -> UInt8 {
            switch self {
            case .byte(let byte): byte
            case .character(let scalar): scalar.utf8[index]
            }
        }
    }

    /// The next unit of a string. The end of the text, a control character and a quote are none.
    mutating func unit(_ text: RawSpan) throws(JSONObjectError) -> CodeUnit {
        guard let byte = text.byte(at: offset) else { throw error(.unfinished) }
        guard byte == UInt8(ascii: "\\") else {
            guard byte >= 0x20 else { throw error(.control) }
            offset += 1
            return .byte(byte)
        }
        do { return .character(try JSONEscape.read(text, &offset)) } catch {
            switch error {
            case .unfinished: throw self.error(.unfinished)
            case .unknown: throw self.error(.escape)
            case .surrogate: throw self.error(.surrogate)
            }
        }
    }

    /// A string from its first quote on: what is between the quotes, and how many bytes that stands for.
    mutating func string(_ text: RawSpan) throws(JSONObjectError) -> (Range<Int>, length: Int) {
        offset += 1
        let start = offset
        var length = 0
        var scan = UTF8Scan()
        while true {
            guard let byte = text.byte(at: offset) else { throw error(.unfinished) }
            let before = offset
            if byte == UInt8(ascii: "\"") {
                guard scan.isBetween else { throw error(.encoding) }
                offset += 1
                return (start..<before, length)
            }
            guard scan.take(byte) else { throw error(.encoding) }
            length += try unit(text).length
        }
    }

    private mutating func name(_ text: RawSpan) throws(JSONObjectError) -> [UInt8] {
        guard text.byte(at: offset) == UInt8(ascii: "\"") else { throw error(.name, text) }
        let start = offset
        let (string, length) = try string(text)
        guard length <= JSONObject.maximumName else { throw error(.nameTooLong, at: start) }
        var name = [UInt8](repeating: 0, count: length)
        var span = name.mutableSpan
        var bytes = unsafe span.mutableBytes
        _ = JSONObject.decode(string, from: text, into: &bytes)
        return name
    }

    /// Passes over white space.
    mutating func skip(_ text: RawSpan) {
        while let byte = text.byte(at: offset) {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
            case UInt8(ascii: "\n"):
                line += 1
                lineStart = offset + 1
            default: return
            }
            offset += 1
        }
    }

    /// Passes over a byte.
    mutating func pass() { offset += 1 }

    /// How many bytes into the line the next byte is, from 1.
    var column: Int { offset - lineStart + 1 }

    mutating func take(_ character: Unicode.Scalar, _ text: RawSpan) -> Bool {
        guard text.byte(at: offset) == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private func error(_ problem: JSONObjectError.Problem, at place: Int? = nil) -> JSONObjectError {
        let offset = place ?? offset
        return JSONObjectError(offset: offset, line: line, column: offset - lineStart + 1, problem: problem)
    }

    /// The same, but for a text that ends here.
    private func error(_ problem: JSONObjectError.Problem, _ text: RawSpan) -> JSONObjectError {
        error(offset < text.byteCount ? problem : .unfinished)
    }
}
