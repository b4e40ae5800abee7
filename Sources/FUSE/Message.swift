// SPDX-License-Identifier: MIT

internal import CFuse
internal import Glibc
internal import Linux

/// The requests of the FUSE protocol that are known here: `enum fuse_opcode` of linux/fuse.h, whose numbers are for ever.
enum Opcode: UInt32 {
    case lookup = 1
    case forget = 2
    case getattr = 3
    case setattr = 4
    case readlink = 5
    case symlink = 6
    case mknod = 8
    case mkdir = 9
    case unlink = 10
    case rmdir = 11
    case rename = 12
    case link = 13
    case open = 14
    case read = 15
    case write = 16
    case statfs = 17
    case release = 18
    case fsync = 20
    case setxattr = 21
    case getxattr = 22
    case listxattr = 23
    case removexattr = 24
    case flush = 25
    case initialize = 26
    case opendir = 27
    case readdir = 28
    case releasedir = 29
    case create = 35
    case interrupt = 36
    case destroy = 38
    case ioctl = 39
    case batchForget = 42
    case rename2 = 45
}

/// A request as the kernel wrote it: a header, then what the operation takes.
///
/// It refers to its slot, and is to be used only until its answer.
@safe struct Message {
    let slot: Slot
    let header: fuse_in_header
    private let mayWait: Bool

    /// Nil for what is no request: shorter than a header.
    ///
    /// - Parameter mayWait: see `Request`.
    init?(in slot: Slot, mayWait: Bool = false) {
        let bytes = unsafe slot.bytes
        guard bytes.count >= MemoryLayout<fuse_in_header>.size else { return nil }
        self.slot = slot
        self.mayWait = mayWait
        header = unsafe bytes.loadUnaligned(as: fuse_in_header.self)
    }

    /// Nil for one that is not known here.
    var opcode: Opcode? { Opcode(rawValue: header.opcode) }

    /// The inode that the operation is on; the folder, for an operation on a name.
    var inode: UInt64 { header.nodeid }

    func caller(umask: UInt32 = 0, lockOwner: UInt64? = nil) -> Request {
        Request(uid: header.uid, gid: header.gid, tid: Int32(bitPattern: header.pid), umask: umask, lockOwner: lockOwner, mayWait: mayWait)
    }

    /// The fixed part behind the header.
    ///
    /// - Throws: EIO if the request is too short for it.
    func arguments<Arguments: BitwiseCopyable>(_ type: Arguments.Type = Arguments.self) throws(Errno) -> Arguments {
        let body = unsafe body
        guard body.count >= MemoryLayout<Arguments>.size else { throw .inputOutput }
        return unsafe body.loadUnaligned(as: type)
    }

    /// A name, without its NUL, that begins `offset` bytes behind the header; and where the next thing begins.
    ///
    /// - Throws: EIO if there is none.
    func name(at offset: Int) throws(Errno) -> (bytes: [UInt8], end: Int) {
        let body = unsafe body
        guard offset <= body.count, let end = unsafe body[offset...].firstIndex(of: 0) else { throw .inputOutput }
        return (unsafe Array(body[offset..<end]), end + 1)
    }

    /// Lends all that comes `offset` bytes behind the header, at most `count` bytes.
    func withBytes<Result>(
        at offset: Int, count: Int, _ body: (RawSpan) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        let all = unsafe self.body
        let start = min(offset, all.count)
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: all[start..<min(all.count, start + max(count, 0))])
        return try unsafe body(bytes.bytes)
    }

    private var body: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: slot.bytes.dropFirst(MemoryLayout<fuse_in_header>.size))
    }
}
