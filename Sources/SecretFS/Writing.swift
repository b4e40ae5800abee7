// SPDX-License-Identifier: MIT

package import FUSE
package import Linux
internal import Secrets
internal import Vault

/// Opening for writing, writing, and committing at close. The rules are in `Writer`.
extension SecretFileSystem {
    func openWriter(
        _ inode: Inode, _ flags: OpenFlags, _ caller: Caller, excluding excluded: KernelInode?
    ) throws(Errno) -> OpenReply {
        // Somebody else's file that has no bytes yet: a second writer of the same descriptor table, by /proc/self/fd.
        if let pendingFile = pendingFiles.pendingFile(inode), pendingFile.item == nil { throw .noEntry }
        let writer = try orStale { () throws(VaultError) in
            try vault.authorizeWrite(to: inode, by: caller)
            guard flags.reads else { return try Writer(vault, to: inode, truncated: flags.truncate, caller) }
            if flags.truncate {
                try vault.authorizeRead(inode, for: caller)
                return try Writer(vault, to: inode, truncated: true, caller)
            }
            return try Writer(vault, to: inode, startingWith: try vault.open(inode, .read, for: caller), caller)
        }
        if let excluded { try pages.beginWriting(excluded, for: caller.pid) }
        do {
            return OpenReply(
                handle: try handles.add(
                    .writer(writer, excluding: excluded, reads: flags.reads), for: caller.uid, locking: writer.footprint),
                directIO: true)
        } catch {
            if let excluded { pages.endWriting(excluded) }
            throw error
        }
    }

    package func create(
        _ parent: UInt64, _ name: [UInt8], flags: OpenFlags, mode: UInt32, _ request: Request
    ) throws(Errno) -> Changed<Created> {
        try handles.admit(request.uid)
        let parent = try inode(parent, name: name, changing: "create", by: request)
        let caller = try caller(request, "create")
        let (inode, shown, writer): (Inode, Attributes, Writer)
        do throws(VaultError) {
            inode = try vault.authorizeCreate(name, in: parent, by: caller)
            if flags.reads { try vault.authorizeRead(parent, for: caller) }
            writer = try Writer(vault, creating: inode, name, in: parent, caller)
            shown = attributes(try vault.attributes(ofNew: inode, in: parent), timeout: 0)
        } catch .exists {
            // Made by somebody else since the kernel looked.
            guard !flags.exclusive else { throw .exists }
            let inode = try named { () throws(VaultError) in try vault.lookup(name, in: parent) }
            let entry = try named { () throws(VaultError) in try self.entry(inode) }
            let open = try openWriter(inode, flags, caller, excluding: file(entry.attributes.inode))
            return Changed(Created(entry: entry, open: open))
        } catch { throw Errno(error) }
        let handle = try handles.add(.writer(writer, excluding: nil, reads: flags.reads), for: caller.uid)
        pendingFiles.add(inode, in: parent)
        // No timeout: until bytes are committed there is no such name, and the next look finds none.
        return Changed(Created(entry: Entry(attributes: shown, timeout: 0), open: OpenReply(handle: handle, directIO: true)))
    }

    package func write(
        _ inode: UInt64, handle: UInt64, offset: UInt64, bytes: RawSpan, flags: OpenFlags, _ request: Request
    ) throws(Errno) -> Changed<Int> {
        guard case .writer(let writer, _, _) = handles.file(handle) else { throw .badDescriptor }
        try writer.write(bytes, at: offset, append: flags.append, by: request.tid) { locked throws(Errno) in
            try handles.grow(handle, to: locked)
        }
        return Changed(bytes.byteCount)
    }

    package func flush(_ inode: UInt64, handle: UInt64, _ request: Request) throws(Errno) -> [Invalidation] {
        guard case .writer(let writer, _, _) = handles.file(handle) else { return [] }
        let thread = CallingThread(uid: request.uid, gid: request.gid, tid: request.tid)
        let changing = writer.pendingChanges()
        pages.prepare(changing)
        defer { pages.endPreparation(changing) }
        // The kernel has made up a size of what was opened or written, and would go by it.
        guard let commit = try writer.flush(by: thread) else { return [.contents(inode)] }
        if let file = KernelInode(number: inode) { pendingFiles.commit(file.inode, as: commit.inode) }
        return invalidations(commit.changes) + [.contents(inode)]
    }

    /// Nothing: a version is committed at close, durably.
    package func fsync(_ inode: UInt64, handle: UInt64, dataOnly: Bool, _ request: Request) throws(Errno) -> [Invalidation] { [] }

    /// Bytes that no FLUSH committed are dropped: nobody is there to authorize them, or to be told of an error.
    package func release(_ inode: UInt64, handle: UInt64) {
        switch handles.remove(handle) {
        case .writer(let writer, let excluded, let reads):
            writer.end()
            if let excluded { pages.endWriting(excluded) }
            guard let file = KernelInode(number: inode) else { break }
            // It may have been mapped.
            if reads { pages.drop(file) }
            pendingFiles.remove(file.inode)
        case .reader(let reader): if let opening = reader.opening { pages.leave(opening) }
        case .folder, nil: break
        }
    }
}
