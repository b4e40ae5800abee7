internal import Linux
internal import Secrets

/// Base64 of RFC 4648, from locked memory to locked memory.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Adds the base64 of some bytes, on one line and padded.
    static func encode(_ bytes: RawSpan, to text: inout LockedBuffer) throws(FormatError) {
        for start in stride(from: 0, to: bytes.byteCount, by: 3) {
            let first = Int(bytes.byte(at: start) ?? 0)
            let second = bytes.byte(at: start + 1)
            let third = bytes.byte(at: start + 2)
            let bits = first << 16 | Int(second ?? 0) << 8 | Int(third ?? 0)
            try text.add(alphabet[bits >> 18 & 63])
            try text.add(alphabet[bits >> 12 & 63])
            try text.add(second == nil ? UInt8(ascii: "=") : alphabet[bits >> 6 & 63])
            try text.add(third == nil ? UInt8(ascii: "=") : alphabet[bits & 63])
        }
    }

    /// Adds what base64 stands for: padded, with blanks and newlines anywhere, and nothing else. Returns false, having added some
    /// of it, for what is not that.
    static func decode(_ text: borrowing LockedBuffer, _ range: Range<Int>, to values: inout LockedBuffer) throws(FormatError) -> Bool {
        var bits = 0
        var count = 0
        var padding = 0
        for index in range {
            guard let byte = text.withBytes({ $0.byte(at: index) }) else { return false }
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): continue
            case UInt8(ascii: "="):
                padding += 1
                continue
            default: break
            }
            guard padding == 0, let digit = digit(byte) else { return false }
            bits = bits << 6 | digit
            count += 1
            guard count == 4 else { continue }
            for shift in [16, 8, 0] { try values.add(UInt8(truncatingIfNeeded: bits >> shift)) }
            (bits, count) = (0, 0)
        }
        // The bits past the last byte are zero in what any encoder writes.
        switch (count, padding) {
        case (0, 0): return true
        case (2, 2) where bits & 0x0F == 0:
            try values.add(UInt8(truncatingIfNeeded: bits >> 4))
            return true
        case (3, 1) where bits & 0x03 == 0:
            try values.add(UInt8(truncatingIfNeeded: bits >> 10))
            try values.add(UInt8(truncatingIfNeeded: bits >> 2))
            return true
        default: return false
        }
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
