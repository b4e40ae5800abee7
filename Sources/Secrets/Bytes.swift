extension RawSpan {
    /// The byte at an offset, or nil outside the span.
    @inline(__always)
    package func byte(at offset: Int) -> UInt8? {
        guard offset >= 0, offset < byteCount else { return nil }
        // Safe: the offset was just checked, and every bit pattern is a valid `UInt8`.
        return unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
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
    /// In ASCII.
    package var isLetter: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) }
    /// In ASCII.
    package var isDigit: Bool { (0x30...0x39).contains(self) }
    /// May be the first byte of a variable's name.
    var startsVariable: Bool { isLetter || self == UInt8(ascii: "_") }
    /// May be a further byte of a variable's name.
    var continuesVariable: Bool { startsVariable || isDigit }
}
