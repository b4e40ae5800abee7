// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// A file that is written to without waiting until it takes something.
package final class Outlet: Sendable {
    private let file: FileDescriptor
    /// Whether a write may wait, if it is for more than poll(2) promises.
    private let mayWait: Bool

    /// The bytes that a pipe takes if it takes any: PIPE_BUF of pipe(7).
    private static let sure = 4096

    /// For a file of any kind: a terminal or pipe is opened anew, for it may be shared with those who count on waiting.
    package init(_ file: consuming FileDescriptor) {
        var status = stat()
        let flags = fcntl(file.rawValue, F_GETFL)
        if flags >= 0, flags & O_NONBLOCK != 0 {
            mayWait = false
            self.file = file
        } else if let own = file.reopenedWithoutWaiting(.writeOnly) {
            mayWait = false
            self.file = own
        } else {
            // An ordinary file takes all at once.
            mayWait = unsafe fstat(file.rawValue, &status) != 0 || status.st_mode & S_IFMT != S_IFREG
            self.file = file
        }
    }

    /// isatty(3).
    package var isTerminal: Bool { file.isTerminal }

    /// Ready for writing when the file takes something.
    package var descriptor: Int32 { file.rawValue }

    /// Writes what goes now, and says how many bytes that is. Throws `again` if nothing does, and what write(2) does.
    package func write(_ bytes: RawSpan) throws(Errno) -> Int {
        guard mayWait else { return try file.write(bytes) }
        var ready = Readiness()
        let place = ready.add(writing: file.rawValue)
        try ready.wait(microseconds: 0)
        guard ready.isReady(place) else { throw .again }
        return try file.write(bytes.extracting(first: min(Self.sure, bytes.byteCount)))
    }
}
