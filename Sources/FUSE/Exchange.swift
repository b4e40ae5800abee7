// SPDX-License-Identifier: MIT

internal import CFuse
internal import Glibc
internal import Linux

/// The answer to a request.
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
    /// The answer to INIT.
    case agreed(fuse_init_out)
}

/// A request that is not answered yet. The only place that replies, and each does once: every answer consumes the
/// exchange, it can't be copied, and one that is dropped answers EIO. With the answer the request's slot is wiped.
@safe struct Exchange: ~Copyable, Sendable {
    /// The kernel's number of the request.
    private let unique: UInt64
    /// Kept alive by its `Slots`, which forget no slot that is in use.
    private unowned(unsafe) let slot: Slot
    private let device: Int32

    /// - Parameter device: the descriptor by which the request came.
    init(_ message: Message, device: Int32) {
        unique = message.header.unique
        unsafe slot = message.slot
        self.device = device
    }

    deinit { _ = unsafe send(.failed(.inputOutput), unique, slot, device) }

    /// - Returns: whether the kernel took the answer. It does not if the connection is gone.
    consuming func reply(_ answer: Answer) -> Bool {
        let (unique, slot, device) = unsafe (unique, slot, device)
        discard self
        return send(answer, unique, slot, device)
    }

    /// Answers a READ with `bytes`, from where they lie.
    consuming func reply(lending bytes: RawSpan) {
        let (unique, slot, device) = unsafe (unique, slot, device)
        discard self
        _ = unsafe bytes.withUnsafeBytes { unsafe write(device, unique, 0, $0) }
        slot.answered()
    }
}

private func send(_ answer: Answer, _ unique: UInt64, _ slot: Slot, _ device: Int32) -> Bool {
    defer { slot.answered() }
    switch answer {
    case .done:
        return unsafe write(device, unique, 0, .init(start: nil, count: 0))
    case .failed(let error):
        // The kernel takes 1 to 511. 0 would be a success that nobody reported.
        return unsafe write(device, unique, 1..<512 ~= error.rawValue ? error.rawValue : EIO, .init(start: nil, count: 0))
    case .entry(let entry):
        return write(device, unique, fuse_entry_out(entry))
    case .attributes(let attributes):
        return write(device, unique, fuse_attr_out(attributes))
    case .opened(_, let reply):
        return write(device, unique, fuse_open_out(reply))
    case .openedFolder(_, let handle):
        // Without FOPEN_CACHE_DIR, each reading of a folder comes to the file system, which lists per caller.
        return write(device, unique, fuse_open_out(fh: handle, flags: 0))
    case .created(let created):
        return write(device, unique, CreateReply(entry: fuse_entry_out(created.entry), open: fuse_open_out(created.open)))
    case .written(let count):
        return write(device, unique, fuse_write_out(size: UInt32(clamping: count), padding: 0))
    case .target(let bytes), .entries(let bytes):
        return unsafe bytes.withUnsafeBytes { unsafe write(device, unique, 0, $0) }
    case .attribute(let value, let room):
        if room == 0 { return write(device, unique, fuse_getxattr_out(size: UInt32(clamping: value.count), padding: 0)) }
        if room < value.count { return unsafe write(device, unique, ERANGE, .init(start: nil, count: 0)) }
        return unsafe value.withUnsafeBytes { unsafe write(device, unique, 0, $0) }
    case .statistics(let statistics):
        return write(device, unique, fuse_statfs_out(st: fuse_kstatfs(statistics)))
    case .agreed(let agreed):
        return write(device, unique, agreed)
    }
}

/// The answer to CREATE, as the kernel reads it.
private struct CreateReply: BitwiseCopyable {
    let entry: fuse_entry_out
    let open: fuse_open_out
}

private func write<Payload: BitwiseCopyable>(_ device: Int32, _ unique: UInt64, _ payload: Payload) -> Bool {
    unsafe withUnsafeBytes(of: payload) { unsafe write(device, unique, 0, $0) }
}

/// Writes an answer: a header, and bytes from where they lie.
private func write(_ device: Int32, _ unique: UInt64, _ error: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
    let size = MemoryLayout<fuse_out_header>.size
    var header = fuse_out_header(len: UInt32(size + bytes.count), error: -error, unique: unique)
    return unsafe withUnsafeMutableBytes(of: &header) { header in
        let rest = unsafe iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
        let parts = unsafe (iovec(iov_base: header.baseAddress, iov_len: size), rest)
        return unsafe withUnsafeBytes(of: parts) { parts in
            unsafe writev(device, parts.bindMemory(to: iovec.self).baseAddress, bytes.isEmpty ? 1 : 2) >= 0
        }
    }
}
