// SPDX-License-Identifier: MIT

package import FUSE
package import Linux
internal import Secrets
internal import Vault

/// Opening and reading.
extension SecretFileSystem {
    package func open(_ inode: UInt64, flags: OpenFlags, _ request: Request) throws(Errno) -> OpenReply {
        let number = inode
        try handles.admit(request.uid)
        if let node = JobNode(number: number) { return try open(node, flags: flags, try caller(request, "open")) }
        let inode = try self.inode(number)
        let caller = try caller(request, "open")
        if let pending = pendingFiles.unstored(inode) { return try open(pending, flags, caller) }
        if flags.writes { return try openWriter(inode, flags, caller, excluding: file(number)) }
        guard let file = file(number) else { return try openSnapshot(inode, caller) }
        return try openReader(file, caller, thread: request.tid)
    }

    /// A snapshot, taken and authorized now, that travels with the OPEN if it can. `noFlush`: a dead daemon must not hang a
    /// reader that closes.
    private func openReader(_ file: KernelInode, _ caller: Caller, thread: Int32) throws(Errno) -> OpenReply {
        var opening = try pages.enter(file, for: thread)
        let snapshot: Snapshot
        do {
            snapshot = try orStale { () throws(VaultError) in try vault.open(file.inode, .read, for: caller) }
        } catch {
            pages.leave(opening)
            throw error
        }
        let store = { () throws(Errno) in
            try snapshot.withBytes { bytes throws(Errno) in try self.session.store(bytes, at: 0, of: file.number) }
        }
        pages.settle(&opening, storing: 1...PageCache.largest ~= snapshot.length ? store : nil)
        let isPaged = opening.way == .paged
        do {
            let reader = Reader(snapshot: snapshot, number: file.number, opening: opening, process: caller.pid)
            return OpenReply(
                handle: try handles.add(reader, for: caller.uid), directIO: !isPaged, keepCache: isPaged, noFlush: true)
        } catch {
            pages.leave(opening)
            throw error
        }
    }

    /// A name that nothing was committed to: a reader finds it empty, and another writer is one of the same item.
    func open(_ pending: PendingFiles.PendingFile, _ flags: OpenFlags, _ caller: Caller) throws(Errno) -> OpenReply {
        try named { () throws(VaultError) in
            if flags.writes { try vault.authorizePending(pending.name, in: pending.parent, by: caller) }
            if flags.reads { try vault.authorizeRead(pending.parent, for: caller) }
        }
        guard flags.writes else {
            return OpenReply(handle: try handles.add(.empty, for: caller.uid), directIO: true, noFlush: true)
        }
        let writer = try named { () throws(VaultError) in try Writer(vault, creating: pending.target, in: pending.parent, caller) }
        let handle = try handles.add(
            .writer(writer, excluding: nil, reads: flags.reads), for: caller.uid, target: pending.target.inode)
        return OpenReply(handle: handle, directIO: true)
    }

    private func openSnapshot(_ inode: Inode, _ caller: Caller) throws(Errno) -> OpenReply {
        let snapshot = try orStale { () throws(VaultError) in try vault.open(inode, .read, for: caller) }
        let reader = Reader(snapshot: snapshot, number: inode.number, opening: nil, process: caller.pid)
        return OpenReply(handle: try handles.add(reader, for: caller.uid), directIO: true, noFlush: true)
    }

    package func read(
        _ inode: UInt64, handle: UInt64, offset: UInt64, size: Int, _ request: Request, into reply: inout ReadReply
    ) throws(Errno) {
        switch handles.file(handle) {
        case .reader(let reader):
            reader.snapshot.withBytes { Self.lend($0, offset, size, &reply) }
        case .writer(let writer, _, _):
            try writer.withPendingBytes { bytes in Self.lend(bytes, offset, size, &reply) }
        case .empty:
            let none: [UInt8] = []
            unsafe reply.lend(none.span.bytes)
        case .folder, nil: throw .badDescriptor
        }
    }

    private static func lend(_ bytes: RawSpan, _ offset: UInt64, _ size: Int, _ reply: inout ReadReply) {
        let start = Int(min(offset, UInt64(bytes.byteCount)))
        let end = min(bytes.byteCount, start + min(max(size, 0), bytes.byteCount))
        reply.lend(bytes.extracting(start..<end))
    }
}
