// SPDX-License-Identifier: MIT

internal import Linux

/// Adding to locked memory that grows as it must.
extension LockedBuffer {
    /// Most bytes that a text or the values of one may have: as many as the daemon takes at once.
    package static var longestText: Int { 64 << 20 }

    static func make() throws(FormatError) -> LockedBuffer {
        do { return try LockedBuffer(capacity: 4096) } catch { throw .memory(error) }
    }

    mutating func add(_ byte: UInt8) throws(FormatError) {
        try reserve(1)
        _ = append(byte)
    }

    mutating func add(_ text: StaticString) throws(FormatError) {
        try add(unsafe RawSpan(_unsafeStart: text.utf8Start, byteCount: text.utf8CodeUnitCount))
    }

    /// Adds public bytes, such as a name.
    mutating func add(_ bytes: [UInt8]) throws(FormatError) {
        try add(unsafe bytes.span.bytes)
    }

    mutating func add(_ bytes: RawSpan) throws(FormatError) {
        try reserve(bytes.byteCount)
        _ = append(copying: bytes)
    }

    /// Adds `count` bytes, which `fill` writes.
    mutating func add(_ count: Int, filling fill: (inout MutableRawSpan) -> Void) throws(FormatError) {
        try reserve(count)
        _ = append(count, filling: fill)
    }

    private mutating func reserve(_ more: Int) throws(FormatError) {
        guard more > capacity - count else { return }
        guard more <= Self.longestText - count else { throw .tooLarge("it is longer than \(Self.longestText >> 20) MiB") }
        do { try grow(to: max(count + more, 2 * capacity)) } catch { throw .memory(error) }
    }
}
