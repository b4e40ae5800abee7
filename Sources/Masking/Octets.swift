/// Bytes and numbers at offsets that are known to be inside.
extension RawSpan {
    @inline(__always)
    func octet(_ offset: Int) -> UInt8 {
        // Safe: the offset is checked, and every bit pattern is a `UInt8`.
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// A number at an offset that is a multiple of 4.
    @inline(__always)
    func word(_ offset: Int) -> UInt32 {
        // Safe: the offset is checked, and every bit pattern is a `UInt32`.
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt32.self)
    }
}

let lineFeed = UInt8(ascii: "\n")
let carriageReturn = UInt8(ascii: "\r")
