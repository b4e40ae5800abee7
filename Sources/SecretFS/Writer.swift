// SPDX-License-Identifier: MIT

internal import Bytes
internal import FUSE
internal import Linux
internal import Secrets
internal import Synchronization
internal import Vault

/// The rules of writing (tacit-tree(7), WRITING), for one open file.
///
/// - Bytes gather in locked memory; readers see the old value until a commit.
/// - No bytes, no change: `O_TRUNC` and `ftruncate(fd, 0)` only say that what is stored is not to be kept.
/// - Without them the stored bytes are changed in place, unseen; they are fetched at the first write, which needs the root key, and `read`
///   for what is parsed or measured: `env` and variables. Lines that are appended to `env` are merged, and don't look at what is stored.
/// - What can be refused is refused at write(2): a shell ignores an error of close(2). After an error nothing is committed.
/// - A commit is made by fsync(2), rename(2), and by close(2) in the table of descriptors that was written by: the kernel sends a FLUSH for
///   each copy of a descriptor, also for the one in a child that closes it at exec. Shells flush early and more than once: each later
///   commit supersedes the one before. What is left at the end is committed if its writer lives.
/// - At a FLUSH by a process that was killed while it wrote, its bytes are given up, for all that have the file open.
/// - A new file that is closed without bytes is there, and empty; a variable is not. What was removed takes no commit.
final class Writer: Sendable {
    private let vault: Vault
    /// The caller who opened the file. Passing the descriptor on is a delegation.
    let caller: Caller
    /// Whether it was opened for reading too.
    private let reads: Bool
    /// Held for moments only, since workers wait for it: a commit, which waits for the disk, for readers and for the kernel, is of a
    /// `Draft`.
    let state: Mutex<State>
    /// Held during a commit, by threads that may wait; taken before `state`.
    private let committing = Mutex<Void>(())

    /// A writer of an item or `env` that exists. Throws `storage` if memory can't be locked.
    ///
    /// - Parameter reads: whether it may also read. Then what is stored when it first reads or writes is what it starts with.
    convenience init(_ vault: Vault, to inode: Inode, reads: Bool = false, truncated: Bool, _ caller: Caller) throws(VaultError) {
        try self.init(vault, Self.target(inode), try Self.rule(inode, vault), SecretBuffer(), isBased: truncated, reads: reads, caller)
    }

    /// A writer of an item that is to be created.
    convenience init(_ vault: Vault, creating target: WriteTarget, in parent: Inode, _ caller: Caller) throws(VaultError) {
        try self.init(vault, target, parent.facet == .vars ? .variable : .file, SecretBuffer(), isBased: true, reads: false, caller)
    }

    private init(
        _ vault: Vault, _ target: WriteTarget, _ rule: Rule, _ bytes: consuming SecretBuffer, isBased: Bool, reads: Bool, _ caller: Caller
    ) throws(VaultError) {
        self.vault = vault
        self.caller = caller
        self.reads = reads
        state = Mutex(State(target: target, rule: rule, bytes: bytes, isBased: isBased, writer: (0, caller.pid)))
    }

    private static func target(_ inode: Inode) -> WriteTarget {
        inode.facet == .env ? .environment(inode, merge: false) : .item(inode)
    }

    private static func rule(_ inode: Inode, _ vault: Vault) throws(VaultError) -> Rule {
        if inode.facet == .env { return .environment }
        return try vault.kind(of: inode) == .variable ? .variable : .file
    }

    /// Takes bytes in. With `append` they go behind the last byte, whatever the kernel believes the end to be: it may not know it.
    ///
    /// - Parameter locking: is told, before memory is taken, how many bytes of locked memory this writer takes up from there on: twice what
    ///   it holds, since memory grows by doubling and is copied to be committed. What it throws is the error of the write.
    func write(
        _ bytes: RawSpan, at offset: UInt64, append: Bool, by request: Request, locking: (Int) throws(Errno) -> Void
    ) throws(Errno) {
        try state.withLock { state throws(Errno) in
            try self.attempt(&state) { state throws(Errno) in
                guard bytes.byteCount > 0 else { return }
                self.note(request.tid, &state)
                state.owner = request.lockOwner
                if !append, offset == 0, try self.isReplaced(by: bytes.byteCount, state) { state.isBased = true }
                try self.base(&state, merging: append, locking)
                let appends = append || state.isMerging
                guard let start = Int(exactly: appends ? UInt64(state.bytes.count) : offset) else { throw .fileTooLarge }
                try self.checkRoom(state, start, bytes)
                try locking(Self.footprint(of: max(state.bytes.count, start + bytes.byteCount)))
                if start < state.bytes.count { state.parser = EnvParser() }
                // What fills a gap was not stored either.
                let beginning = min(start, state.bytes.count)
                do throws(VaultError) { try state.bytes.write(bytes, at: start) } catch { throw Errno(error) }
                state.noteWrite(to: beginning..<start + bytes.byteCount)
                try self.checkText(&state)
                try self.checkQuota(&state)
                self.noteWrite(&state)
            }
        }
    }

    /// Bytes of locked memory that it takes up, as `write` tells them.
    var footprint: Int { Self.footprint(of: state.withLock { $0.bytes.count }) }

    private static func footprint(of count: Int) -> Int { SecretBuffer.footprint(of: count) * 2 }

    /// ftruncate(2) by this descriptor. `locking`: see `write`.
    func truncate(to size: UInt64, by tid: Int32, locking: (Int) throws(Errno) -> Void) throws(Errno) {
        try state.withLock { state throws(Errno) in
            try self.attempt(&state) { state throws(Errno) in
                self.note(tid, &state)
                try self.resize(&state, to: size, locking)
            }
        }
    }

    /// truncate(2) by name, to some bytes: a change by itself. `locking`: see `write`.
    func resize(to size: UInt64, locking: (Int) throws(Errno) -> Void) throws(Errno) -> Commit? {
        try state.withLock { state throws(Errno) in try self.resize(&state, to: size, locking) }
        return try commit(isWhole: false) { _ in true }
    }

    /// utimensat(2) by the process that wrote what is not committed yet: it is the time of that. False if there is no such thing.
    func keepTime(_ time: Int64, by tid: Int32) -> Bool {
        let process = process(of: CallingThread(uid: 0, gid: 0, tid: tid))
        return state.withLock { state in
            guard state.isDirty || state.isNewFile, state.writer.process == process else { return false }
            state.modified = time
            return true
        }
    }

    /// The time that it was given, nanoseconds since the epoch: that of the version that it is to be.
    var givenTime: Int64? { state.withLock { $0.modified } }

    /// Lends what a reader of this descriptor sees: what is stored when it first reads or writes, with its own changes. A read from the
    /// start when it has read to the end, and nothing of its own is left to commit, begins with what is stored then.
    ///
    /// - Parameter locking: see `write`.
    func read(
        from offset: UInt64, count: Int, by request: Request, locking: (Int) throws(Errno) -> Void, lending body: (RawSpan) -> Void
    ) throws(Errno) {
        let isAgain = reads && state.withLock { offset == 0 && $0.wasRead && !$0.isDirty && $0.failure == nil }
        let target = state.withLock { $0.target }
        let current: ValueIdentity? = if isAgain, case .item(let inode) = target { vault.currentIdentity(of: inode) } else { nil }
        try state.withLock { state throws(Errno) in
            if let failure = state.failure { throw failure }
            if let current, current != state.identity, !state.isDirty {
                state.isBased = false
                state.wasRead = false
            }
            try base(&state, merging: false, locking)
            let length = UInt64(state.bytes.count)
            if offset >= length || length - offset <= UInt64(max(count, 0)) { state.wasRead = true }
            state.bytes.withBytes { body($0) }
        }
    }

    /// close(2) of a descriptor: commits if there are new bytes, and it was closed where they were written. Returns nil if nothing was
    /// committed.
    func flush(by thread: CallingThread, owner: UInt64?) throws(Errno) -> Commit? {
        let unwritten = state.withLock { $0.isNewFile && !$0.isDirty ? $0.writer.process : nil }
        if let unwritten, thread.diesFromSignal(), process(of: thread) == unwritten { abandon() }
        return try commit(isWhole: false) { last throws(Errno) in
            if let owner, let own = last.owner, own != owner { return false }
            if thread.diesFromSignal(), self.process(of: thread) == last.process { throw .canceled }
            return true
        }
    }

    /// Commits what was written, and makes a file that has no version yet. Nil if there is nothing to commit.
    func commit() throws(Errno) -> Commit? { try commit(isWhole: true) { _ in true } }

    /// Whether something is left that no close(2) has committed.
    var isUnfinished: Bool {
        let (isDirty, isNew, process) = state.withLock { state in
            let isOver = state.failure != nil || state.remover != nil
            return (state.isDirty && !isOver, state.isNewFile && !state.isAbandoned && !isOver, state.writer.process)
        }
        return isDirty ? (try? CallingThread(uid: 0, gid: 0, tid: process).inspect())?.tgid == process : isNew
    }

    /// Whether the process of a thread was the last that wrote.
    func wroteLast(_ tid: Int32) -> Bool {
        let process = process(of: CallingThread(uid: 0, gid: 0, tid: tid))
        return state.withLock { $0.writer.process == process }
    }

    /// The name was removed: nothing is committed any more. Waits for a commit that is under way.
    func noteRemoval(by uid: UInt32) { committing.withLock { _ in state.withLock { $0.remover = uid } } }

    /// What it writes to was renamed onto another item, of which it is a version now: a later commit makes versions of that, and supersedes
    /// this one if it was made by this handle.
    func noteReplacement(_ replacement: Renaming.Replacement) {
        state.withLock { state in
            guard case .item(replacement.source) = state.target else { return }
            state.target = .item(replacement.target)
            let isOwn = state.versions[replacement.source.node] == replacement.sourceVersion
            state.versions = isOwn ? [replacement.target.node: replacement.version] : [:]
        }
    }

    /// Another descriptor has stored the file that this one writes to: from here on that is what it writes to, and no other of the name.
    func noteStored(as item: Inode) {
        state.withLock { state in
            if case .new = state.target { state.target = .item(item) }
        }
    }

    /// Nobody made the file, who could want it though it is empty.
    func abandon() { state.withLock { $0.isAbandoned = true } }

    /// The last descriptor is closed.
    func end() {
        if case .item(let inode) = state.withLock({ $0.target }) { vault.noteClose(of: inode) }
    }

    /// Commits what is new. What is written meanwhile is left for the next commit.
    ///
    /// - Parameters:
    ///   - isWhole: whether a file is made that has no version yet, though there are no bytes.
    ///   - check: is told who wrote last; false if nothing is to be committed now. What it throws stays.
    private func commit(isWhole: Bool, _ check: (LastWriter) throws(Errno) -> Bool) throws(Errno) -> Commit? {
        try committing.withLock { _ throws(Errno) in
            guard let draft = try self.draft(isWhole: isWhole, check) else { return nil }
            let commit: Commit
            do throws(VaultError) {
                commit = try draft.bytes.withBytes { bytes throws(VaultError) in
                    try self.vault.commit(
                        bytes, to: draft.target, keeping: draft.kept, superseding: draft.superseding, modified: draft.modified,
                        by: self.caller.doing("write"))
                }
            } catch {
                let error = Errno(error)
                self.state.withLock { self.fail(&$0, error) }
                throw error
            }
            self.state.withLock { state in
                state.versions.merge(commit.versions) { _, new in new }
                if case .new = state.target { state.target = .item(commit.inode) }
                if state.writes == draft.writes { state.isDirty = false }
            }
            return commit
        }
    }

    private func draft(isWhole: Bool, _ check: (LastWriter) throws(Errno) -> Bool) throws(Errno) -> Draft? {
        try state.withLock { state throws(Errno) in
            try self.attempt(&state) { state throws(Errno) -> Draft? in
                guard state.isDirty || isWhole && state.isNewFile else { return nil }
                guard try check(LastWriter(process: state.writer.process, owner: state.owner)) else { return nil }
                if let remover = state.remover {
                    // unlink(2): what is written is gone with the last descriptor. Another's removal is not passed over in silence.
                    guard remover == self.caller.uid else { throw .noEntry }
                    state.isDirty = false
                    return nil
                }
                let bytes: SecretBuffer
                do throws(VaultError) { bytes = try state.bytes.copy() } catch { throw Errno(error) }
                return Draft(
                    bytes: bytes, target: state.target, kept: state.kept, superseding: state.versions, writes: state.writes,
                    modified: state.modified)
            }
        }
    }

    /// Runs a step. Its error stays, and what was written is wiped: nothing is ever half done.
    private func attempt<Result: ~Copyable>(
        _ state: inout State, _ step: (inout State) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        if let failure = state.failure { throw failure }
        do { return try step(&state) } catch {
            fail(&state, error)
            throw error
        }
    }

    private func fail(_ state: inout State, _ error: Errno) {
        state.failure = error
        state.isDirty = false
        try? state.bytes.resize(to: 0)
    }

    private func resize(_ state: inout State, to size: UInt64, _ locking: (Int) throws(Errno) -> Void) throws(Errno) {
        if size == 0 {
            try? state.bytes.resize(to: 0)
            // Of what is stored nothing is kept, and so nothing is merged either.
            if case .environment(let inode, _) = state.target { state.target = .environment(inode, merge: false) }
            state.isBased = true
            state.isChanging = false
            state.isDirty = false
            state.noteEnd(at: 0)
            state.parser = EnvParser()
            return
        }
        // Lines that are to be merged have no place among the stored ones, at which they could be cut.
        guard !state.isMerging else { throw .invalidArgument }
        try base(&state, merging: false, locking)
        guard let size = Int(exactly: size), size <= limit(state.rule) else { throw .fileTooLarge }
        guard size != state.bytes.count else { return }
        // Zeros would fill it up.
        if size > state.bytes.count, state.rule != .file { throw .invalidArgument }
        let end = state.bytes.count
        try locking(Self.footprint(of: max(end, size)))
        do throws(VaultError) { try state.bytes.resize(to: size) } catch { throw Errno(error) }
        if size > end { state.noteWrite(to: end..<size) } else { state.noteEnd(at: size) }
        state.parser = EnvParser()
        try checkText(&state)
        noteWrite(&state)
    }

    private func noteWrite(_ state: inout State) {
        state.modified = nil
        state.writes &+= 1
        state.isDirty = true
    }

    /// Whether so many bytes from the start on leave none of those that are stored.
    private func isReplaced(by count: Int, _ state: borrowing State) throws(Errno) -> Bool {
        guard !state.isBased else { return false }
        switch state.target {
        case .environment(let inode, _), .item(let inode):
            do throws(VaultError) { return count >= (try vault.attributes(of: inode)).size } catch { throw Errno(error) }
        case .new: return false
        }
    }

    /// Makes sure that `bytes` holds what is to be changed. Lines that are appended to `env` need none of it: they are merged.
    private func base(_ state: inout State, merging: Bool, _ locking: (Int) throws(Errno) -> Void) throws(Errno) {
        guard !state.isBased else { return }
        switch state.target {
        case .environment(let inode, _) where merging:
            state.target = .environment(inode, merge: true)
        case .environment(let inode, _), .item(let inode):
            let stored: Snapshot
            do throws(VaultError) { stored = try vault.open(inode, reads ? .read : .modify, for: caller) } catch { throw Errno(error) }
            try locking(Self.footprint(of: stored.length))
            do throws(VaultError) { state.bytes = try SecretBuffer.copying(stored) } catch { throw Errno(error) }
            state.isChanging = true
            state.identity = stored.identity
            state.isDecidedLate = vault.isOpen(.errnoOracle) && !vault.isOpen(.inPlaceEnv) && state.rule == .environment
        case .new: break
        }
        state.isBased = true
    }

    private func checkRoom(_ state: borrowing State, _ start: Int, _ bytes: RawSpan) throws(Errno) {
        let (end, overflows) = start.addingReportingOverflow(bytes.byteCount)
        let limit = limit(state.rule)
        // One byte more of a variable may be the newline that `echo` adds.
        let isFinalNewline =
            state.rule == .variable && end == limit + 1 && bytes.octet(bytes.byteCount - 1) == UInt8(ascii: "\n")
        guard !overflows, end <= limit || isFinalNewline else { throw .fileTooLarge }
        // A gap would be filled with NUL bytes.
        if state.rule == .variable, start > state.bytes.count || ValueRule.containsNUL(bytes) { throw .invalidArgument }
    }

    private func checkText(_ state: inout State) throws(Errno) {
        guard state.rule == .environment else { return }
        var parser = state.parser
        do throws(EnvTextError) {
            try state.bytes.withBytes { text throws(EnvTextError) in try parser.read(text) }
        } catch { throw .invalidArgument }
        // All but the last are as they were; that one may have gone on.
        let known = max(state.parser.parsed.assignments.count - 1, 0)
        state.parser = parser
        let assignments = parser.parsed.assignments
        if assignments.dropFirst(known).contains(where: { $0.length > vault.maxValue }) { throw .fileTooLarge }
        if case .environment(let inode, _) = state.target, let most = vault.mostVariables(of: inode, for: caller), assignments.count > most
        {
            do throws(VaultError) {
                if let most = try vault.mostLines(of: inode, for: caller), assignments.count > most { throw .tooMany(variables: most) }
            } catch { throw Errno(error) }
        }
        if state.isDecidedLate, case .environment(let inode, _) = state.target {
            do throws(VaultError) { try vault.authorizeRead(inode, for: caller) } catch { throw Errno(error) }
        }
    }

    /// Looks whether there is room in the home, at the first write and each time that there is twice as much; the commit looks again.
    private func checkQuota(_ state: inout State) throws(Errno) {
        guard state.bytes.count >= state.nextCheck, state.versions.isEmpty else { return }
        state.nextCheck = state.bytes.count * 2
        let bytes = state.rule == .environment ? state.parser.parsed.assignments.reduce(0) { $0 + $1.length } : state.bytes.count
        do throws(VaultError) { try vault.checkRoom(for: bytes, in: state.target, by: caller) } catch { throw Errno(error) }
    }

    private func limit(_ rule: Rule) -> Int {
        rule == .environment ? vault.maxEnvironment : vault.maxValue
    }

    /// Remembers which process writes: another one that has the descriptor too may be killed without harm.
    private func note(_ tid: Int32, _ state: inout State) {
        guard tid != state.writer.tid else { return }
        state.writer = (tid, process(of: CallingThread(uid: 0, gid: 0, tid: tid)))
    }

    func process(of thread: CallingThread) -> Int32 {
        guard thread.tid != 0, let info = try? thread.inspect() else { return thread.tid }
        return info.tgid
    }
}
