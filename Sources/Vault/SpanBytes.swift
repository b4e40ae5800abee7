extension RawSpan {
    /// The byte at an offset below `byteCount`.
    package func byte(at offset: Int) -> UInt8 { unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self) }
}
