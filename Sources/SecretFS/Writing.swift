// SPDX-License-Identifier: MIT

package import FUSE
package import Linux
internal import Secrets
internal import Vault

/// Opening for writing, writing, and committing at close. The rules are in `Writer`.
extension SecretFileSystem {
    func openWriter(_ inode: Inode, as number: UInt64, _ flags: OpenFlags, _ caller: Caller) throws(Errno) -> OpenReply {
        let caller = try caller.keepingGroups()
        let writer = try orStale { () throws(VaultError) in
            try vault.authorizeWrite(to: inode, by: caller)
            if flags.reads { try vault.authorizeRead(inode, for: caller) }
            return try Writer(vault, to: inode, reads: flags.reads, truncated: flags.truncate, caller)
        }
        noteWriting(of: inode, by: caller)
        let reply = try add(writer, as: number, reads: flags.reads, to: inode, for: caller)
        // From now on the kernel makes up the size from what is written. Other opens must ask for the stored size, which splice(2) and
        // sendfile(2) go by.
        session.forgetAttributes(of: number)
        return reply
    }

    func add(
        _ writer: Writer, as number: UInt64, reads: Bool, to inode: Inode, for caller: Caller
    ) throws(Errno) -> OpenReply {
        let opening = openings.openForWriting(number, reads: reads)
        return try adding(opening) { () throws(Errno) in
            // What others have open can be mapped by this one, and nothing will be asked for.
            if reads, opening.backing != nil { _ = try orStale { () throws(VaultError) in try vault.open(inode, .read, for: caller) } }
            let pages = reads ? PageSource(self, number, opener: caller) : nil
            return try handles.add(.writer(writer, opening, pages), for: caller.uid, locking: writer.footprint, target: inode)
        }
    }

    package func create(
        _ parent: UInt64, _ name: [UInt8], flags: OpenFlags, mode: UInt32, _ request: Request
    ) throws(Errno) -> Changed<Created> {
        try handles.admit(request.uid)
        let parent = try inode(parent, name: name, changing: "create", by: request)
        let caller = try caller(request, "create").keepingGroups()
        if let inode = pendingFiles.inode(of: name, in: parent), let pending = pendingFiles.unstored(inode) {
            guard !flags.exclusive else { throw .exists }
            let entry = try named { () throws(VaultError) in try self.entry(ofPending: inode, in: parent, by: pending.maker) }
            return Changed(Created(entry: entry, open: try open(pending, as: inode.number, flags, caller)))
        }
        if let part = try? vault.lookup(name, in: parent), part.facet == .env {
            // It comes with its secret; one that the caller's process has removed is made again, as a whole.
            let isAbsent = absentParts.contains(part, for: request)
            guard isAbsent || !flags.exclusive else { throw .exists }
            let entry = try named { () throws(VaultError) in try self.entry(part) }
            let open = try openWriter(part, as: part.number, isAbsent ? flags.truncating : flags, caller)
            absentParts.noteMaking(of: part, by: request)
            return Changed(Created(entry: entry, open: open))
        }
        let (target, shown, writer): (WriteTarget, Attributes, Writer)
        do throws(VaultError) {
            target = try vault.authorizeCreate(name, in: parent, by: caller)
            // Also of a file that one makes oneself: sendfile(2) by this open finds in the kernel what others have read of later versions.
            if flags.reads { try vault.authorizeRead(parent, for: caller) }
            writer = try Writer(vault, creating: target, in: parent, caller)
            shown = try attributes(ofPending: target.inode, in: parent, by: caller.uid)
        } catch .exists {
            // Made by somebody else since the kernel looked.
            guard !flags.exclusive else { throw .exists }
            let inode = try named { () throws(VaultError) in try vault.lookup(name, in: parent) }
            let entry = try named { () throws(VaultError) in try self.entry(inode) }
            let open = try openWriter(inode, as: inode.number, flags, caller)
            return Changed(Created(entry: entry, open: open))
        } catch { throw Errno(error) }
        let open = try add(writer, as: target.inode.number, reads: flags.reads, to: target.inode, for: caller)
        pendingFiles.add(target, name, in: parent, by: caller.uid)
        noteMaking(of: target.inode, in: parent, by: caller)
        // No timeout: what ends without a commit is gone at the next look.
        return Changed(Created(entry: Entry(attributes: shown, timeout: 0), open: open))
    }

    package func write(
        _ inode: UInt64, handle: UInt64, offset: UInt64, bytes: RawSpan, flags: OpenFlags, _ request: Request
    ) throws(Errno) -> Changed<Int> {
        guard case .writer(let writer, let opening, _) = handles.file(handle) else { throw .badDescriptor }
        if let opening { openings.noteArrival(opening) }
        try writer.write(bytes, at: offset, append: flags.append, by: request) { locked throws(Errno) in
            try handles.grow(handle, to: locked)
        }
        return Changed(bytes.byteCount)
    }

    package func flush(_ inode: UInt64, handle: UInt64, _ request: Request) throws(Errno) -> [Invalidation] {
        guard case .writer(let writer, let opening, _) = handles.file(handle) else { return [] }
        if let opening { openings.noteArrival(opening) }
        let thread = CallingThread(uid: request.uid, gid: request.gid, tid: request.tid)
        // The kernel has made up a size of what was opened or written, and would go by it.
        return try commit(writer, inode) { () throws(Errno) in try writer.flush(by: thread, owner: request.lockOwner) } + [.contents(inode)]
    }

    /// A commit: nothing that was written before is lost with the machine, or with a close that fails.
    package func fsync(_ inode: UInt64, handle: UInt64, dataOnly: Bool, _ request: Request) throws(Errno) -> [Invalidation] {
        guard case .writer(let writer, _, _) = handles.file(handle) else { return [] }
        return try commit(writer, inode) { () throws(Errno) in try writer.commit() }
    }

    /// - Returns: what the kernel must forget; nothing if nothing was committed.
    private func commit(_ writer: Writer, _ number: UInt64, _ body: () throws(Errno) -> Commit?) throws(Errno) -> [Invalidation] {
        guard let commit = try body() else { return [] }
        if let inode = Inode(number: number) { noteStored(inode, as: commit.inode) }
        return invalidations(commit.changes) + [.contents(number)]
    }

    /// A pending file was stored, if it is one: all its writers go on with that.
    func noteStored(_ pending: Inode, as item: Inode) {
        guard pendingFiles.commit(pending, as: item) else { return }
        recentWriters.move(pending, to: item)
        for writer in handles.writers(of: pending) { writer.noteStored(as: item) }
    }

    package func user(ofRelease handle: UInt64) -> UInt32? {
        guard case .writer(let writer, _, _) = handles.file(handle), writer.isUnfinished else { return nil }
        return handles.user(of: handle)
    }

    package func abandon(_ inode: UInt64, handle: UInt64) {
        if case .writer(let writer, _, _) = handles.file(handle) { writer.abandon() }
        _ = release(inode, handle: handle)
    }

    /// What no FLUSH has committed is committed here, if its writer goes on: it was closed in another table of descriptors. So is a file
    /// that was made and closed without bytes.
    package func release(_ inode: UInt64, handle: UInt64) -> [Invalidation] {
        var invalidations: [Invalidation] = []
        // It is one of the writers of its name until then: whoever removes or renames that meanwhile waits for it.
        if case .writer(let writer, _, _) = handles.file(handle), writer.isUnfinished {
            invalidations = (try? commit(writer, inode) { () throws(Errno) in try writer.commit() }) ?? []
        }
        let file = handles.remove(handle)
        defer { if let opening = file?.opening { openings.close(opening) } }
        // Of what is in a job's folder nobody else keeps account (`Openings`).
        if let file, file.opening == nil, file.pages?.hasFilled == true { invalidations.append(.contents(inode)) }
        guard case .writer(let writer, _, _) = file else { return invalidations }
        writer.end()
        if let inode = Inode(number: inode), handles.writers(of: inode).isEmpty {
            // A process that opened it by this number since it was stored has that open.
            if let pending = pendingFiles.pendingFile(inode), let item = pending.item {
                formerFiles.add(inode, for: item, by: pending.maker)
            }
            pendingFiles.remove(inode)
        }
        return invalidations
    }
}
