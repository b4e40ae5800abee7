// SPDX-License-Identifier: MIT

internal import Linux
internal import Synchronization
internal import Vault

/// One connection that follows the audit log as it is written, with a thread of its own: the connection's sends what it writes.
final class AuditFollower: Sendable {
    private let service: Service
    private let peer: Peer
    /// When it ends, of the monotonic clock in microseconds; nil for never.
    private let end: Int64?

    /// How often it is looked for new lines, in microseconds.
    private static let pause: UInt32 = 200_000
    private static let part = 65536

    init(service: Service, peer: Peer, end: Int64?) {
        self.service = service
        self.peer = peer
        self.end = end
    }

    /// Starts to send the lines that the file has and those that come, and returns where they can be read. It ends its entry in the list of
    /// followers. Throws what pipe(2) and pthread_create(3) do.
    func start(with file: consuming FileDescriptor) throws(Errno) -> FileDescriptor {
        do throws(Errno) {
            let pipe = try PipeEnds()
            let writer = Mutex<FileDescriptor?>(try pipe.writer.duplicate())
            let first = Mutex<FileDescriptor?>(consume file)
            try DetachedThread.start { [self] in
                let output = writer.withLock { $0.take() }
                let file = first.withLock { $0.take() }
                // EPIPE: nobody reads any more. A log that can't be read ends the answer.
                if let output, let file { try? run(file, output) }
                service.followers.end(peer.uid)
            }
            return pipe.intoReader()
        } catch {
            service.followers.end(peer.uid)
            throw error
        }
    }

    private func run(_ first: consuming FileDescriptor, _ output: borrowing FileDescriptor) throws(Errno) {
        var file = first
        var length: Int64 = 0
        var told = SystemClock.monotonic()
        while !service.followers.hasEnded {
            let whole = try AuditHandlers.lengthOfWholeLines(of: file)
            if whole > length {
                try copy(whole - length, of: file, to: output)
                length = whole
                told = SystemClock.monotonic()
                continue
            }
            let now = SystemClock.monotonic()
            if let end, now >= end { return }
            if let next = try successor(of: file) {
                // Lines that came last into the one that was moved away.
                guard try AuditHandlers.lengthOfWholeLines(of: file) == length else { continue }
                file = next
                length = 0
                continue
            }
            if now >= told + Limits.heartbeat {
                // By this the end of the peer is noticed.
                try output.writeAll([UInt8(ascii: "\n")])
                told = now
            }
            SystemClock.sleep(microseconds: Self.pause)
        }
    }

    /// The file that the log goes on in; nil where that is this one.
    private func successor(of file: borrowing FileDescriptor) throws(Errno) -> FileDescriptor? {
        guard let now = try? service.vault.auditFile(for: peer.acting("audit")) else { return nil }
        let (one, other) = (try file.status(), try now.status())
        if one.device == other.device, one.inode == other.inode { return nil }
        return now
    }

    private func copy(_ count: Int64, of file: borrowing FileDescriptor, to output: borrowing FileDescriptor) throws(Errno) {
        var left = count
        var bytes = [UInt8](repeating: 0, count: Self.part)
        while left > 0 {
            var span = bytes.mutableSpan
            var raw = unsafe span.mutableBytes
            var room = raw._mutatingExtracting(0..<Int(min(left, Int64(Self.part))))
            let got = try file.read(into: &room)
            // It was cut short.
            guard got > 0 else { return }
            left -= Int64(got)
            try output.writeAll(Array(bytes.prefix(got)))
        }
    }
}
