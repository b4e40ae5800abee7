// SPDX-License-Identifier: MIT

package import FUSE
package import Linux
internal import Secrets
internal import Vault

/// Finding, making, removing and renaming names.
extension SecretFileSystem {
    /// The same for every caller: ENOENT or EACCES for one would make the kernel drop the name for all. Only a part of a secret is absent
    /// to a process that has removed it, to make it again: others look it up again.
    package func lookup(_ parent: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> Entry {
        try checkLength(of: name)
        if let folder = JobNode(number: parent) { return try lookup(folder, name) }
        let parent = try inode(parent)
        return try named { () throws(VaultError) in
            let inode: Inode
            do throws(VaultError) { inode = try vault.lookup(name, in: parent) } catch {
                guard case .notFound = error, let pending = pendingFiles.inode(of: name, in: parent).flatMap(pendingFiles.unstored) else {
                    throw error
                }
                return try self.entry(ofPending: pending.target.inode, in: parent, by: pending.maker)
            }
            if inode.facet != .itself, absentParts.contains(inode, for: request) { throw .notFound }
            return try self.entry(inode, for: request)
        }
    }

    /// No timeout: what ends without a commit is gone at the next look.
    func entry(ofPending inode: Inode, in parent: Inode, by maker: UInt32) throws(VaultError) -> Entry {
        Entry(attributes: try attributes(ofPending: inode, in: parent, by: maker), timeout: 0)
    }

    func attributes(
        ofPending inode: Inode, in parent: Inode, by maker: UInt32, as number: UInt64? = nil
    ) throws(VaultError) -> Attributes {
        var shown = attributes(try vault.attributes(ofNew: inode, in: parent), as: number, timeout: 0)
        shown.uid = maker
        // By its age programs tell whether a lock file is left over.
        shown.changed = Timestamp(microseconds: pendingFiles.pendingFile(inode)?.made ?? SystemClock.now())
        let given = handles.writers(of: inode).compactMap(\.givenTime).last
        shown.modified = given.map(Timestamp.init(nanosecondsSinceEpoch:)) ?? shown.changed
        return shown
    }

    package func readlink(_ inode: UInt64, _ request: Request) throws(Errno) -> [UInt8] {
        switch try self.inode(inode) {
        case .userLink: return TreeName.users + Array("/\(request.uid)".utf8)
        case .jobLink: return try targetOfJobLink(request)
        default: throw .invalidArgument
        }
    }

    package func mkdir(_ parent: UInt64, _ name: [UInt8], mode: UInt32, _ request: Request) throws(Errno) -> Changed<Entry> {
        let parent = try inode(parent, name: name, changing: "mkdir", by: request)
        let caller = try caller(request, "mkdir")
        if let part = try? vault.lookup(name, in: parent), part.facet != .itself, absentParts.contains(part, for: request) {
            return try named { () throws(VaultError) in
                try vault.authorizePart(name, of: parent, by: caller)
                absentParts.noteMaking(of: part, by: request)
                return Changed(try self.entry(part))
            }
        }
        return try named { () throws(VaultError) in
            let made = try vault.mkdir(name, in: parent, by: caller)
            self.noteMaking(of: made.inode, in: parent, by: caller)
            return Changed(try self.entry(made.inode, for: request), invalidating: self.invalidations(made.changes))
        }
    }

    package func unlink(_ parent: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> [Invalidation] {
        let parent = try inode(parent, name: name, changing: "unlink", by: request)
        let caller = try caller(request, "unlink")
        var stored = try? vault.lookup(name, in: parent)
        let pending = pendingFiles.inode(of: name, in: parent)
        if stored == nil, let pending {
            let maker = pendingFiles.unstored(pending)?.maker
            try named { () throws(VaultError) in try vault.removePending(name, in: parent, madeBy: maker, by: caller) }
            for writer in handles.writers(of: pending) { writer.noteRemoval(by: caller.uid) }
            // A close may just have made it.
            stored = try? vault.lookup(name, in: parent)
        }
        var changes: ChangeSet?
        if stored != nil || pending == nil {
            changes = try named { () throws(VaultError) in try vault.unlink(name, in: parent, by: caller) }
        }
        if let stored, stored.facet != .itself { absentParts.note(stored, by: request) }
        pendingFiles.removeName(name, in: parent)
        for inode in [stored, pending].compactMap({ $0 }) {
            for writer in handles.writers(of: inode) { writer.noteRemoval(by: caller.uid) }
        }
        return changes.map { invalidations($0, knowing: EntryName(name, in: parent)) } ?? []
    }

    package func rmdir(_ parent: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> [Invalidation] {
        let parent = try inode(parent, name: name, changing: "rmdir", by: request)
        let caller = try caller(request, "rmdir")
        let stored = try? vault.lookup(name, in: parent)
        if let stored, stored.facet == .vars, absentParts.isMade(Inode(parent.node, .env), by: request) {
            try named { () throws(VaultError) in try vault.authorizePart(name, of: parent, by: caller) }
            absentParts.note(stored, by: request)
            return []
        }
        // Names that exist keep their folder, also those of which nothing is stored yet.
        if let stored, !pendingFiles.names(in: stored).isEmpty { throw .notEmpty }
        let changes = try named { () throws(VaultError) in try vault.rmdir(name, in: parent, by: caller) }
        if let stored, stored.facet != .itself { absentParts.note(stored, by: request) }
        return invalidations(changes, knowing: EntryName(name, in: parent))
    }

    package func rename(
        _ parent: UInt64, _ name: [UInt8], to newParent: UInt64, _ newName: [UInt8], flags: RenameFlags, _ request: Request
    ) throws(Errno) -> [Invalidation] {
        guard flags.isSubset(of: .noReplace) else { throw .invalidArgument }
        let parent = try inode(parent, name: name, changing: "rename", by: request)
        let newParent = try inode(newParent, name: newName, changing: "rename", by: request)
        let caller = try caller(request, "rename")
        let pendingSource = pendingFiles.inode(of: name, in: parent)
        let committed = try commitWriters(of: name, in: parent, request) { () throws(VaultError) in
            try vault.authorizePending(name, in: parent, by: caller)
            try vault.authorizePending(newName, in: newParent, by: caller)
        }
        let pending = pendingFiles.inode(of: newName, in: newParent)
        let renaming: Renaming
        do throws(VaultError) {
            renaming = try vault.rename(name, in: parent, to: newName, in: newParent, replace: !flags.contains(.noReplace), by: caller)
        } catch {
            session.invalidate(committed)
            throw Errno(error)
        }
        if let pending {
            pendingFiles.removeName(newName, in: newParent)
            for writer in handles.writers(of: pending) { writer.noteRemoval(by: caller.uid) }
        }
        let known = invalidations(renaming.changes, knowing: EntryName(name, in: parent), EntryName(newName, in: newParent))
        guard let replacement = renaming.replacement else { return committed + known }
        // One that was just made may be open by the number that it had before.
        for number in Set([replacement.source, pendingSource ?? replacement.source]) {
            formerFiles.add(number, for: replacement.target, by: caller.uid)
            for writer in handles.retarget(number, to: replacement.target) { writer.noteReplacement(replacement) }
        }
        recentWriters.move(Inode(replacement.source.node), to: Inode(replacement.target.node), by: caller.uid)
        // The kernel has given the name to the inode that was renamed; it is that of the item that it had.
        return committed + known + [.entry(parent: newParent.number, name: newName)]
    }

    /// Commits what a program has written and not closed yet when it renames the file: it is to be found under the new name. A name that
    /// nothing is stored of is made, if `authorize` lets its maker. Throws EBUSY for another's.
    private func commitWriters(
        of name: [UInt8], in parent: Inode, _ request: Request, _ authorize: () throws(VaultError) -> Void
    ) throws(Errno) -> [Invalidation] {
        let stored = try? vault.lookup(name, in: parent)
        guard let inode = stored ?? pendingFiles.inode(of: name, in: parent) else { return [] }
        if stored == nil {
            try named(authorize)
            // Half of what another user is writing is nobody's to commit.
            if let pending = pendingFiles.unstored(inode), pending.maker != request.uid { throw .busy }
        }
        return try commit(handles.writers(of: inode).filter { stored == nil || $0.wroteLast(request.tid) }, of: inode)
    }

    /// Commits what these writers of a file have written so far.
    func commit(_ writers: [Writer], of inode: Inode) throws(Errno) -> [Invalidation] {
        var invalidations: [Invalidation] = []
        for writer in writers {
            guard let commit = try writer.commit() else { continue }
            noteStored(inode, as: commit.inode)
            invalidations += self.invalidations(commit.changes)
        }
        return invalidations
    }
}
