internal import CFuse
internal import Linux

/// Who serves a request.
enum Course: Equatable {
    /// The reader that received it, at once: it takes a moment, and nobody is there to wait, or nothing is done.
    case immediate
    /// A reader, as long as the user's requests hold up nobody, else threads for long requests in turns by user.
    ///
    /// - holdsLock: the kernel holds a folder's lock, or a page's, until the answer, for which others may wait.
    case reading(holdsLock: Bool)
    /// Threads that may wait, for the disk and for other requests, in turns by user.
    case changing(holdsLock: Bool)
}

extension Message {
    var course: Course {
        switch opcode {
        // i_rwsem, as shared(PARALLEL_DIROPS): of the folder.
        case .lookup, .readdir: .reading(holdsLock: true)
        // The lock of the page that it fills, where it does not read past the page cache: an OPEN that stores a value waits for that.
        case .read: .reading(holdsLock: true)
        case .getattr, .readlink, .fsync, .opendir, .getxattr, .listxattr, .statfs: .reading(holdsLock: false)
        // Of the file: those who write it and truncate it too may wait.
        case .write: .reading(holdsLock: false)
        // Who writes may have to wait for who reads.
        case .open: opensForWriting ? .changing(holdsLock: false) : .reading(holdsLock: false)
        case .flush: .changing(holdsLock: false)
        // Of the folder, or of what is changed, which may be one.
        case .mkdir, .unlink, .rmdir, .rename, .rename2, .create, .setattr, .setxattr, .removexattr: .changing(holdsLock: true)
        // FORGET, RELEASE, INTERRUPT, and what is refused.
        default: .immediate
        }
    }

    /// Whether what was sent may be a secret: all else are names, numbers and ACLs.
    var mayHoldSecret: Bool { opcode == .write }

    private var opensForWriting: Bool {
        guard let arguments: fuse_open_in = try? arguments() else { return false }
        return OpenFlags(rawValue: Int32(bitPattern: arguments.flags)).writes
    }
}
