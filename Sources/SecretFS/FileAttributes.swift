// SPDX-License-Identifier: MIT

package import FUSE
package import Linux
internal import Secrets
internal import Vault

/// Attributes: stat(2), chmod(2), chown(2), truncate(2), utimensat(2).
extension SecretFileSystem {
    /// The attributes with the owner that everybody is shown.
    func storedAttributes(_ inode: UInt64, handle: UInt64?, _ request: Request) throws(Errno) -> Attributes {
        let number = inode
        if let node = JobNode(number: number) { return try getattr(node, request) }
        let inode = try self.inode(number)
        if let pendingFile = pendingFiles.pendingFile(inode) {
            return try orStale { () throws(VaultError) in
                try self.attributes(ofPending: inode, in: pendingFile.parent, by: pendingFile.maker, as: number)
            }
        }
        if let handle, case .reader(let reader) = handles.file(handle), let opening = reader.opening, pages.keepsItsVersion(opening) {
            return attributes(ofLength: reader.snapshot.length, of: inode, as: number)
        }
        if let length = superseded(number, heldBy: request) { return attributes(ofLength: length, of: inode, as: number) }
        try checkCurrent(number)
        // Each open is to ask for the size, as long as the kernel makes one up.
        let timeout = file(number).map { pages.isWritten($0) } == true ? 0 : Self.timeout
        // Of two inodes that the kernel has of one item, both show the same number.
        let shown = file(number) == nil ? nil : number
        return try orStale { () throws(VaultError) in self.attributes(try vault.attributes(of: inode), as: shown, timeout: timeout) }
    }

    /// The length of the version of a superseded file that is still open, if the caller has that file open. Who has not comes by the name.
    private func superseded(_ number: UInt64, heldBy request: Request) -> Int? {
        guard let file = file(number), let generation = pages.generation(ofSuperseded: file) else { return nil }
        let reading = superseded.reading(of: file, generation.number) {
            let readers = handles.readers(of: file).filter { $0.opening.map(pages.keepsItsVersion) == true }
            return (HeldReading(readers), isWhole: readers.count >= generation.opens)
        }
        guard let reading, reading.isHeld(by: request) else { return nil }
        return reading.length
    }

    /// Throws ESTALE for a file that belongs to who has it open, whereupon the kernel looks the name up again.
    func checkCurrent(_ number: UInt64) throws(Errno) {
        if let file = file(number), pages.isSuperseded(file) { throw .stale }
    }

    /// Of a version that was replaced or removed while it is open, its own length, by which the kernel bounds its reads.
    private func attributes(ofLength length: Int, of inode: Inode, as number: UInt64) -> Attributes {
        var attributes =
            if let shown = try? vault.attributes(of: inode) { self.attributes(shown, as: number) } else {
                Attributes(
                    inode: number, type: .file, permissions: 0, links: 0, uid: 0, gid: Self.group, size: 0,
                    modified: Timestamp(microseconds: 0), timeout: Self.timeout)
            }
        attributes.size = UInt64(length)
        return attributes
    }

    package func setattr(
        _ inode: UInt64, _ changes: SetAttributes, handle: UInt64?, _ request: Request
    ) throws(Errno) -> Changed<Attributes> {
        let number = inode
        // The kernel lets the owner of what is in a job's folder try: as with any file system that has no such operation.
        if JobNode(number: number) != nil, changes.size == nil { throw .notPermitted }
        let inode = try self.inode(number, changing: "truncate", by: request)
        if handle == nil { try checkCurrent(number) }
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
        if let handle, case .writer(let writer, _, _) = handles.file(handle) {
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
        // No bytes, no change.
        guard size > 0 else { return [] }
        let writer = try orStale { () throws(VaultError) in
            if let pending { return try Writer(vault, creating: pending.target, in: pending.parent, caller) }
            return try Writer(vault, to: inode, truncated: false, caller)
        }
        // For as long as this takes, it is one of the caller's open files.
        let held = try handles.add(.writer(writer, excluding: nil, reads: false), for: request.uid)
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
