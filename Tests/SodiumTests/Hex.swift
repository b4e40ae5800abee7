import Testing

@testable import Sodium

/// The bytes of hexadecimal digits; spaces count for nothing.
func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - digits.count % 2, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// Secret bytes of published vectors.
func secret(_ bytes: [UInt8]) throws -> SecretBytes {
    try Sodium.start()
    return try unsafe SecretBytes(copying: bytes.span.bytes)
}

extension SecretBytes {
    /// Published bytes, to compare with.
    var published: [UInt8] {
        withBytes { span in span.byteOffsets.map { unsafe span.unsafeLoad(fromByteOffset: $0, as: UInt8.self) } }
    }
}
