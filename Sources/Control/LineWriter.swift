// SPDX-License-Identifier: MIT

internal import Linux
internal import Synchronization

/// The end of a pipe at which an answer is written while the HTTP library sends it from the other end.
final class LineWriter: Sendable {
    private let pipe: Mutex<FileDescriptor?>

    init(_ pipe: consuming FileDescriptor) throws(Errno) {
        try pipe.setNonBlocking(true)
        self.pipe = Mutex(consume pipe)
    }

    /// Writes a line if it fits in at once: at most PIPE_BUF bytes, all of them or none (pipe(7)). It waits for nobody, since whoever
    /// writes may hold up others meanwhile.
    func offer(_ line: some Encodable) {
        guard let bytes = JSONLine.bytes(of: line), bytes.count <= 4096 else { return }
        pipe.withLock { pipe in
            guard let open = pipe.take() else { return }
            // EAGAIN: it is full. EPIPE: nobody listens any more.
            _ = try? unsafe open.write(bytes.span.bytes)
            pipe = consume open
        }
    }

    /// Writes the last line, for as long as there is somebody who takes it, and closes.
    func finish(_ line: some Encodable) {
        guard let open = take() else { return }
        try? open.setNonBlocking(false)
        try? open.writeAll(JSONLine.bytes(of: line) ?? [])
    }

    /// Closes without another line.
    func close() { _ = take() }

    private func take() -> FileDescriptor? { pipe.withLock { $0.take() } }
}
