// SPDX-License-Identifier: MIT

internal import Linux
internal import Sodium
internal import Synchronization

/// The audit log: a line for every value handed out and every refusal, written before.
///
/// `append` returns when the kernel has the line (one write(2)); the disk has it when `sync` returns, which a thread does for all
/// lines of the last 100 ms together. So a crash of the daemon loses no line, and a loss of power at most those of the last opens
/// (tacitd.8).
///
/// The lines of a change of the store are rows of the change itself, and appended after its commit: no line tells of a change that was
/// not made, and none is missing. The store carries them until `covered` says that the disk has them here too; what a crash kept from
/// being appended is appended when the log is opened again.
///
/// The log is the file at its path. Each sync looks whether that is still the one that is written: where it was moved, removed or cut
/// short, the log goes on in the file that the path leads to, whose first line says so and continues the chain, and the lines that are in
/// no file for certain are written again behind it. A sync that failed is never believed afterwards (Linux tells of it once and forgets
/// the pages, fsync(2)): until the lines are written again and synced, no line can follow, and so nothing is handed out.
final class AuditLog: Sendable {
    let path: String
    let key: SecretBox
    let report: @Sendable (String) -> Void
    let state: Guarded<State>
    /// Whether lines came since the last sync.
    let isDirty = Atomic<Bool>(false)
    /// Whether the file was made since its folder was synced.
    let isNew = Atomic<Bool>(false)
    /// Held by whoever brings lines to the disk: `state.file` becomes another, and trouble ends, only under it.
    private let syncing = Mutex<Void>(())
    private let isClosed = Atomic<Bool>(false)

    struct State: ~Copyable {
        var file: AuditFile
        /// Why no line may follow for now.
        var trouble: AuditError?
        /// Why lines still go to the file that was moved away.
        var astray: AuditError?
        /// Changes that were committed, in order, and are not covered. The log may owe the lines of the last: then they come before any
        /// other line.
        var changes: [LoggedChange] = []
        var covered: Covered
    }

    /// A change with its lines.
    struct LoggedChange {
        let generation: Int64
        /// Those that could not be written yet.
        var owed: [[UInt8]]
        /// The number of its last line in the log.
        var end: Int64 = 0
    }

    /// The part of the log that the disk has for certain.
    struct Covered {
        var end: AuditAnchor
        /// All lines of this generation and of those before it.
        var generation: Int64
    }

    /// Opens the log, or makes it, to go on where `anchor` says it ended.
    ///
    /// Half a line at the end, of a write that a crash cut short, is removed: nothing was handed out for it. Where the file does not
    /// hold what the anchor says, `report` is told, and the chain goes on from the anchor, so that `verify` finds the place for ever.
    ///
    /// Of `carried`, what the file lacks is appended.
    init(
        path: String, key: SecretBox, anchor: AuditAnchor?, carried: [CarriedLine] = [], report: @escaping @Sendable (String) -> Void
    ) throws(AuditError) {
        self.path = path
        self.key = key
        self.report = report
        let file = try AuditFile.open(path)
        let start: AuditStart
        do throws(Errno) {
            start = try AuditStart(file, anchor: anchor, carried: carried, key: key)
            let before = (carried.first?.generation ?? 1) - 1
            state = Guarded(
                State(
                    file: try AuditFile(file, head: start.head),
                    covered: Covered(end: anchor ?? AuditAnchor(), generation: before)))
        } catch { throw AuditError(error) }
        if !start.isExpected { report("the audit log: its end is not as it was written") }
        if start.head.offset == 0 {
            isNew.store(true, ordering: .relaxed)
            try append(.begin("new log"))
        }
        try append(start.lacked, of: carried)
        try startSyncing()
    }

    /// The end of the log now.
    var head: AuditAnchor { state.withLock { $0.file.head } }

    /// Writes a line. When this throws, nothing of it is in the log, and what it was to tell of must not happen.
    ///
    /// - Parameter time: when what it tells of was done or refused, in microseconds since the epoch.
    func append(_ event: AuditEvent, time: Int64 = SystemClock.now()) throws(AuditError) {
        let draft = AuditLine.draft(event, time: time)
        let isCrowded = try state.withLock { state throws(AuditError) in
            try self.settleDebt(&state)
            try self.append([draft], &state)
            return state.file.isCrowded
        }
        isDirty.store(true, ordering: .releasing)
        // The line is written, whatever comes of this: a sync that fails keeps the next from being.
        if isCrowded { _ = try? sync() }
    }

    /// Makes sure, before a change is committed, that its lines can be written: those of the change before it are, and there is room for as
    /// many bytes.
    func prepare(for bytes: Int) throws(AuditError) {
        if state.withLock({ $0.trouble != nil }) { try sync() }
        try state.withLock { state throws(AuditError) in
            try self.settleDebt(&state)
            try state.file.makeRoom(for: bytes)
        }
    }

    /// The part of the log that the disk has now.
    var covered: Covered { state.withLock { $0.covered } }

    /// Appends the lines of a change that was committed; changes come in the order of their commits. Where it can't be done, the log owes
    /// them: no other line comes before they are written, and so nothing is handed out or changed.
    func append(_ lines: [CarriedLine], of generation: Int64) {
        guard !lines.isEmpty else { return }
        state.withLock { state in
            state.changes.append(LoggedChange(generation: generation, owed: lines.map(\.draft)))
            do throws(AuditError) { try self.settleDebt(&state) } catch {
                report("the audit log: the last change has no line there yet: \(error)")
            }
        }
    }

    private func append(_ lacked: [CarriedLine], of carried: [CarriedLine]) throws(AuditError) {
        guard let last = carried.last else { return }
        try state.withLock { state throws(AuditError) in
            state.changes = [LoggedChange(generation: last.generation, owed: lacked.map(\.draft))]
            try self.settleDebt(&state)
        }
    }

    /// Writes what is owed. Only the last change can have lines that are.
    func settleDebt(_ state: inout State) throws(AuditError) {
        if let trouble = state.trouble { throw trouble }
        guard var last = state.changes.last, last.end == 0 else { return }
        try append(last.owed, &state)
        last.owed = []
        last.end = state.file.head.count
        state.changes[state.changes.count - 1] = last
        isDirty.store(true, ordering: .releasing)
    }

    private func append(_ drafts: [[UInt8]], _ state: inout State) throws(AuditError) {
        guard !drafts.isEmpty else { return }
        do throws(AuditError) { try state.file.append(drafts, key: key) } catch {
            if state.file.isTorn { state.trouble = error }
            throw error
        }
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
            try DetachedThread.start { [weak self] in
                while self?.syncUnlessClosed() == true { SystemClock.sleep(microseconds: interval) }
            }
        } catch { throw AuditError(error) }
    }

    /// False after `close`.
    private func syncUnlessClosed() -> Bool {
        syncing.withLock { _ in
            guard !isClosed.load(ordering: .relaxed) else { return false }
            // A failure here is trouble, or told as astray.
            _ = try? settle()
            return true
        }
    }
}

extension AuditEvent {
    /// The first line of a file, which says what it continues.
    static func begin(_ reason: String) -> AuditEvent {
        AuditEvent(
            action: "begin", ref: nil, version: nil, uid: ThisProcess.uid, gid: ThisProcess.gid, pid: ThisProcess.id, comm: [], job: nil,
            lineage: nil, allowed: true, reason: reason)
    }
}
