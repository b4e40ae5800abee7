// SPDX-License-Identifier: MIT

/// Base64 of RFC 4648, section 4: padded, on one line.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The number of bytes of the text for so many bytes.
    package static func length(of count: Int) -> Int { (count + 2) / 3 * 4 }

    /// Gives the text of some bytes to `add`, byte by byte. Throws what that throws.
    package static func encode<Problem: Error>(_ bytes: RawSpan, _ add: (UInt8) throws(Problem) -> Void) throws(Problem) {
        for start in stride(from: 0, to: bytes.byteCount, by: 3) {
            let second = bytes.byte(at: start + 1)
            let third = bytes.byte(at: start + 2)
            let bits = Int(bytes.octet(start)) << 16 | Int(second ?? 0) << 8 | Int(third ?? 0)
            try add(alphabet[bits >> 18 & 63])
            try add(alphabet[bits >> 12 & 63])
            try add(second == nil ? UInt8(ascii: "=") : alphabet[bits >> 6 & 63])
            try add(third == nil ? UInt8(ascii: "=") : alphabet[bits & 63])
        }
    }

    /// Gives the bytes that have this text to `add`, byte by byte. Blanks and line ends may be anywhere in it. Returns false, having
    /// given some, for a text that is no base64. Throws what `add` throws.
    package static func decode<Problem: Error>(_ text: RawSpan, _ add: (UInt8) throws(Problem) -> Void) throws(Problem) -> Bool {
        var bits: UInt32 = 0
        var count = 0
        var padding = 0
        for index in 0..<text.byteCount {
            let byte = text.octet(index)
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): continue
            case UInt8(ascii: "="):
                padding += 1
                continue
            default: break
            }
            guard padding == 0, let digit = digit(byte) else { return false }
            bits = bits << 6 | UInt32(digit)
            count += 1
            guard count == 4 else { continue }
            for shift in [16, 8, 0] as [UInt32] { try add(UInt8(truncatingIfNeeded: bits >> shift)) }
            (bits, count) = (0, 0)
        }
        // The bits past the last byte are zero in what any encoder writes.
        switch (count, padding) {
        case (0, 0): return true
        case (2, 2) where bits & 0x0F == 0:
            try add(UInt8(truncatingIfNeeded: bits >> 4))
            return true
        case (3, 1) where bits & 0x03 == 0:
            try add(UInt8(truncatingIfNeeded: bits >> 10))
            try add(UInt8(truncatingIfNeeded: bits >> 2))
            return true
        default: return false
        }
    }

    /// The six bits that a character stands for; nil for one that is not in the alphabet.
    package static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
