// SPDX-License-Identifier: MIT

internal import Bytes

/// Ways to write a byte as something else. A reading undoes some of them.
struct Escapes: OptionSet {
    let rawValue: UInt8

    /// `%2F`.
    static let percent = Escapes(rawValue: 1 << 0)
    /// `+` for a space.
    static let plus = Escapes(rawValue: 1 << 1)
    /// Those of JSON, C, Python, `$'…'`, and `\` before any other character, as a shell has it.
    static let backslash = Escapes(rawValue: 1 << 2)
    /// A single quote amid single quotes: `'\''` or `'"'"'`.
    static let quotes = Escapes(rawValue: 1 << 3)
    /// A line end, with blanks and empty lines after it, for a space: YAML, headers and fold(1) break long lines so.
    static let folds = Escapes(rawValue: 1 << 4)
    /// A line end amid a word, for nothing.
    static let joins = Escapes(rawValue: 1 << 5)

    /// The token at `offset`, where one of these escapes may begin; nil if that is not known before more of the text has come. Where
    /// there is no escape, and where it is cut off and no `moreComes`, the byte stands for itself.
    func token(in text: RawSpan, at offset: Int, moreComes: Bool) -> Token? {
        let byte = text.octet(offset)
        let token: Token?
        switch byte {
        case UInt8(ascii: "%") where contains(.percent): token = Token.percent(text, offset)
        case UInt8(ascii: "+") where contains(.plus): return Token(UInt8(ascii: " "), length: 1)
        case UInt8(ascii: "\\") where contains(.backslash): token = Token.backslash(text, offset)
        case UInt8(ascii: "'") where contains(.quotes): token = Token.quote(text, offset)
        case lineFeed, carriageReturn:
            guard contains(.folds) || contains(.joins) else { return Token(byte, length: 1) }
            token = Token.lineEnd(text, offset, isSpace: contains(.folds))
        default: return Token(byte, length: 1)
        }
        return token ?? (moreComes ? nil : Token(byte, length: 1))
    }
}

/// A byte or an escape of a text, and what it stands for.
struct Token: Equatable {
    /// The bytes it stands for, the first one lowest.
    let bytes: UInt32
    /// How many those are, at most 4.
    let count: Int
    /// How many bytes of the text it is.
    let length: Int

    init(_ byte: UInt8, length: Int) {
        bytes = UInt32(byte)
        count = 1
        self.length = length
    }

    /// Nothing at all.
    init(nothingOf length: Int) {
        bytes = 0
        count = 0
        self.length = length
    }

    /// A character, in UTF-8; half of a surrogate pair in the form that UTF-8 would have for it.
    init(character: UInt32, length: Int) {
        func tail(_ shift: UInt32) -> UInt32 { 0x80 | character >> shift & 0x3F }
        self.length = length
        switch character {
        case 0..<0x80: (bytes, count) = (character, 1)
        case 0x80..<0x800: (bytes, count) = (0xC0 | character >> 6 | tail(0) << 8, 2)
        case 0x800..<0x10000: (bytes, count) = (0xE0 | character >> 12 | tail(6) << 8 | tail(0) << 16, 3)
        default: (bytes, count) = (0xF0 | character >> 18 & 7 | tail(12) << 8 | tail(6) << 16 | tail(0) << 24, 4)
        }
    }

    /// One of the bytes.
    @inline(__always)
    func byte(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: bytes >> (8 * UInt32(truncatingIfNeeded: index))) }

    static func percent(_ text: RawSpan, _ offset: Int) -> Token? {
        switch Digits(text, offset + 1, count: 2, bits: 4) {
        case .number(let number): Token(UInt8(truncatingIfNeeded: number), length: 3)
        case .none: Token(UInt8(ascii: "%"), length: 1)
        case .unfinished: nil
        }
    }

    /// The most bytes that a line end has with all that is blank after it.
    private static let longestFold = 64

    /// LF or CR LF. As a space it goes on to what is not blank, and is none where a blank is before it already.
    static func lineEnd(_ text: RawSpan, _ offset: Int, isSpace: Bool) -> Token? {
        var index = offset
        if text.octet(index) == carriageReturn {
            guard index + 1 < text.byteCount else { return nil }
            guard text.octet(index + 1) == lineFeed else { return Token(carriageReturn, length: 1) }
            index += 1
        }
        index += 1
        guard isSpace else { return Token(nothingOf: index - offset) }
        guard let end = blank(text, index, longest: longestFold) else { return nil }
        let isAfterBlank = offset > 0 && text.octet(offset - 1) == UInt8(ascii: " ")
        return isAfterBlank ? Token(nothingOf: end - offset) : Token(UInt8(ascii: " "), length: end - offset)
    }

    /// Where white space ends; nil if the text does before.
    private static func blank(_ text: RawSpan, _ start: Int, longest: Int) -> Int? {
        var index = start
        while index - start < longest {
            guard index < text.byteCount else { return nil }
            guard text.octet(index).isSpace else { break }
            index += 1
        }
        return index
    }

    static func quote(_ text: RawSpan, _ offset: Int) -> Token? {
        for form: StaticString in ["'\\''", "'\"'\"'"] {
            switch prefix(form, text, offset) {
            case true?: return Token(UInt8(ascii: "'"), length: form.utf8CodeUnitCount)
            case false?: continue
            case nil: return nil
            }
        }
        return Token(UInt8(ascii: "'"), length: 1)
    }

    /// Whether `form` stands there; nil if the text ends within it.
    private static func prefix(_ form: StaticString, _ text: RawSpan, _ offset: Int) -> Bool? {
        let form = unsafe RawSpan(_unsafeStart: form.utf8Start, byteCount: form.utf8CodeUnitCount)
        for index in 0..<form.byteCount {
            guard offset + index < text.byteCount else { return nil }
            if text.octet(offset + index) != form.octet(index) { return false }
        }
        return true
    }

    static func backslash(_ text: RawSpan, _ offset: Int) -> Token? {
        guard offset + 1 < text.byteCount else { return nil }
        let letter = text.octet(offset + 1)
        switch letter {
        case lineFeed: return blank(text, offset + 2, longest: longestFold).map { Token(nothingOf: $0 - offset) }
        case UInt8(ascii: "n"): return Token(lineFeed, length: 2)
        case UInt8(ascii: "r"): return Token(carriageReturn, length: 2)
        case UInt8(ascii: "t"): return Token(0x09, length: 2)
        case UInt8(ascii: "b"): return Token(0x08, length: 2)
        case UInt8(ascii: "f"): return Token(0x0C, length: 2)
        case UInt8(ascii: "v"): return Token(0x0B, length: 2)
        case UInt8(ascii: "a"): return Token(0x07, length: 2)
        case UInt8(ascii: "e"), UInt8(ascii: "E"): return Token(0x1B, length: 2)
        case UInt8(ascii: "u"): return character(text, offset)
        case UInt8(ascii: "U"):
            switch Digits(text, offset + 2, count: 8, bits: 4) {
            case .number(let number) where number <= 0x10FFFF: return Token(character: number, length: 10)
            case .number, .none: return Token(letter, length: 2)
            case .unfinished: return nil
            }
        case UInt8(ascii: "x"):
            switch Digits(text, offset + 2, count: 2, bits: 4) {
            case .number(let number): return Token(UInt8(truncatingIfNeeded: number), length: 4)
            case .none: return Token(letter, length: 2)
            case .unfinished: return nil
            }
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            switch Digits(text, offset + 1, count: 3, bits: 3) {
            case .number(let number) where number <= 0xFF: return Token(UInt8(truncatingIfNeeded: number), length: 4)
            case .number, .none: return Token(letter == UInt8(ascii: "0") ? 0 : letter, length: 2)
            case .unfinished: return nil
            }
        default: return Token(letter, length: 2)
        }
    }

    /// `\u` with four digits, or two of those that are a surrogate pair. Python has `\udc80` to `\udcff` for bytes that are no UTF-8.
    private static func character(_ text: RawSpan, _ offset: Int) -> Token? {
        let first: UInt32
        switch Digits(text, offset + 2, count: 4, bits: 4) {
        case .number(let number): first = number
        case .none: return Token(UInt8(ascii: "u"), length: 2)
        case .unfinished: return nil
        }
        switch first {
        case 0xDC80...0xDCFF: return Token(UInt8(truncatingIfNeeded: first), length: 6)
        case 0xD800...0xDBFF:
            guard let isPair = prefix("\\u", text, offset + 6) else { return nil }
            guard isPair else { return Token(character: first, length: 6) }
            switch Digits(text, offset + 8, count: 4, bits: 4) {
            case .number(let second) where (0xDC00...0xDFFF).contains(second):
                return Token(character: 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00), length: 12)
            case .number, .none: return Token(character: first, length: 6)
            case .unfinished: return nil
            }
        default: return Token(character: first, length: 6)
        }
    }
}

/// A number of a fixed count of digits.
private enum Digits {
    case number(UInt32)
    /// Something else stands there.
    case none
    /// The text ends where digits are.
    case unfinished

    /// `bits` is 4 for hexadecimal and 3 for octal digits; `count` of them fit in 32 bits.
    init(_ text: RawSpan, _ offset: Int, count: Int, bits: UInt32) {
        var number: UInt32 = 0
        for index in offset..<offset + count {
            guard index < text.byteCount else {
                self = .unfinished
                return
            }
            guard let digit = Hex.number(text.octet(index)), digit < 1 << bits else {
                self = .none
                return
            }
            number = number << bits | UInt32(digit)
        }
        self = .number(number)
    }
}
