internal import CFuse

/// What is agreed on with the kernel, in INIT.
enum Handshake: Sendable {
    case pending
    case agreed
    /// The kernel does not offer something that is needed.
    case lacks(String)

    /// Needed: without POSIX ACLs the kernel would let everybody or nobody pass, and without atomic `O_TRUNC` it would
    /// empty a file before it is opened.
    private static let needed: [(UInt32, String)] = [
        (UInt32(FUSE_CAP_POSIX_ACL), "POSIX ACLs"),
        (UInt32(FUSE_CAP_ATOMIC_O_TRUNC), "atomic O_TRUNC"),
    ]

    /// Taken where offered.
    ///
    /// - DONT_MASK: with ACLs it is the file system that applies the umask.
    /// - AUTO_INVAL_DATA: the kernel looks at each read whether it knows the size of what it has in the page cache: a file
    ///   that was just replaced may be open before its size was asked for. It costs nothing where it does.
    /// - PARALLEL_DIROPS: several look up and list in one folder at once. (libfuse before 3.17 does not pass it on.)
    /// - HANDLE_KILLPRIV_V2: we clear set-user-ID bits and file capabilities when a file is written, truncated or given
    ///   away. That is kept without doing anything, since there are none: permissions are made up from grants,
    ///   `security.capability` is never stored, and the mount is `nosuid` besides. Without it the kernel asks for
    ///   `security.capability` before each write. (libfuse before 3.17 does not know it. The older HANDLE_KILLPRIV changes
    ///   nothing there.)
    private static let wished: [UInt32] = [
        UInt32(FUSE_CAP_DONT_MASK), UInt32(FUSE_CAP_AUTO_INVAL_DATA), UInt32(FUSE_CAP_PARALLEL_DIROPS), cfuse_cap_handle_killpriv_v2(),
    ]

    /// Everything else stays off, that which libfuse asks for by default too. Of these,
    ///
    /// - ASYNC_READ would lock pages for READs that no process waits for, which outlive the file's last close; then even
    ///   an invalidation of attributes would wait for a READ (Notifier.swift).
    /// - SPLICE_READ would carry what is written through a pipe, which we can't wipe; SPLICE_WRITE what is read.
    /// - WRITEBACK_CACHE would keep what is written in the kernel, and write it later, in nobody's name.
    /// - READDIRPLUS would look up all that is listed; CACHE_SYMLINKS would show one caller's link to another.
    static func agree(on information: inout fuse_conn_info) -> Handshake {
        for (capability, name) in needed where information.capable & capability == 0 {
            return .lacks(name)
        }
        information.want = needed.reduce(0) { $0 | $1.0 } | information.capable & wished.reduce(0, |)
        information.max_write = UInt32(RequestBuffer.largestWrite)
        return .agreed
    }
}
