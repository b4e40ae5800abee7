// SPDX-License-Identifier: MIT

package import FUSE
package import Linux
internal import Secrets
internal import Vault

/// Attributes: stat(2), chmod(2), chown(2), truncate(2), utimensat(2).
extension SecretFileSystem {
    /// The attributes with the owner that everybody is shown.
    ///
    /// - Parameter writer: the process that asks, if the kernel is to take it for the owner.
    func storedAttributes(_ inode: UInt64, handle: UInt64?, _ request: Request, writer: Int32? = nil) throws(Errno) -> Attributes {
        let number = inode
        if let node = JobNode(number: number) { return try getattr(node, request) }
        let inode = try self.inode(number)
        let file = handle.flatMap(handles.file)
        if let opening = file?.opening { openings.noteArrival(opening) }
        if let pendingFile = pendingFiles.pendingFile(inode) {
            let shown = try orStale { () throws(VaultError) in
                try self.attributes(ofPending: inode, in: pendingFile.parent, by: pendingFile.maker, as: number)
            }
            return own(shown, of: inode, number, file, request, writer)
        }
        // Where there is nobody who sees another size the kernel need not ask again. Of two inodes that the kernel has of one item it is
        // told of changes of one, and both show that number.
        let isOwn = inode.number == number
        let isSettled = isOwn && openings.isSettled(number)
        do throws(Errno) {
            let shown = try orStale { () throws(VaultError) in
                self.attributes(try vault.attributes(of: inode), as: isOwn ? number : nil, timeout: isSettled ? Self.timeout : 0)
            }
            return isSettled ? shown : own(shown, of: inode, number, file, request, writer)
        } catch {
            // What was removed while it is open.
            let gone = Attributes(
                inode: number, type: .file, permissions: 0, links: 0, uid: 0, gid: Self.group, size: 0,
                modified: Timestamp(microseconds: 0), timeout: 0)
            guard let size = size(for: request, file, gone.size, inode: inode, number, writer) else { throw error }
            return with(size, gone, number, isPrivate: file == nil)
        }
    }

    /// The same with the size that the caller sees: a writer's own size, or that of the older version that a reader has open.
    ///
    /// lseek(2) from the end names the handle, and goes by the size that the kernel is told. fstat(2) names none, and the answer is for its
    /// process alone: the kernel is made to forget the attributes meanwhile, and then keeps none that it asked for before
    /// (`fuse_inode.attr_version`). Of a writer whom it is to take for the owner it keeps them, or it would not (`RecentWriters`): the size
    /// that it knows while somebody writes is made up from what is written in any case.
    private func own(
        _ shown: Attributes, of inode: Inode, _ number: UInt64, _ file: OpenFile?, _ request: Request, _ writer: Int32?
    ) -> Attributes {
        guard let size = size(for: request, file, shown.size, inode: inode, number, writer), size != shown.size else { return shown }
        return with(size, shown, number, isPrivate: file == nil && writer == nil)
    }

    private func with(_ size: UInt64, _ shown: Attributes, _ number: UInt64, isPrivate: Bool) -> Attributes {
        if isPrivate { session.forgetAttributes(of: number) }
        var attributes = shown
        attributes.size = size
        attributes.timeout = 0
        return attributes
    }

    private func size(
        for request: Request, _ file: OpenFile?, _ stored: UInt64, inode: Inode, _ number: UInt64, _ process: Int32?
    ) -> UInt64? {
        switch file {
        case .writer(let writer, _, _): return writer.size(of: stored)
        case .reader(let reader): return reader.length.map { UInt64($0) }
        case .empty, .folder: return nil
        case nil: break
        }
        let writing = handles.writers(of: inode).filter { writer in
            if let process { writer.belongs(toProcess: process) } else { writer.belongs(to: request.tid) }
        }
        if let size = writing.compactMap({ $0.size(of: stored) }).max() { return size }
        guard let reading = handles.reading(of: number), reading.isHeld(by: request) else { return nil }
        return UInt64(reading.length)
    }

    package func setattr(
        _ inode: UInt64, _ changes: SetAttributes, handle: UInt64?, _ request: Request
    ) throws(Errno) -> Changed<Attributes> {
        let number = inode
        // The kernel lets the owner of what is in a job's folder try: as with any file system that has no such operation.
        if JobNode(number: number) != nil, changes.size == nil { throw .notPermitted }
        let inode = try self.inode(number, changing: "truncate", by: request)
        var invalidations: [Invalidation] = []
        do {
            if let size = changes.size { invalidations += try truncate(inode, size, handle, request) }
            // A pending file has no grants of its own that a mode or an owner could be about.
            if !pendingFiles.isBeingMade(inode) {
                // A mode by the process that wrote belongs to a copy: nobody goes by it.
                if let permissions = changes.permissions, !hasWritten(inode, request) {
                    let caller = try caller(request, "chmod")
                    let isWriter = isOwner(request.uid, ofWritten: inode)
                    try self.orStale { () throws(VaultError) in
                        try vault.checkMode(permissions, of: inode, by: caller, isWriter: isWriter)
                    }
                }
                if changes.uid != nil || changes.gid != nil { try checkOwner(inode, changes, request) }
            }
            // With a size it is that of the change.
            if changes.size == nil, let time = changes.modified { invalidations += try setTime(time, of: inode, request) }
            return Changed(try attributes(afterChangeOf: number, handle: handle, request), invalidating: invalidations)
        } catch {
            // Something was changed, though its attributes can't be told: by somebody else it was removed, or left to its readers.
            session.invalidate(invalidations)
            throw error
        }
    }

    private func truncate(
        _ inode: Inode, _ size: UInt64, _ handle: UInt64?, _ request: Request
    ) throws(Errno) -> [Invalidation] {
        if let handle, case .writer(let writer, let opening, _) = handles.file(handle) {
            if let opening { openings.noteArrival(opening) }
            try writer.truncate(to: size, by: request.tid) { locked throws(Errno) in try handles.grow(handle, to: locked) }
            return []
        }
        let caller = try caller(request, "truncate")
        let pending = pendingFiles.unstored(inode)
        try orStale { () throws(VaultError) in
            if let pending {
                try vault.authorizePending(pending.name, in: pending.parent, by: caller)
            } else {
                try vault.authorizeWrite(to: inode, by: caller)
            }
        }
        // What the calling process has written and not committed is cut, by name as by descriptor: else its close would bring it back.
        let own = handles.writing(inode).filter { $0.writer.holdsUncommittedBytes(of: request.tid) }
        for (handle, writer) in own {
            try writer.truncate(to: size, by: request.tid) { locked throws(Errno) in try handles.grow(handle, to: locked) }
        }
        guard own.isEmpty else { return [] }
        // No bytes, no change.
        guard size > 0 else { return [] }
        let writer = try orStale { () throws(VaultError) in
            if let pending { return try Writer(vault, creating: pending.target, in: pending.parent, caller) }
            return try Writer(vault, to: inode, truncated: false, caller)
        }
        // For as long as this takes, it is one of the caller's open files.
        let held = try handles.add(.writer(writer, nil, nil), for: request.uid)
        defer { _ = handles.remove(held) }
        let commit = try writer.resize(to: size) { locked throws(Errno) in try handles.grow(held, to: locked) }
        guard let commit else { return [] }
        noteStored(inode, as: commit.inode)
        return invalidations(commit.changes)
    }

    /// The owner shown is who holds `manage`, and the group means nothing: nothing is changed. Root may name anybody, since `install` and
    /// `cp` do.
    private func checkOwner(_ inode: Inode, _ changes: SetAttributes, _ request: Request) throws(Errno) {
        let caller = try caller(request, "chown")
        guard let uid = changes.uid, caller.uid != 0, !vault.isOwner(caller) else { return }
        let shown = try orStale { () throws(VaultError) in try vault.attributes(of: inode).uid }
        guard uid == shown || (uid == caller.uid && isOwner(uid, ofWritten: inode)) else { throw .notPermitted }
    }

    /// A time that is given while bytes are on their way to the next version goes with them, if the same process wrote them.
    private func setTime(_ time: SetAttributes.Time, of inode: Inode, _ request: Request) throws(Errno) -> [Invalidation] {
        let nanoseconds =
            switch time {
            case .now: Timestamp(microseconds: SystemClock.now()).nanosecondsSinceEpoch
            case .at(let time): time.nanosecondsSinceEpoch
            }
        let isTaken = handles.writers(of: inode).reduce(false) { $1.keepTime(nanoseconds, by: request.tid) || $0 }
        guard !isTaken, pendingFiles.pendingFile(inode) == nil else { return [] }
        let caller = try caller(request, "utimens")
        return try orStale { () throws(VaultError) in self.invalidations(try vault.setTime(nanoseconds, of: inode, by: caller)) }
    }
}
