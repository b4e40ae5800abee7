package import FUSE
package import Linux
internal import Secrets
internal import Vault

/// Opening and reading.
extension SecretFileSystem {
    package func open(_ inode: UInt64, flags: OpenFlags, _ request: Request) throws(Errno) -> OpenReply {
        let inode = try self.inode(inode)
        let actor = try actor(request, "open")
        return flags.writes ? try openWriter(inode, flags, actor) : try openReader(inode, actor)
    }

    /// A snapshot, taken and authorized now. `noFlush`: a dead daemon must not hang a reader that closes.
    private func openReader(_ inode: Inode, _ actor: Actor) throws(Errno) -> OpenReply {
        let snapshot = try stale { () throws(VaultError) in try vault.open(inode, .read, for: actor) }
        return OpenReply(handle: handles.add(.reader(snapshot)), directIO: true, noFlush: true)
    }

    package func read(
        _ inode: UInt64, handle: UInt64, offset: UInt64, size: Int, _ request: Request, into reply: inout ReadReply
    ) throws(Errno) {
        switch handles.file(handle) {
        case .reader(let snapshot):
            snapshot.withBytes { Self.lend($0, offset, size, &reply) }
        case .writer(let writer):
            try writer.withPendingBytes { bytes in Self.lend(bytes, offset, size, &reply) }
        case nil: throw .badDescriptor
        }
    }

    private static func lend(_ bytes: RawSpan, _ offset: UInt64, _ size: Int, _ reply: inout ReadReply) {
        let start = Int(min(offset, UInt64(bytes.byteCount)))
        let end = min(bytes.byteCount, start + min(max(size, 0), bytes.byteCount))
        reply.lend(bytes.extracting(start..<end))
    }
}
