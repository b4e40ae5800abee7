internal import Linux
internal import Sodium
internal import Synchronization

/// The audit log: a line for every value handed out and every refusal, written before.
///
/// `append` returns when the kernel has the line (one write(2)); the disk has it when `sync` returns, which a thread does for all
/// lines of the last 100 ms together, and every change of the store for itself. So a crash of the daemon loses no line, and a loss of
/// power at most those of the last opens (tacitd.8).
final class AuditLog: Sendable {
    private let path: String
    private let key: SecretBox
    private let state: Guarded<State>
    /// Whether lines came since the last sync.
    private let isDirty = Atomic<Bool>(false)
    private let syncing = Mutex<Void>(())
    private let isClosed = Atomic<Bool>(false)

    private struct State: ~Copyable {
        var file: FileDescriptor
        var head: AuditAnchor
        /// A line was written in part and could not be taken back: nothing may follow it.
        var isBroken = false
    }

    /// Opens the log, or makes it, to go on where `anchor` says it ended.
    ///
    /// Half a line at the end, of a write that a crash cut short, is removed: nothing was handed out for it. Where the file does not
    /// hold what the anchor says, `report` is told, and the chain goes on from the anchor, so that `verify` finds the place for ever.
    init(path: String, key: SecretBox, anchor: AuditAnchor?, report: (String) -> Void) throws(AuditError) {
        self.path = path
        self.key = key
        let file = try Self.open(path)
        let (end, last) = try Self.recover(file, path)
        var head = AuditAnchor(count: anchor?.count ?? 0, offset: end, chain: last ?? AuditLine.firstChain)
        if let anchor {
            let atAnchor = anchor.offset == 0 ? AuditLine.firstChain : try Self.chain(of: file, endingAt: anchor.offset, path)
            if end < anchor.offset || atAnchor != anchor.chain {
                report("the audit log: its end is not as it was written")
                head.chain = anchor.chain
            }
        }
        state = Guarded(State(file: file, head: head))
        if end == 0 {
            try append(.begin("new log"))
        }
        startSyncing()
    }

    /// The end of the log now.
    var head: AuditAnchor { state.withLock { $0.head } }

    /// Writes a line. When this throws, nothing of it is in the log, and what it was to tell of must not happen.
    func append(_ event: AuditEvent) throws(AuditError) {
        var draft = AuditLine.draft(event, time: Clock.now())
        try state.withLock { state throws(AuditError) in
            try self.append(&draft, &state)
        }
        isDirty.store(true, ordering: .releasing)
    }

    private func append(_ draft: inout [UInt8], _ state: inout State) throws(AuditError) {
        guard !state.isBroken else { throw AuditError(description: "half a line could not be taken back") }
        let before = state.head.chain
        let chain: [UInt8]
        do { chain = try AuditLine.finish(&draft, after: before, key: key.bytes) } catch { throw AuditError(description: "\(error)") }
        let length = draft.count - before.count
        do throws(Errno) {
            let written = try unsafe state.file.write(draft.span.bytes.extracting(droppingFirst: before.count))
            guard written == length else { throw .noSpace }
        } catch {
            do { try state.file.truncate(to: state.head.offset) } catch { state.isBroken = true }
            throw AuditError(description: "\(error)")
        }
        state.head = AuditAnchor(count: state.head.count + 1, offset: state.head.offset + Int64(length), chain: chain)
    }

    /// Returns when all lines so far are on the disk.
    func sync() throws(AuditError) {
        // One at a time: who finds nothing to do must know that the disk has it, not that another has begun. Opens go on meanwhile.
        try syncing.withLock { _ throws(AuditError) in
            guard isDirty.exchange(false, ordering: .acquiringAndReleasing) else { return }
            do throws(Errno) {
                let file = try state.withLock { state throws(Errno) in try state.file.duplicate() }
                try file.fdatasync()
            } catch {
                isDirty.store(true, ordering: .releasing)
                throw AuditError(description: "\(error)")
            }
        }
    }

    /// Opens the file of that name anew, for logrotate(8): its first line continues the chain. If it can't, the old file goes on.
    func reopen() throws(AuditError) {
        let file = try Self.open(path)
        var opened: FileDescriptor? = file
        try state.withLock { state throws(AuditError) in
            guard let file = opened.take() else { return }
            do throws(Errno) {
                // It was not moved away: it is the same file, and nothing has ended.
                let (now, next) = (try state.file.status(), try file.status())
                guard (now.device, now.inode) != (next.device, next.inode) else { return }
                // The lines of the last moment: `sync` knows only the new file from here on.
                try state.file.fdatasync()
            } catch { throw AuditError(description: "\(error)") }
            let (end, _) = try Self.recover(file, path)
            var next = State(file: file, head: AuditAnchor(count: state.head.count, offset: end, chain: state.head.chain))
            let reason = "continues \(AuditVerification.text(state.head.chain))"
            var draft = AuditLine.draft(.begin(reason), time: Clock.now())
            try self.append(&draft, &next)
            state = next
        }
        isDirty.store(true, ordering: .releasing)
    }

    /// A descriptor of the file, at its start, for who reads it.
    func reader() throws(AuditError) -> FileDescriptor {
        do { return try FileDescriptor.open(path, [.readOnly, .noFollow]) } catch { throw AuditError(description: "\(error)") }
    }

    /// Looks for the first line that was changed, removed or put in.
    func verify() throws(AuditError) -> AuditVerification {
        var verification = AuditVerification(key: key)
        do throws(Errno) {
            var head = AuditAnchor()
            var size: Int64 = 0
            let file = try state.withLock { state throws(Errno) in
                head = state.head
                size = try state.file.status().size
                return try state.file.duplicate()
            }
            // Lines that come meanwhile are not looked at.
            try file.readLines(upTo: size, longest: AuditLine.limit) { line in verification.read(line) }
            verification.end(head)
        } catch { throw AuditError(description: "\(error)") }
        return verification
    }

    /// Ends the thread that syncs, within its interval.
    func close() {
        isClosed.store(true, ordering: .releasing)
    }

    private func startSyncing() {
        let interval: UInt32 = 100_000
        // If no thread can be had, `sync` at each change and at the end is what there is.
        _ = try? Thread.start { [weak self] in
            while let log = self, !log.isClosed.load(ordering: .acquiring) {
                try? log.sync()
                Clock.sleep(microseconds: interval)
            }
        }
    }

    private static func open(_ path: String) throws(AuditError) -> FileDescriptor {
        do {
            return try FileDescriptor.open(path, [.readWrite, .append, .create, .noFollow], permissions: 0o600)
        } catch { throw AuditError(description: "\(error)") }
    }

    /// Cuts half a line off the end. Returns the length of the file, and the chain of its last line: nil if it has none that can be read.
    private static func recover(_ file: borrowing FileDescriptor, _ path: String) throws(AuditError) -> (end: Int64, chain: [UInt8]?) {
        do throws(Errno) {
            var end = try file.status().size
            let tail = try file.readBackwards(from: end, longest: AuditLine.limit)
            let newline = tail.lastIndex(of: UInt8(ascii: "\n"))
            let torn = tail.count - (newline.map { $0 + 1 } ?? 0)
            if torn > 0 {
                end -= Int64(torn)
                try file.truncate(to: end)
            }
        } catch { throw AuditError(description: "\(error)") }
        do throws(Errno) {
            let end = try file.status().size
            return (end, end == 0 ? nil : try chain(of: file, endingAt: end))
        } catch { throw AuditError(description: "\(error)") }
    }

    private static func chain(of file: borrowing FileDescriptor, endingAt end: Int64, _ path: String) throws(AuditError) -> [UInt8]? {
        do { return try chain(of: file, endingAt: end) } catch { throw AuditError(description: "\(error)") }
    }

    /// The chain of the line that ends with the newline in front of `end`.
    private static func chain(of file: borrowing FileDescriptor, endingAt end: Int64) throws(Errno) -> [UInt8]? {
        let tail = try file.readBackwards(from: end, longest: AuditLine.limit)
        guard tail.last == UInt8(ascii: "\n") else { return nil }
        let text = tail.dropLast()
        let start = text.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return unsafe AuditLine.parse(Array(text[start...]).span.bytes)?.chain
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
