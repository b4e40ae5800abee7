// SPDX-License-Identifier: MIT

/// Hexadecimal digits. They are written in small letters.
package enum Hex {
    /// In which letters digits are read.
    package enum Letters {
        case small, either
    }

    /// The digit for the lowest four bits of a number.
    @inlinable package static func digit(_ number: UInt8) -> UInt8 {
        let number = number & 15
        return number < 10 ? UInt8(ascii: "0") + number : UInt8(ascii: "a") + (number - 10)
    }

    /// The number from 0 to 15 that a digit stands for; nil for what is no digit.
    package static func number(_ digit: UInt8, _ letters: Letters = .either) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F") where letters == .either: digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Two digits for each byte.
    @inlinable package static func text(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(2 * bytes.underestimatedCount)
        for byte in bytes {
            text.append(digit(byte >> 4))
            text.append(digit(byte))
        }
        return text
    }

    /// The bytes that have this text; nil for anything but pairs of digits. Not for keys: it takes the longer, the less fits.
    package static func bytes(_ text: some Sequence<UInt8>, _ letters: Letters = .either) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        for byte in text {
            guard let number = number(byte, letters) else { return nil }
            if let first = high {
                bytes.append(first << 4 | number)
                high = nil
            } else {
                high = number
            }
        }
        return high == nil ? bytes : nil
    }
}
