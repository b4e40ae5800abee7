// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// pipe(2): what is written at one end is read at the other. Neither is 0, 1 or 2, whatever is closed.
package struct PipeEnds: ~Copyable, Sendable {
    /// The end to read from.
    package let reader: FileDescriptor
    /// The end to write to.
    package let writer: FileDescriptor

    /// Throws EMFILE or ENFILE where there are too many descriptors.
    package init() throws(Errno) {
        var ends: [Int32] = [-1, -1]
        _ = try retrying { unsafe tacit_pipe(&ends) }
        let first = FileDescriptor(owning: ends[0])
        let second = FileDescriptor(owning: ends[1])
        let reader = try first.aboveStandard()
        let writer = try second.aboveStandard()
        self.reader = reader
        self.writer = writer
    }

    /// The reading end alone: the other is closed, or belongs to somebody else.
    package consuming func intoReader() -> FileDescriptor { reader }

    /// The writing end alone.
    package consuming func intoWriter() -> FileDescriptor { writer }
}

extension FileDescriptor {
    /// Whether calls fail with EAGAIN where they would have to wait: O_NONBLOCK of fcntl(2).
    package borrowing func setNonBlocking(_ isNonBlocking: Bool) throws(Errno) {
        let flags = try retrying { fcntl(rawValue, F_GETFL) }
        _ = try retrying { fcntl(rawValue, F_SETFL, isNonBlocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) }
    }

    /// How many bytes a pipe holds at most: F_GETPIPE_SZ of fcntl(2), hidden without _GNU_SOURCE. Nil for what is none.
    package var pipeCapacity: Int? {
        let capacity = fcntl(rawValue, 1032)
        return capacity < 0 ? nil : Int(capacity)
    }

    /// Waits until there is something to read; false if there never will be, because the other end was closed.
    package borrowing func awaitInput() throws(Errno) -> Bool {
        var waiting = pollfd(fd: rawValue, events: Int16(POLLIN), revents: 0)
        _ = try retrying { unsafe poll(&waiting, 1, -1) }
        return waiting.revents & Int16(POLLIN) != 0
    }
}
