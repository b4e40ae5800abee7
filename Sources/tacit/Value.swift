// SPDX-License-Identifier: MIT

import Bytes
import Linux
import Secrets

/// A value on its way to the daemon: in locked memory from where it was read to where it is sent, and wiped with its last owner.
final class Value: Sendable {
    private let buffer: LockedBuffer
    private let range: Range<Int>

    /// Most bytes of a value that the daemon can be set to take.
    static let longest = 16 << 20

    /// All of `buffer`, or with `trimmed`, what is between white space at its start and its end.
    init(_ buffer: consuming LockedBuffer, trimmed: Bool = false) {
        range = trimmed ? buffer.withBytes(Value.trimmed) : 0..<buffer.count
        self.buffer = buffer
    }

    /// A copy of bytes that are in locked memory elsewhere.
    convenience init(copying bytes: RawSpan) throws(Failure) {
        do {
            var buffer = try LockedBuffer(capacity: max(1, bytes.byteCount))
            _ = buffer.append(copying: bytes)
            self.init(buffer)
        } catch {
            throw .noLockedMemory(error)
        }
    }

    /// A copy without white space at the start and the end.
    func trimmed() throws(Failure) -> Value {
        try withBytes { bytes throws(Failure) in try Value(copying: bytes.extracting(Value.trimmed(bytes))) }
    }

    /// Its base64, in locked memory as the value itself.
    func base64() throws(Failure) -> Value {
        do {
            var text = try LockedBuffer(capacity: max(1, Base64.length(of: count)))
            try withBytes { bytes throws(Failure) in Base64.encode(bytes) { _ = text.append($0) } }
            return Value(text)
        } catch let error as Errno {
            throw .noLockedMemory(error)
        } catch {
            throw (error as? Failure) ?? Failure(.failed, "can't encode the value")
        }
    }

    /// How many bytes.
    var count: Int { range.count }

    /// Lends the bytes.
    func withBytes<Result>(_ body: (RawSpan) throws(Failure) -> Result) throws(Failure) -> Result {
        try buffer.withBytes { bytes throws(Failure) in try body(bytes.extracting(range)) }
    }

    /// The bytes without the white space at their start and end: space, tab, line feed, vertical tab, form feed and
    /// carriage return.
    static func trimmed(_ bytes: RawSpan) -> Range<Int> {
        func isBlank(_ index: Int) -> Bool {
            bytes.byte(at: index).map { $0 == UInt8(ascii: " ") || (0x09...0x0D).contains($0) } ?? false
        }
        var start = 0
        var end = bytes.byteCount
        while start < end, isBlank(start) { start += 1 }
        while end > start, isBlank(end - 1) { end -= 1 }
        return start..<end
    }
}
