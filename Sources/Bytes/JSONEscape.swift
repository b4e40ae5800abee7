// SPDX-License-Identifier: MIT

/// The escapes in a string of JSON (RFC 8259, section 7).
package enum JSONEscape {
    /// Why something is no escape.
    package enum Problem: Error {
        /// The text ends within it.
        case unfinished
        /// There is no such escape.
        case unknown
        /// It is half of a surrogate pair, without the other.
        case surrogate
    }

    /// Reads the escape whose backslash is at an offset, and moves the offset behind it; where it throws, to the byte that is wrong, or
    /// back to the backslash of half a pair.
    package static func read(_ text: RawSpan, _ offset: inout Int) throws(Problem) -> Unicode.Scalar {
        let start = offset
        offset += 1
        guard let letter = text.byte(at: offset) else { throw .unfinished }
        guard letter == UInt8(ascii: "u") else {
            guard let byte = short(letter) else { throw .unknown }
            offset += 1
            return Unicode.Scalar(byte)
        }
        offset += 1
        let first = try codeUnit(text, &offset)
        if let scalar = Unicode.Scalar(first) { return scalar }
        if first < 0xDC00, text.byte(at: offset) == UInt8(ascii: "\\"), text.byte(at: offset + 1) == UInt8(ascii: "u") {
            offset += 2
            let second = try codeUnit(text, &offset)
            if (0xDC00...0xDFFF).contains(second),
                let scalar = Unicode.Scalar(0x10000 + UInt32(first - 0xD800) << 10 + UInt32(second - 0xDC00))
            {
                return scalar
            }
        }
        offset = start
        throw .surrogate
    }

    /// Four hexadecimal digits.
    private static func codeUnit(_ text: RawSpan, _ offset: inout Int) throws(Problem) -> UInt16 {
        var number: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = text.byte(at: offset) else { throw .unfinished }
            guard let digit = Hex.number(byte) else { throw .unknown }
            number = number << 4 | UInt16(digit)
            offset += 1
        }
        return number
    }

    /// The byte that a backslash and a letter stand for.
    private static func short(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    /// How control characters are written.
    package enum Style {
        /// Line ends and tabs by a letter.
        case short
        /// All by their number, DEL too.
        case numeric
    }

    /// Gives a byte of UTF-8, escaped where it must be, to `add`. Throws what that throws.
    ///
    /// "All Unicode characters may be placed within the quotation marks, except for the characters that MUST be escaped: quotation
    /// mark, reverse solidus, and the control characters (U+0000 through U+001F)."
    @inlinable package static func write<Problem: Error>(
        _ byte: UInt8, _ style: Style, _ add: (UInt8) throws(Problem) -> Void
    ) throws(Problem) {
        let letter: UInt8
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): letter = byte
        case UInt8(ascii: "\n") where style == .short: letter = UInt8(ascii: "n")
        case UInt8(ascii: "\r") where style == .short: letter = UInt8(ascii: "r")
        case UInt8(ascii: "\t") where style == .short: letter = UInt8(ascii: "t")
        case 0x00...0x1F: letter = UInt8(ascii: "u")
        case 0x7F where style == .numeric: letter = UInt8(ascii: "u")
        default: return try add(byte)
        }
        try add(UInt8(ascii: "\\"))
        try add(letter)
        guard letter == UInt8(ascii: "u") else { return }
        for digit in [UInt8(ascii: "0"), UInt8(ascii: "0"), Hex.digit(byte >> 4), Hex.digit(byte)] { try add(digit) }
    }
}
