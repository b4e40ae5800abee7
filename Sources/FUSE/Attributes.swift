// SPDX-License-Identifier: MIT

/// The kinds of files that can be shown.
package enum FileType: UInt32, Sendable {
    /// `S_IFDIR`
    case folder = 0o040000
    /// `S_IFREG`
    case file = 0o100000
    /// `S_IFLNK`
    case link = 0o120000
}

/// An instant, as in `struct timespec`: since 1970-01-01T00:00:00Z.
package struct Timestamp: Hashable, Sendable {
    package var seconds: Int64
    /// 0 to 999,999,999
    package var nanoseconds: UInt32

    package init(seconds: Int64, nanoseconds: UInt32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    package init(microseconds: Int64) {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        self.init(
            seconds: remainder < 0 ? quotient - 1 : quotient,
            nanoseconds: UInt32(remainder < 0 ? remainder + 1_000_000 : remainder) * 1000)
    }

    package init(nanosecondsSinceEpoch time: Int64) {
        let (quotient, remainder) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
        self.init(
            seconds: remainder < 0 ? quotient - 1 : quotient,
            nanoseconds: UInt32(remainder < 0 ? remainder + 1_000_000_000 : remainder))
    }

    /// In nanoseconds; of an instant before 1677 or after 2262 the nearest one between.
    package var nanosecondsSinceEpoch: Int64 {
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowsToo) = whole.addingReportingOverflow(Int64(nanoseconds))
        return overflows || overflowsToo ? (seconds < 0 ? .min : .max) : sum
    }
}

/// The attributes of an inode, as stat(2) shows them.
package struct Attributes: Hashable, Sendable {
    package var inode: UInt64
    package var type: FileType
    /// The lower twelve bits of `st_mode`; others are ignored.
    package var permissions: UInt32
    package var links: UInt32 = 1
    package var uid: UInt32
    package var gid: UInt32
    /// Bytes.
    package var size: UInt64 = 0
    /// `st_mtim`, and `st_atim`: reading changes nothing here.
    package var modified: Timestamp
    /// `st_ctim`
    package var changed: Timestamp
    /// Seconds for which the kernel may keep these attributes without asking.
    package var timeout: Double

    /// - Parameter changed: as `modified` if nil.
    package init(
        inode: UInt64, type: FileType, permissions: UInt32, links: UInt32 = 1, uid: UInt32, gid: UInt32, size: UInt64 = 0,
        modified: Timestamp, changed: Timestamp? = nil, timeout: Double
    ) {
        self.inode = inode
        self.type = type
        self.permissions = permissions
        self.links = links
        self.uid = uid
        self.gid = gid
        self.size = size
        self.modified = modified
        self.changed = changed ?? modified
        self.timeout = timeout
    }
}

/// A name's inode.
package struct Entry: Hashable, Sendable {
    package var attributes: Attributes
    /// Seconds for which the kernel may keep the name without asking.
    package var timeout: Double

    package init(attributes: Attributes, timeout: Double) {
        self.attributes = attributes
        self.timeout = timeout
    }
}

/// The changes that a SETATTR asks for; nil is to stay as it is.
package struct SetAttributes: Hashable, Sendable {
    package enum Time: Hashable, Sendable {
        /// The time at which the request is served.
        case now
        case at(Timestamp)
    }

    /// Permission bits (the lower twelve), from chmod(2).
    package var permissions: UInt32?
    /// From chown(2).
    package var uid: UInt32?
    package var gid: UInt32?
    /// From truncate(2) and ftruncate(2); not from `O_TRUNC`.
    package var size: UInt64?
    /// From utimensat(2).
    package var accessed: Time?
    package var modified: Time?

    package init(
        permissions: UInt32? = nil, uid: UInt32? = nil, gid: UInt32? = nil, size: UInt64? = nil,
        accessed: Time? = nil, modified: Time? = nil
    ) {
        self.permissions = permissions
        self.uid = uid
        self.gid = gid
        self.size = size
        self.accessed = accessed
        self.modified = modified
    }
}

/// The statistics of the file system, as statvfs(3) shows them.
package struct Statistics: Hashable, Sendable {
    /// Bytes of a block, the unit of the counts.
    package var blockSize: UInt32
    package var blocks: UInt64
    package var freeBlocks: UInt64
    package var files: UInt64
    package var freeFiles: UInt64
    /// The longest name, in bytes.
    package var nameLength: UInt32

    package init(
        blockSize: UInt32 = 4096, blocks: UInt64 = 0, freeBlocks: UInt64 = 0, files: UInt64 = 0, freeFiles: UInt64 = 0,
        nameLength: UInt32 = 255
    ) {
        self.blockSize = blockSize
        self.blocks = blocks
        self.freeBlocks = freeBlocks
        self.files = files
        self.freeFiles = freeFiles
        self.nameLength = nameLength
    }
}
