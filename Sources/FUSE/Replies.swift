internal import CFuse
internal import Glibc
internal import Linux

/// How a file was opened.
package struct OpenReply: Hashable, Sendable {
    /// Given back with each operation on the open file, until its release.
    package var handle: UInt64
    /// Reads and writes go to the file system, past the page cache.
    package var directIO: Bool
    /// Pages that the kernel has of the inode stay valid.
    package var keepCache: Bool
    /// No FLUSH at a close.
    package var noFlush: Bool

    package init(handle: UInt64, directIO: Bool = false, keepCache: Bool = false, noFlush: Bool = false) {
        self.handle = handle
        self.directIO = directIO
        self.keepCache = keepCache
        self.noFlush = noFlush
    }
}

/// A file made and opened by CREATE.
package struct Created: Hashable, Sendable {
    package var entry: Entry
    package var open: OpenReply

    package init(entry: Entry, open: OpenReply) {
        self.entry = entry
        self.open = open
    }
}

/// The result of an operation that changed something, with what the kernel must forget before the caller sees it.
package struct Changed<Value: Sendable>: Sendable {
    package var value: Value
    package var invalidations: [Invalidation]

    package init(_ value: Value, invalidating invalidations: [Invalidation] = []) {
        self.value = value
        self.invalidations = invalidations
    }
}

/// The answer to a READ.
package struct ReadReply: ~Copyable {
    private var exchange: Exchange?
    private let size: Int

    init(_ exchange: consuming Exchange, size: Int) {
        self.exchange = consume exchange
        self.size = size
    }

    /// Answers with `bytes`, at most as many as were asked for, from where they lie. A second call does nothing.
    package mutating func lend(_ bytes: RawSpan) {
        exchange.take()?.reply(lending: bytes.extracting(first: size))
    }

    /// Answers with an error, unless bytes were lent.
    mutating func fail(_ error: Errno) {
        _ = exchange.take()?.reply(.failed(error))
    }
}

/// The answer to a READDIR: entries, until the caller's buffer is full.
package struct DirectoryFiller: ~Copyable {
    private var buffer: [UInt8]
    private var used = 0

    init(size: Int) {
        buffer = [UInt8](repeating: 0, count: size)
    }

    /// What was added.
    var bytes: [UInt8] { Array(buffer.prefix(used)) }

    /// - Parameters:
    ///   - name: without NUL and `/`, 1 to 255 bytes.
    ///   - cookie: not 0; where the next READDIR is to go on if this entry is the last the kernel takes.
    /// - Returns: false if there is no room, and the entry was not added.
    package mutating func add(_ name: [UInt8], inode: UInt64, type: FileType, cookie: UInt64) -> Bool {
        var status = stat()
        status.st_ino = .init(inode)
        status.st_mode = type.rawValue
        let room = buffer.count - used
        let length = unsafe (name + [0]).withUnsafeBytes { name in
            unsafe buffer.withUnsafeMutableBytes { buffer in
                // With too little room, "the entry is not filled in but the size of the entry is still returned".
                unsafe fuse_add_direntry(
                    nil, buffer.baseAddress?.advanced(by: used).assumingMemoryBound(to: CChar.self), room,
                    name.baseAddress?.assumingMemoryBound(to: CChar.self), &status, off_t(truncatingIfNeeded: cookie))
            }
        }
        guard length <= room else { return false }
        used += length
        return true
    }
}
