// SPDX-License-Identifier: MIT

// Bytes: what every other module needs of raw bytes, each thing once. It knows nothing of secrets and imports nothing.
//
// Start here: a byte of a span, and what a byte is in ASCII. `Hex`, `Base64`, `Percent` and `JSONEscape` are the notations; what they
// write or read goes byte by byte through a closure where it may be a value, so that it never leaves the memory of the caller.

extension RawSpan {
    /// The byte at an offset; nil outside of the span.
    @inlinable @inline(__always)
    package func byte(at offset: Int) -> UInt8? {
        guard offset >= 0, offset < byteCount else { return nil }
        // Safe: the offset was just checked, and every bit pattern is a valid `UInt8`.
        return unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// The byte at an offset that the caller knows to be inside of the span: any other ends the process.
    @inlinable @inline(__always)
    package func octet(_ offset: Int) -> UInt8 {
        // Safe: the offset is checked, and every bit pattern is a `UInt8`.
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// A copy of some bytes, for names and other public parts only. Offsets outside the span are left out.
    package func publicBytes(_ range: Range<Int>) -> [UInt8] {
        let range = range.clamped(to: 0..<byteCount)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        for offset in range {
            if let byte = byte(at: offset) { bytes.append(byte) }
        }
        return bytes
    }
}

extension UInt8 {
    /// Whether it is a letter of ASCII.
    @inlinable package var isLetter: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) }
    /// Whether it is a decimal digit of ASCII.
    @inlinable package var isDigit: Bool { (0x30...0x39).contains(self) }
    /// Whether it is a letter or a decimal digit of ASCII.
    @inlinable package var isLetterOrDigit: Bool { isLetter || isDigit }
}

extension FixedWidthInteger {
    /// A number in decimal digits and nothing else: no sign, no blank. Nil for any other text, and for a number that is too large.
    package init?(decimal text: some Sequence<UInt8>) {
        var number: Self?
        for byte in text {
            guard byte.isDigit else { return nil }
            let (tenfold, overflows) = (number ?? 0).multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = tenfold.addingReportingOverflow(Self(truncatingIfNeeded: byte - 0x30))
            guard !overflows, !overflowsToo else { return nil }
            number = sum
        }
        guard let number else { return nil }
        self = number
    }
}
