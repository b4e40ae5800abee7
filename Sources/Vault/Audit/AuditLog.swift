internal import Linux
internal import Sodium
internal import Synchronization

/// The audit log: a line for every value handed out and every refusal, written before.
///
/// `append` returns when the kernel has the line (one write(2)); the disk has it when `sync` returns, which a thread does for all
/// lines of the last 100 ms together, and every change of the store for itself. So a crash of the daemon loses no line, and a loss of
/// power at most those of the last opens (tacitd.8).
///
/// The log is the file at its path. Each sync looks whether that is still the one that is written: where it was moved, removed or cut
/// short, the log goes on in the file that the path leads to, whose first line says so and continues the chain, and the lines that are in
/// no file for certain are written again behind it. A sync that failed is never believed afterwards (Linux tells of it once and forgets
/// the pages, fsync(2)): until the lines are written again and synced, no line can follow, and so nothing is handed out.
final class AuditLog: Sendable {
    private let path: String
    private let key: SecretBox
    private let report: @Sendable (String) -> Void
    private let state: Guarded<State>
    /// Whether lines came since the last sync.
    private let isDirty = Atomic<Bool>(false)
    /// Whether the file was made since its folder was synced.
    private let isNew = Atomic<Bool>(false)
    /// Held by whoever brings lines to the disk: `state.file` becomes another, and trouble ends, only under it.
    private let syncing = Mutex<Void>(())
    private let isClosed = Atomic<Bool>(false)

    private struct State: ~Copyable {
        var file: AuditFile
        /// Why no line may follow for now.
        var trouble: AuditError?
        /// Why lines still go to the file that was moved away.
        var astray: AuditError?
    }

    /// Opens the log, or makes it, to go on where `anchor` says it ended.
    ///
    /// Half a line at the end, of a write that a crash cut short, is removed: nothing was handed out for it. Where the file does not
    /// hold what the anchor says, `report` is told, and the chain goes on from the anchor, so that `verify` finds the place for ever.
    init(path: String, key: SecretBox, anchor: AuditAnchor?, report: @escaping @Sendable (String) -> Void) throws(AuditError) {
        self.path = path
        self.key = key
        self.report = report
        let file = try AuditFile.open(path)
        let start: AuditStart
        do throws(Errno) {
            start = try AuditStart(file, anchor: anchor, key: key)
            state = Guarded(State(file: try AuditFile(file, head: start.head)))
        } catch { throw AuditError(error) }
        if !start.isExpected { report("the audit log: its end is not as it was written") }
        if start.head.offset == 0 {
            isNew.store(true, ordering: .relaxed)
            try append(.begin("new log"))
        }
        try startSyncing()
    }

    /// The end of the log now.
    var head: AuditAnchor { state.withLock { $0.file.head } }

    /// Writes a line. When this throws, nothing of it is in the log, and what it was to tell of must not happen.
    ///
    /// - Parameter time: when what it tells of was done or refused, in microseconds since the epoch.
    func append(_ event: AuditEvent, time: Int64 = Clock.now()) throws(AuditError) {
        var draft = AuditLine.draft(event, time: time)
        let isCrowded = try state.withLock { state throws(AuditError) in
            if let trouble = state.trouble { throw trouble }
            do throws(AuditError) { try state.file.append(&draft, key: key) } catch {
                if state.file.isTorn { state.trouble = error }
                throw error
            }
            return state.file.isCrowded
        }
        isDirty.store(true, ordering: .releasing)
        // The line is written, whatever comes of this: a sync that fails keeps the next from being.
        if isCrowded { _ = try? sync() }
    }

    /// Returns when all lines so far are on the disk, in the file at the log's path; gives their end.
    @discardableResult
    func sync() throws(AuditError) -> AuditAnchor {
        // One at a time: who finds nothing to do must know that the disk has it, not that another has begun. Opens go on meanwhile.
        try syncing.withLock { _ throws(AuditError) in try settle() }
    }

    /// Opens the file of that name anew, for logrotate(8): its first line continues the chain. If it can't, the old file goes on.
    func reopen() throws(AuditError) {
        try sync()
        if let astray = state.withLock({ $0.astray }) { throw astray }
    }

    /// A descriptor of the file, at its start, for who reads it.
    func reader() throws(AuditError) -> FileDescriptor {
        do { return try FileDescriptor.open(path, [.readOnly, .noFollow]) } catch { throw AuditError(error) }
    }

    /// Looks for the first line that was changed, removed or put in.
    func verify() throws(AuditError) -> AuditVerification {
        var verification = AuditVerification(key: key)
        var trouble: AuditError?
        do { try sync() } catch { trouble = error }
        do throws(Errno) {
            var head = AuditAnchor()
            var size: Int64 = 0
            let file = try state.withLock { state throws(Errno) in
                head = state.file.head
                size = try state.file.open.file.status().size
                return state.file.open
            }
            // Lines that come meanwhile are not looked at.
            try file.file.readLines(upTo: size, longest: AuditLine.limit) { line in verification.read(line) }
            verification.end(head, trouble: trouble)
        } catch { throw AuditError(error) }
        return verification
    }

    /// Ends the thread that syncs: from here on only `sync` does.
    func close() {
        syncing.withLock { _ in isClosed.store(true, ordering: .relaxed) }
    }

    private func startSyncing() throws(AuditError) {
        let interval: UInt32 = 100_000
        do throws(Errno) {
            try Thread.start { [weak self] in
                while self?.syncUnlessClosed() == true { Clock.sleep(microseconds: interval) }
            }
        } catch { throw AuditError(error) }
    }

    /// False after `close`.
    private func syncUnlessClosed() -> Bool {
        syncing.withLock { _ in
            guard !isClosed.load(ordering: .relaxed) else { return false }
            // What fails is trouble, or told as astray.
            _ = try? settle()
            return true
        }
    }
}

/// Bringing lines to the disk. All with `syncing` held.
extension AuditLog {
    private func settle() throws(AuditError) -> AuditAnchor {
        var last = AuditError("its file is taken away again and again")
        for _ in 0..<4 {
            if state.withLock({ $0.trouble != nil }) { try writeAgain() }
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

    /// Ends trouble: writes what the disk may not have again, in its place, and believes only what a sync after that says. Where the file is
    /// not any more as it was when it was last synced, goes on behind what it is.
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
                    state.file.noteInPlace(now: Clock.monotonic())
                    return state.file.synced
                }
            }
        } catch { throw AuditError(error) }
        try goOn(&state)
        return state.astray == nil ? nil : state.file.synced
    }

    private func isAtPath(_ file: borrowing AuditFile) -> Bool {
        guard let there = try? FileDescriptor.status(of: path) else { return false }
        return AuditFile.Identity(there) == file.identity
    }

    /// What somebody else put into the log stays for `verify` to find. The next line begins a line of its own.
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
            if loss != nil { lines = state.file.recent } else {
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
            var draft = AuditLine.draft(.begin(AuditLine.continuation(of: head, loss, again: lines.count)), time: Clock.now())
            try next.append(&draft, key: key)
            for line in lines {
                var line = line
                AuditLine.removeChain(from: &line)
                try next.append(&line, key: key)
            }
        } catch {
            try? next.open.file.truncate(to: end)
            if loss != nil { state.trouble = AuditError("it can't go on in another file: \(error)", cause: error.cause) }
            throw error
        }
        if let loss { report("the audit log: behind line \(head.count): \(loss.words)") }
        state = State(file: next)
        isNew.store(true, ordering: .relaxed)
        isDirty.store(true, ordering: .releasing)
    }
}

extension AuditEvent {
    /// The first line of a file, which says what it continues.
    fileprivate static func begin(_ reason: String) -> AuditEvent {
        AuditEvent(
            action: "begin", ref: nil, version: nil, uid: Process.uid, gid: Process.gid, pid: Process.id, comm: [], job: nil,
            lineage: nil, allowed: true, reason: reason)
    }
}
