// SPDX-License-Identifier: MIT

internal import CFuse
internal import Linux

/// The course of a request: the thread that serves it.
enum Course: Equatable {
    /// The reader that received it, at once: it takes a moment, and nobody is there to wait, or nothing is done.
    case immediate
    /// A reader, as long as the user's requests hold up nobody, else threads for long requests in turns by user.
    case reading(Lock)
    /// Threads that may wait, for the disk and for other requests, in turns by user.
    case changing(Lock)

    /// The lock that the kernel holds until the answer, and for which others may wait.
    enum Lock {
        case none
        /// Of a page of a file, which is to be filled: an OPEN that stores a value waits for it.
        case page
        /// Of a folder, or of what is changed, which may be one.
        case folder
    }
}

extension Message {
    var course: Course {
        switch opcode {
        // i_rwsem, as shared(PARALLEL_DIROPS): of the folder.
        case .lookup, .readdir: .reading(.folder)
        // Before something is made or removed in a folder, with its lock: the kernel decides by its attributes and its ACL whether the
        // caller may.
        case .getattr, .getxattr: .reading(.folder)
        // Where it does not read past the page cache.
        case .read: .reading(.page)
        case .readlink, .opendir, .listxattr, .statfs: .reading(.none)
        // The lock of the file, for which only those wait who write it or truncate it too.
        case .write: .reading(.none)
        // A writer may have to wait for readers.
        case .open: opensForWriting ? .changing(.none) : .reading(.none)
        // FSYNC has the lock of the file, for which only those wait who write it or truncate it too.
        case .flush, .fsync: .changing(.none)
        case .mkdir, .unlink, .rmdir, .rename, .rename2, .create, .setattr, .setxattr, .removexattr: .changing(.folder)
        // FORGET, RELEASE, INTERRUPT, and what is refused.
        default: .immediate
        }
    }

    /// Whether its user may have to wait before it is served, where they ask for too much. Nobody else waits for it then: the kernel holds
    /// nothing until the answer.
    var mayBeDelayed: Bool {
        switch opcode {
        case .open, .opendir, .flush: true
        default: false
        }
    }

    /// Whether what was sent may be a secret: all else are names, numbers and ACLs.
    var mayHoldSecret: Bool { opcode == .write }

    private var opensForWriting: Bool {
        guard let arguments: fuse_open_in = try? arguments() else { return false }
        return OpenFlags(rawValue: Int32(bitPattern: arguments.flags)).writes
    }
}
