// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Reading files of lines, in bounded memory.
extension FileDescriptor {
    /// A second descriptor of the same open file, for another owner.
    package borrowing func duplicate() throws(Errno) -> FileDescriptor {
        FileDescriptor(owning: try retrying { fcntl(rawValue, F_DUPFD_CLOEXEC, 0) })
    }

    /// At most `longest` bytes in front of `end`.
    package borrowing func readBackwards(from end: Int64, longest: Int) throws(Errno) -> [UInt8] {
        guard end > 0 else { return [] }
        let start = max(0, end - Int64(longest))
        var bytes = [UInt8](repeating: 0, count: Int(max(0, end - start)))
        var count = 0
        while count < bytes.count {
            var span = bytes.mutableSpan
            var all = unsafe span.mutableBytes
            var rest = all._mutatingExtracting(droppingFirst: count)
            let read = try pread(into: &rest, at: start + Int64(count))
            // Shorter than it was a moment ago.
            if read == 0 { break }
            count += read
        }
        return Array(bytes.prefix(count))
    }

    /// Lends each line between two offsets, without its newline. One longer than `longest` bytes is lent in pieces.
    package borrowing func readLines(
        from start: Int64 = 0, upTo end: Int64, longest: Int, _ body: (RawSpan) -> Void
    ) throws(Errno) {
        var buffer = [UInt8](repeating: 0, count: longest)
        var held = 0
        var offset = start
        while offset < end {
            let wanted = Int(min(Int64(longest - held), end - offset))
            let read: Int
            do {
                var span = buffer.mutableSpan
                var all = unsafe span.mutableBytes
                var room = all._mutatingExtracting(held..<(held + wanted))
                read = try pread(into: &room, at: offset)
            }
            if read == 0 { break }
            offset += Int64(read)
            held += read
            let used = Self.lend(linesOf: buffer, held, body)
            buffer.replaceSubrange(0..<(held - used), with: Array(buffer[used..<held]))
            held -= used
            if held == longest {
                body(unsafe buffer.span.bytes)
                held = 0
            }
        }
        if held > 0 { body(unsafe buffer.span.bytes.extracting(first: held)) }
    }

    /// Returns how many bytes of the first `held` were whole lines.
    private static func lend(linesOf buffer: [UInt8], _ held: Int, _ body: (RawSpan) -> Void) -> Int {
        var start = 0
        for index in 0..<held where buffer[index] == UInt8(ascii: "\n") {
            body(unsafe buffer.span.bytes.extracting(start..<index))
            start = index + 1
        }
        return start
    }
}
