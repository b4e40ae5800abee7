// SPDX-License-Identifier: MIT

extension RawSpan {
    /// The number of 4 bytes at an offset that is a multiple of 4 and known to be inside of the span.
    @inline(__always)
    func word(_ offset: Int) -> UInt32 {
        // Safe: the offset is checked, and every bit pattern is a `UInt32`.
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt32.self)
    }
}

let lineFeed = UInt8(ascii: "\n")
let carriageReturn = UInt8(ascii: "\r")
