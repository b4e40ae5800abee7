// SPDX-License-Identifier: MIT

import Linux
import Testing

// A buffer can't be copied, and an expectation copies what it looks at: results come first.
@Suite struct LockedBufferTests {
    private func bytes(_ buffer: borrowing LockedBuffer) -> [UInt8] {
        buffer.withBytes { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
    }

    @Test func `bytes come and go`() throws {
        var buffer = try LockedBuffer(capacity: 3)
        let none = buffer.removeLast()
        #expect(none == nil)
        let fit = [1, 2, 3, 4].map { buffer.append($0) }
        #expect(fit == [true, true, true, false])
        #expect(bytes(buffer) == [1, 2, 3])
        let last = buffer.removeLast()
        #expect(last == 3)
        #expect(bytes(buffer) == [1, 2])
        buffer.removeAll()
        #expect(bytes(buffer) == [])
        _ = buffer.append(9)
        #expect(bytes(buffer) == [9])
    }

    @Test func `nothing is added that does not fit`() throws {
        var buffer = try LockedBuffer(capacity: 3)
        let four: [UInt8] = [1, 2, 3, 4]
        let tooMany = unsafe buffer.append(copying: four.span.bytes)
        #expect(!tooMany)
        #expect(bytes(buffer) == [])
        let enough = unsafe buffer.append(copying: four.span.bytes.extracting(first: 3))
        #expect(enough)
        #expect(bytes(buffer) == [1, 2, 3])
    }

    @Test func `the first bytes go`() throws {
        var buffer = try LockedBuffer(capacity: 8)
        let five: [UInt8] = [1, 2, 3, 4, 5]
        _ = unsafe buffer.append(copying: five.span.bytes)
        buffer.removeFirst(2)
        #expect(bytes(buffer) == [3, 4, 5])
        buffer.removeFirst(-1)
        #expect(bytes(buffer) == [3, 4, 5])
        // Where they were is zero again.
        _ = buffer.append(2) { _ in }
        #expect(bytes(buffer) == [3, 4, 5, 0, 0])
        buffer.removeFirst(9)
        #expect(bytes(buffer) == [])
    }

    @Test func `bytes are changed in place`() throws {
        var buffer = try LockedBuffer(capacity: 8)
        _ = buffer.append(7)
        _ = buffer.append(8)
        let count = buffer.withMutableBytes { bytes in
            bytes.storeBytes(of: 9, toByteOffset: 1, as: UInt8.self)
            return bytes.byteCount
        }
        #expect(count == 2)
        #expect(bytes(buffer) == [7, 9])
    }

    @Test func `files are read to their end`() throws {
        var buffer = try LockedBuffer(capacity: 8192)
        try buffer.append(readingAllOf: try FileDescriptor.open("/proc/self/comm", .readOnly))
        #expect(bytes(buffer).last == UInt8(ascii: "\n"))
        #expect(throws: Errno.fileTooLarge) { try readZeros() }
    }

    private func readZeros() throws(Errno) {
        var buffer = try LockedBuffer(capacity: 10)
        try buffer.append(readingAllOf: try FileDescriptor.open("/dev/zero", .readOnly))
    }

    @Test func `equal means the same bytes`() throws {
        var one = try LockedBuffer(capacity: 4)
        var other = try LockedBuffer(capacity: 9)
        var equal = [one.equals(other)]
        _ = one.append(1)
        equal.append(one.equals(other))
        _ = other.append(2)
        equal.append(one.equals(other))
        _ = other.removeLast()
        _ = other.append(1)
        equal.append(one.equals(other))
        #expect(equal == [true, false, false, true])
    }

    @Test(arguments: [0, -1])
    func `a buffer has room`(capacity: Int) {
        #expect(throws: Errno.self) { try make(capacity) }
    }

    private func make(_ capacity: Int) throws(Errno) {
        _ = try LockedBuffer(capacity: capacity)
    }
}
