// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// The standard streams that a program starts with, by their numbers: 0, 1 and 2.
extension FileDescriptor {
    /// A copy of a standard stream. Throws EBADF where it is closed.
    package static func standard(_ number: Int32) throws(Errno) -> FileDescriptor {
        FileDescriptor(owning: try retrying { fcntl(number, F_DUPFD_CLOEXEC, firstOther) })
    }

    /// The same file under a number above 2. Those below may be free where they were closed.
    package consuming func aboveStandard() throws(Errno) -> FileDescriptor {
        if rawValue >= Self.firstOther { return self }
        return FileDescriptor(owning: try retrying { fcntl(rawValue, F_DUPFD_CLOEXEC, Self.firstOther) })
    }

    private static let firstOther: Int32 = 3

    /// Makes this file a standard stream, for programs that are executed too. It has another number itself.
    package borrowing func become(standard number: Int32) throws(Errno) {
        _ = try retrying { dup2(rawValue, number) }
    }

    /// Gives up one of these three: what it was is open no more, and nothing is there to read, and nowhere to write to. Stays as it is
    /// if it is closed, or if there is no `/dev/null`.
    package static func giveUp(standard number: Int32) {
        guard fcntl(number, F_GETFD) >= 0, let nothing = try? open("/dev/null", .readWrite) else { return }
        try? nothing.become(standard: number)
    }

    /// Another opening of the same terminal or pipe, in which calls don't wait; nil where it is of another kind or may not be opened.
    /// Setting that on this one would set it for all who share it.
    package borrowing func reopenedWithoutWaiting(_ flags: OpenFlags) -> FileDescriptor? {
        var status = stat()
        guard unsafe fstat(rawValue, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFIFO || isTerminal else { return nil }
        let flags = flags.union(.nonBlocking).union(.noControl)
        guard let file = try? Self.open("/proc/self/fd/\(rawValue)", flags) else { return nil }
        return try? file.aboveStandard()
    }
}
