// SPDX-License-Identifier: MIT

internal import Linux

/// Which files the store was opened from, so that a change is not made in files that nobody finds any more.
///
/// SQLite goes on with what it has open, whatever is at the path. A store that was renamed away, removed or replaced would take changes and
/// lose them with the daemon; and a reader that is opened later would read what was put into its place.
struct OpenedFiles: Sendable {
    /// Each as it was named: the store, and its write-ahead log, which has the last changes.
    private let opened: [(path: String, identity: Identity)]

    private struct Identity: Equatable {
        let device: UInt64
        let inode: UInt64

        init(_ path: String) throws(Errno) {
            let status = try FileDescriptor.status(of: path, following: true)
            device = status.device
            inode = status.inode
        }
    }

    /// Of a store that is open and was read, so that it has its log: that lies beside the file itself, `real`, where `path` is a link.
    init(_ path: String, real: String) throws(Errno) {
        let log = real + "-wal"
        opened = [(path, try Identity(path)), (log, try Identity(log))]
    }

    /// The problem with the files now; nil while both are where they were. Two calls of stat(2). A file that is put back is right again.
    var problem: String? {
        for (path, opened) in opened {
            let there: Identity
            do { there = try Identity(path) } catch {
                guard error == .noEntry else { continue }
                return "the store: \(path) was moved away or removed under the daemon: put it back, or restart the daemon"
            }
            if there != opened { return "the store: \(path) was replaced under the daemon: put it back, or restart the daemon" }
        }
        return nil
    }
}
