// SPDX-License-Identifier: MIT

// Values of this module in the layouts of linux/fuse.h.

internal import CFuse
internal import Linux

extension fuse_attr {
    fileprivate init(_ attributes: Attributes) {
        self.init()
        ino = attributes.inode
        mode = attributes.type.rawValue | (attributes.permissions & 0o7777)
        nlink = attributes.links
        uid = attributes.uid
        gid = attributes.gid
        size = UInt64(min(attributes.size, UInt64(Int64.max)))
        blocks = size / 512 + (size % 512 == 0 ? 0 : 1)
        (mtime, mtimensec) = attributes.modified.parts
        (atime, atimensec) = attributes.modified.parts
        (ctime, ctimensec) = attributes.changed.parts
    }
}

extension fuse_attr_out {
    init(_ attributes: Attributes) {
        self.init()
        (attr_valid, attr_valid_nsec) = seconds(attributes.timeout)
        attr = fuse_attr(attributes)
    }
}

extension fuse_entry_out {
    init(_ entry: Entry) {
        self.init()
        nodeid = entry.attributes.inode
        (entry_valid, entry_valid_nsec) = seconds(entry.timeout)
        (attr_valid, attr_valid_nsec) = seconds(entry.attributes.timeout)
        attr = fuse_attr(entry.attributes)
    }
}

extension fuse_open_out {
    init(_ reply: OpenReply) {
        var flags: UInt32 = 0
        if reply.directIO { flags |= UInt32(FOPEN_DIRECT_IO) }
        if reply.keepCache { flags |= UInt32(FOPEN_KEEP_CACHE) }
        if reply.noFlush { flags |= UInt32(FOPEN_NOFLUSH) }
        self.init(fh: reply.handle, flags: flags)
        if let number = reply.backing { unsafe cfuse_set_backing(&self, number) }
    }

    init(fh: UInt64, flags: UInt32) {
        self.init()
        self.fh = fh
        open_flags = flags
    }
}

extension fuse_kstatfs {
    init(_ statistics: Statistics) {
        self.init()
        bsize = statistics.blockSize
        frsize = statistics.blockSize
        blocks = statistics.blocks
        bfree = statistics.freeBlocks
        bavail = statistics.freeBlocks
        files = statistics.files
        ffree = statistics.freeFiles
        namelen = statistics.nameLength
    }
}

extension Timestamp {
    fileprivate var parts: (UInt64, UInt32) { (UInt64(bitPattern: seconds), min(nanoseconds, 999_999_999)) }
}

/// How long something may be cached, as the kernel counts it: not longer than it can count.
private func seconds(_ timeout: Double) -> (UInt64, UInt32) {
    guard timeout > 0 else { return (0, 0) }
    let bounded = min(timeout, Double(UInt32.max))
    let whole = bounded.rounded(.down)
    return (UInt64(whole), UInt32(min((bounded - whole) * 1e9, 999_999_999)))
}

extension SetAttributes {
    init(_ arguments: fuse_setattr_in) {
        func time(_ bit: Int32, now: Int32, _ seconds: UInt64, _ nanoseconds: UInt32) -> Time? {
            if arguments.valid & UInt32(now) != 0 { return .now }
            if arguments.valid & UInt32(bit) == 0 { return nil }
            return .at(Timestamp(seconds: Int64(bitPattern: seconds), nanoseconds: min(nanoseconds, 999_999_999)))
        }
        func has(_ bit: Int32) -> Bool { arguments.valid & UInt32(bit) != 0 }
        self.init(
            permissions: has(FATTR_MODE) ? arguments.mode & 0o7777 : nil,
            uid: has(FATTR_UID) ? arguments.uid : nil,
            gid: has(FATTR_GID) ? arguments.gid : nil,
            size: has(FATTR_SIZE) ? arguments.size : nil,
            accessed: time(FATTR_ATIME, now: FATTR_ATIME_NOW, arguments.atime, arguments.atimensec),
            modified: time(FATTR_MTIME, now: FATTR_MTIME_NOW, arguments.mtime, arguments.mtimensec))
    }
}
