// SPDX-License-Identifier: MIT

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
    /// The number of a `Backing`: the kernel reads that in the file's place, and asks nothing more; with `directIO`, only what is mapped.
    /// `Backing` has the rules. Not with `keepCache`.
    package var backing: Int32?

    package init(handle: UInt64, directIO: Bool = false, keepCache: Bool = false, noFlush: Bool = false, backing: Int32? = nil) {
        self.handle = handle
        self.directIO = directIO
        self.keepCache = keepCache
        self.noFlush = noFlush
        self.backing = backing
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
    /// The most that the caller takes. Bytes.
    private let size: Int
    /// The added entries: `struct fuse_dirent` each, to a multiple of eight bytes.
    private(set) var bytes: [UInt8] = []

    init(size: Int) {
        self.size = min(max(size, 0), Slots.largestWrite)
        bytes.reserveCapacity(min(self.size, 4096))
    }

    /// - Parameters:
    ///   - name: without NUL and `/`, 1 to 255 bytes.
    ///   - cookie: not 0; where the next READDIR is to go on if this entry is the last the kernel takes.
    /// - Returns: false if there is no room, and the entry was not added.
    package mutating func add(_ name: [UInt8], inode: UInt64, type: FileType, cookie: UInt64) -> Bool {
        // FUSE_NAME_OFFSET, and FUSE_DIRENT_ALIGN of it and the name.
        let header = 24
        let length = (header + name.count + 7) & ~7
        guard length <= size - bytes.count else { return false }
        append(inode)
        append(cookie)
        append(UInt32(clamping: name.count))
        // As in `d_type` of readdir(3): the format bits of the mode, shifted.
        append(type.rawValue >> 12)
        bytes += name
        bytes += repeatElement(0, count: length - header - name.count)
        return true
    }

    private mutating func append<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) {
        unsafe withUnsafeBytes(of: number) { unsafe bytes.append(contentsOf: $0) }
    }
}
