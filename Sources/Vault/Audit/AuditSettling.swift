// SPDX-License-Identifier: MIT

internal import Linux
internal import Synchronization

extension AuditLog.State {
    /// The last change all of whose lines were written.
    var written: Int64 { changes.last { $0.end > 0 }?.generation ?? covered.generation }

    /// The disk has all that was synced, in a file that is there.
    fileprivate mutating func noteCovered() {
        file.noteInPlace(now: SystemClock.monotonic())
        covered.end = file.synced
        let count = changes.prefix { $0.end > 0 && $0.end <= file.synced.count }.count
        guard count > 0 else { return }
        covered.generation = changes[count - 1].generation
        changes.removeFirst(count)
    }

    /// Goes on in another file, behind its first lines.
    fileprivate mutating func moveOn(to next: consuming AuditFile) {
        // Lines that follow again count when the new file is synced.
        let count = next.head.count
        for index in changes.indices where changes[index].end > 0 { changes[index].end = max(changes[index].end, count) }
        file = next
        trouble = nil
        astray = nil
    }
}

/// Bringing lines to the disk. All with `syncing` held.
extension AuditLog {
    func settle() throws(AuditError) -> AuditAnchor {
        var last = AuditError("its file is taken away again and again")
        for _ in 0..<4 {
            if state.withLock({ $0.trouble != nil }) { try writeAgain() }
            // The next line will tell what is owed still.
            _ = try? state.withLock { state throws(AuditError) in try self.settleDebt(&state) }
            do throws(AuditError) { try flush() } catch {
                last = error
                continue
            }
            if let end = try state.withLock({ state throws(AuditError) in try self.settle(&state) }) { return end }
        }
        throw last
    }

    /// fdatasync(2), without keeping lines from being written meanwhile. What fails is trouble.
    private func flush() throws(AuditError) {
        guard isDirty.exchange(false, ordering: .acquiringAndReleasing) else { return }
        let (file, head) = state.withLock { state in (state.file.open, state.file.head) }
        do throws(Errno) {
            try file.file.fdatasync()
            if isNew.load(ordering: .relaxed) {
                try FileDescriptor.syncFolder(FileDescriptor.folder(of: path))
                isNew.store(false, ordering: .relaxed)
            }
        } catch {
            isDirty.store(true, ordering: .releasing)
            let trouble = AuditError("it can't be brought to the disk: \(error)", cause: error)
            state.withLock { state in state.trouble = trouble }
            throw trouble
        }
        state.withLock { state in state.file.noteSynced(head) }
    }

    /// Ends trouble: writes what the disk may not have again, in its place, and believes only what a sync after that says. Where the file
    /// is not any more as it was when it was last synced, goes on behind what it is.
    private func writeAgain() throws(AuditError) {
        let file = try AuditFile.open(path, appending: false)
        do throws(Errno) {
            // No line comes while there is trouble, so all of this stays as it is.
            let (head, unsynced) = state.withLock { state in (state.file.head, state.file.unsynced) }
            let text = unsynced.flatMap { $0.dropFirst(AuditLine.firstChain.count) }
            if try state.withLock({ state throws(Errno) in try state.file.isIntact(in: file, behindWhichBelong: text.count) }) {
                try file.pwriteAll(text, at: head.offset - Int64(text.count))
                try file.truncate(to: head.offset)
                try file.fdatasync()
                try file.startAppending()
                var opened: FileDescriptor? = file
                try state.withLock { state throws(Errno) in
                    guard let file = opened.take() else { return }
                    try state.file.noteRewritten(with: file)
                    let why = state.trouble?.description ?? "trouble"
                    report("the audit log: \(why); what may have been lost up to line \(head.count) was written again")
                    state.trouble = nil
                }
                return isDirty.store(true, ordering: .releasing)
            }
        } catch { throw AuditError(error) }
        try state.withLock { state throws(AuditError) in try self.goOn(&state) }
    }

    /// After a sync, with the lock: gives the end of what is on the disk if the file that is written lies at the path as it was written.
    /// Else goes on in the one that does, and gives nil.
    private func settle(_ state: inout State) throws(AuditError) -> AuditAnchor? {
        do throws(Errno) {
            let size = try state.file.open.file.status().size
            if isAtPath(state.file) {
                state.astray = nil
                if size >= state.file.head.offset {
                    if size > state.file.head.offset { try self.keepForeignBytes(&state, size) }
                    state.noteCovered()
                    return state.file.synced
                }
            }
        } catch { throw AuditError(error) }
        try goOn(&state)
        guard state.astray != nil else { return nil }
        // It is no more than moved away.
        state.noteCovered()
        return state.file.synced
    }

    private func isAtPath(_ file: borrowing AuditFile) -> Bool {
        guard let there = try? FileDescriptor.status(of: path) else { return false }
        return AuditFile.Identity(there) == file.identity
    }

    /// Bytes that somebody else put into the log stay for `verify` to find. The next line begins a line of its own.
    private func keepForeignBytes(_ state: inout State, _ size: Int64) throws(Errno) {
        report("the audit log: something else was written into its file behind line \(state.file.head.count)")
        let last = try state.file.open.file.readBackwards(from: size, longest: 1)
        var end = size
        if last != [UInt8(ascii: "\n")] {
            try state.file.open.file.writeAll([UInt8(ascii: "\n")])
            end += 1
        }
        state.file.noteForeignBytes(upTo: end)
    }

    /// Goes on where the path leads now. A file that was moved has all its lines: the next one only continues it. Of one that was removed,
    /// moved to another disk or cut short, the last lines may be in no copy: they are written again.
    private func goOn(_ state: inout State) throws(AuditError) {
        let file: FileDescriptor
        var end: Int64
        var loss: AuditLoss?
        var lines: [[UInt8]] = []
        let wasRemoved: Bool
        do { wasRemoved = try state.file.open.file.status().links == 0 } catch { throw AuditError(error) }
        let wasMoved = !isAtPath(state.file)
        do throws(AuditError) { file = try AuditFile.open(path) } catch {
            if wasRemoved {
                state.trouble = AuditError("its file was removed, and can't be made again: \(error)", cause: error.cause)
            } else if state.trouble == nil {
                state.astray = error
                report("the audit log: its file was moved away, and there can be no other: \(error)")
                return
            }
            throw error
        }
        do throws(Errno) {
            if wasRemoved {
                loss = .removed
            } else if !wasMoved {
                loss = .cut
                try file.truncate(to: try state.file.lengthWhenCut(try file.status().size))
            }
            if loss != nil {
                lines = state.file.recent
            } else if state.trouble != nil {
                // Its sync failed, which Linux tells once.
                lines = state.file.unsynced
            } else {
                // `sync` knows only the new file from here on.
                do { try state.file.open.file.fdatasync() } catch { lines = state.file.unsynced }
            }
            end = try AuditFile.recover(file).end
        } catch { throw AuditError(error) }
        try goOn(&state, in: file, behind: end, loss, lines)
    }

    private func goOn(
        _ state: inout State, in file: consuming FileDescriptor, behind end: Int64, _ loss: AuditLoss?, _ lines: [[UInt8]]
    ) throws(AuditError) {
        let head = state.file.head
        var next: AuditFile
        do throws(Errno) {
            next = try AuditFile(file, head: AuditAnchor(count: head.count, offset: end, chain: head.chain))
        } catch { throw AuditError(error) }
        do throws(AuditError) {
            var first = AuditEvent.begin(AuditLine.continuation(of: head, loss, again: lines.count))
            // Where lines follow again, those of the last changes are to be looked for among them.
            first.generation = lines.isEmpty && loss == nil ? state.written : state.covered.generation
            let again = lines.map { line in
                var line = line
                AuditLine.removeChain(from: &line)
                return line
            }
            try next.append([AuditLine.draft(first, time: SystemClock.now())] + again, key: key)
        } catch {
            try? next.open.file.truncate(to: end)
            if loss != nil { state.trouble = AuditError("it can't go on in another file: \(error)", cause: error.cause) }
            throw error
        }
        if let loss { report("the audit log: behind line \(head.count): \(loss.words)") }
        state.moveOn(to: next)
        isNew.store(true, ordering: .relaxed)
        isDirty.store(true, ordering: .releasing)
    }
}
