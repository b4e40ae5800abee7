internal import CFuse
internal import Glibc
internal import Linux

/// What a request is answered with.
enum Answer: Sendable {
    case done
    case failed(Errno)
    case entry(Entry)
    case attributes(Attributes)
    case opened(inode: UInt64, OpenReply)
    case openedFolder(inode: UInt64, handle: UInt64)
    case created(Created)
    case written(Int)
    /// A READLINK's target.
    case target([UInt8])
    /// Entries of a READDIR.
    case entries([UInt8])
    /// An extended attribute or the list of their names, for a caller who has `room` bytes, or asks for the size if 0.
    case attribute([UInt8], room: Int)
    case statistics(Statistics)
}

/// A request that is not answered yet. The only place that replies, and each does once: every answer consumes the
/// exchange, it can't be copied, and one that is dropped answers EIO.
@safe struct Exchange: ~Copyable, @unchecked Sendable {
    private let request: fuse_req_t

    /// - Parameter request: just handed to an operation by libfuse, and used by nobody else from now on.
    init(_ request: fuse_req_t) {
        unsafe self.request = request
    }

    deinit {
        _ = unsafe fuse_reply_err(request, EIO)
    }

    /// Who asks.
    var caller: Request {
        let context = unsafe fuse_req_ctx(request).pointee
        return Request(uid: context.uid, gid: context.gid, tid: context.pid, umask: context.umask)
    }

    /// - Returns: whether the kernel took the answer. It does not if the connection is gone or the request was given up.
    consuming func reply(_ answer: Answer) -> Bool {
        let request = unsafe self.request
        discard self
        return unsafe send(answer, to: request) == 0
    }

    /// Answers a READ with `bytes`, from where they lie.
    consuming func reply(lending bytes: RawSpan) {
        let request = unsafe self.request
        discard self
        _ = unsafe bytes.withUnsafeBytes { unsafe sendBytes($0, to: request) }
    }
}

/// Each case calls one function of libfuse, which frees the request, whatever it returns.
private func send(_ answer: Answer, to request: fuse_req_t) -> Int32 {
    switch answer {
    case .done:
        return unsafe fuse_reply_err(request, 0)
    case .failed(let error):
        // The kernel takes 1 to 999. 0 would be a success that nobody reported.
        return unsafe fuse_reply_err(request, 1..<1000 ~= error.rawValue ? error.rawValue : EIO)
    case .entry(let entry):
        var parameters = fuse_entry_param(entry)
        return unsafe fuse_reply_entry(request, &parameters)
    case .attributes(let attributes):
        var status = stat(attributes)
        return unsafe fuse_reply_attr(request, &status, attributes.timeout)
    case .opened(_, let reply):
        var information = fuse_file_info(reply)
        return unsafe fuse_reply_open(request, &information)
    case .openedFolder(_, let handle):
        // Without cache_readdir, each reading of a folder comes to the file system, which lists per caller.
        var information = fuse_file_info()
        information.fh = handle
        return unsafe fuse_reply_open(request, &information)
    case .created(let created):
        var parameters = fuse_entry_param(created.entry)
        var information = fuse_file_info(created.open)
        return unsafe fuse_reply_create(request, &parameters, &information)
    case .written(let count):
        return unsafe fuse_reply_write(request, max(count, 0))
    case .target(let target), .entries(let target):
        return unsafe target.withUnsafeBytes { unsafe sendBytes($0, to: request) }
    case .attribute(let value, let room):
        if room == 0 { return unsafe fuse_reply_xattr(request, value.count) }
        if room < value.count { return unsafe fuse_reply_err(request, ERANGE) }
        return unsafe value.withUnsafeBytes { unsafe sendBytes($0, to: request) }
    case .statistics(let statistics):
        var status = statvfs(statistics)
        return unsafe fuse_reply_statfs(request, &status)
    }
}

private func sendBytes(_ bytes: UnsafeRawBufferPointer, to request: fuse_req_t) -> Int32 {
    unsafe fuse_reply_buf(request, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
}

extension stat {
    fileprivate init(_ attributes: Attributes) {
        self.init()
        st_ino = .init(attributes.inode)
        st_mode = attributes.type.rawValue | (attributes.permissions & 0o7777)
        st_nlink = .init(attributes.links)
        st_uid = attributes.uid
        st_gid = attributes.gid
        st_size = off_t(clamping: attributes.size)
        st_blocks = .init(clamping: attributes.size / 512 + (attributes.size % 512 == 0 ? 0 : 1))
        st_mtim = timespec(attributes.modified)
        st_atim = st_mtim
        st_ctim = timespec(attributes.changed)
    }
}

extension timespec {
    fileprivate init(_ instant: Timestamp) {
        self.init(tv_sec: Int(instant.seconds), tv_nsec: Int(min(instant.nanoseconds, 999_999_999)))
    }
}

extension statvfs {
    fileprivate init(_ statistics: Statistics) {
        self.init()
        f_bsize = .init(statistics.blockSize)
        f_frsize = .init(statistics.blockSize)
        f_blocks = .init(statistics.blocks)
        f_bfree = .init(statistics.freeBlocks)
        f_bavail = .init(statistics.freeBlocks)
        f_files = .init(statistics.files)
        f_ffree = .init(statistics.freeFiles)
        f_namemax = .init(statistics.nameLength)
    }
}

extension fuse_entry_param {
    fileprivate init(_ entry: Entry) {
        self.init()
        ino = entry.attributes.inode
        attr = stat(entry.attributes)
        attr_timeout = entry.attributes.timeout
        entry_timeout = entry.timeout
    }
}

extension fuse_file_info {
    fileprivate init(_ reply: OpenReply) {
        self.init()
        fh = reply.handle
        direct_io = reply.directIO ? 1 : 0
        keep_cache = reply.keepCache ? 1 : 0
        noflush = reply.noFlush ? 1 : 0
    }
}
