// SPDX-License-Identifier: MIT

internal import FUSE
internal import Linux
internal import Secrets
internal import Vault

/// Which values the kernel has in its page cache, and who has them open: what makes a secret cost one round trip.
///
/// The value of at most a page travels with the OPEN: it is stored in the page cache before the answer, so that no READ follows.
/// Rules that make this show every open one whole version:
///
/// 1. The kernel has one page and one size of a file, whoever has it open. So all opens that read through the page (*paged*)
///    are of one version, the current one. Every other open is *direct*: a snapshot of its own, past the page.
/// 2. A value is stored only for the first open: while another is there, a READ could be in progress that holds the page locked for
///    which a worker would wait. Pages are dropped, never changed: what was given to splice(2) or sendfile(2) refers to them.
/// 3. OPEN for reading waits for nobody. While a value is being stored, dropped, written or changed, who opens it gets it direct.
/// 4. OPEN for writing, and what is written at its commit, wait until no paged open is left, but only for a moment; new ones are direct
///    meanwhile. A change in its transaction hardly waits: others wait for that. Then they drop the page. What the kernel knew of the file
///    is invalidated before a change is acknowledged, and until then all opens are direct: an open never finds one version's bytes under
///    another's size, nor under the size that the kernel makes up from what is being written.
/// 5. A paged open that outlasts that moment keeps the file as the kernel knows it, with its size and pages, to itself and its like: it is
///    *superseded*. Everybody else is told ESTALE of it, looks the name up again, and finds another edition (`KernelInode`). The kernel
///    does that once: until a writer that was refused has come again, nobody opens the new edition through the page, so that no program
///    sees ESTALE, and nobody waits for a reader twice.
/// 6. When nobody has had a file open for a while, its pages are dropped: those too that splice(2) and mmap(2) read for a direct open.
final class PageCache: ContentObserver {
    /// Most bytes of a value that travels with the OPEN: the smallest page of any machine.
    static let largest = 4096
    /// For how long who writes waits for who reads. Seconds.
    private static let patience = 0.1
    /// For how long a writer that was told ESTALE is expected to come again. Microseconds.
    private static let expectation: Int64 = 5_000_000
    /// And a reader. Microseconds.
    private static let readersExpectation: Int64 = 2_000_000

    /// One open of a file for reading, until its release.
    struct Opening: Sendable {
        let file: KernelInode
        fileprivate let generation: UInt64
        /// How the value gets to the reader.
        fileprivate(set) var way: Way
    }

    enum Way: Sendable {
        /// The kernel has the page.
        case paged
        /// This open is to put it there.
        case storing
        case direct
    }

    private let session: Session
    /// Microseconds.
    private let lingering: Int64
    private let state = Guarded(PageTable())
    /// Counts what a change waits for, and what the dropper does.
    private let closed = Monitor<UInt64>(0)
    private let work = Monitor<UInt64>(0)

    /// - Parameter lingering: for how long after its last close a page is kept, in milliseconds.
    init(_ session: Session, lingering: Int) {
        self.session = session
        self.lingering = Int64(clamping: lingering) * 1000
    }

    /// The file under which an inode is found.
    func current(_ inode: Inode) -> KernelInode {
        state.withLock { $0.current(inode) }
    }

    // MARK: Reading

    /// To be called before the value is read from the vault: from then on a change waits for this open, if it is paged.
    /// Throws ESTALE where the file is superseded. The kernel looks the name up again then, once: until the thread has come again, nobody
    /// keeps the edition that it finds.
    func enter(_ file: KernelInode, for thread: Int32 = 0) throws(Errno) -> Opening {
        try state.withLock { state throws(Errno) in
            var entry = state.entry(file)
            guard !entry.isSuperseded else {
                let until = SystemClock.monotonic() + Self.readersExpectation
                state.noteRefusal(of: file.inode, until: until)
                if thread != 0 { state.expect(thread, of: file.inode, until: until) }
                throw .stale
            }
            if thread != 0 { state.forgetExpected(thread, of: file.inode) }
            defer { state.entries[file] = entry }
            let isSettled =
                !state.changes(file) && entry.outdated == 0 && entry.busy == 0 && !state.expects(of: file.inode)
                && !state.isContended(file.inode)
            if isSettled, entry.hasPage {
                entry.paged += 1
                return Opening(file: file, generation: entry.generation, way: .paged)
            }
            if isSettled, !entry.isOpen {
                entry.busy += 1
                entry.paged += 1
                return Opening(file: file, generation: entry.generation, way: .storing)
            }
            entry.direct += 1
            entry.mayHavePages = true
            return Opening(file: file, generation: entry.generation, way: .direct)
        }
    }

    /// Settles how an open is answered, when its value has been read.
    ///
    /// - Parameter stores: what puts the value into the page cache, for the first open of one that fits.
    func settle(_ opening: inout Opening, storing store: (() throws(Errno) -> Void)?) {
        var isStored = false
        if opening.way == .storing, let store { isStored = (try? store()) != nil }
        let (file, generation, way) = (opening.file, opening.generation, opening.way)
        opening.way = state.withLock { state in
            var entry = state.entry(file)
            defer { state.put(entry, file) }
            if way == .storing { entry.busy -= 1 }
            // Else a change did not wait any longer.
            guard entry.generation == generation, way != .direct else { return .direct }
            if way == .paged { return .paged }
            if isStored {
                entry.hasPage = true
                return .paged
            }
            entry.paged -= 1
            entry.direct += 1
            entry.mayHavePages = true
            return .direct
        }
        if way == .storing, opening.way == .direct { closed.change { $0 &+= 1 } }
    }

    /// The open has ended, or failed.
    func leave(_ opening: Opening) {
        let now = SystemClock.monotonic()
        let (isAwaited, hasWork) = state.withLock { state in
            let file = opening.file
            var entry = state.entry(file)
            if opening.way == .storing { entry.busy -= 1 }
            guard entry.generation == opening.generation else {
                entry.outdated -= 1
                let isLast = entry.outdated == 0
                if isLast { entry.isSuperseded = false }
                state.entries[file] = entry
                // It may have read its version into the page cache.
                if isLast { state.drop(file) }
                return (false, isLast)
            }
            if opening.way == .direct { entry.direct -= 1 } else { entry.paged -= 1 }
            let isQueued = entry.isQueued
            if entry.isIdle {
                entry.idleSince = now
                entry.isQueued = true
                if !isQueued { state.idle.append(PageTable.Idle(file: file, since: now)) }
            }
            state.put(entry, file)
            return (state.changes(file), !isQueued && entry.isQueued && state.idle.count == 1)
        }
        if isAwaited { closed.change { $0 &+= 1 } }
        if hasWork { work.change { $0 &+= 1 } }
    }

    /// Whether the open is of a version that was replaced, and has the file for itself and its like.
    func keepsItsVersion(_ opening: Opening) -> Bool {
        state.withLock { state in
            guard let entry = state.entries[opening.file] else { return false }
            return entry.isSuperseded && entry.generation != opening.generation
        }
    }

    /// The generation that follows those which the processes have that a superseded file belongs to, and how many opens they have; nil for
    /// one that is not superseded.
    func generation(ofSuperseded file: KernelInode) -> (number: UInt64, opens: Int)? {
        state.withLock { state in state.entries[file].flatMap { $0.isSuperseded ? ($0.generation, $0.outdated) : nil } }
    }

    /// Whether the file belongs to who has it open.
    func isSuperseded(_ file: KernelInode) -> Bool {
        state.withLock { $0.entries[file]?.isSuperseded ?? false }
    }

    // MARK: Writing

    /// The file is opened for writing: until its last FLUSH, the kernel makes up its size from what is written, and who opens it asks
    /// for the stored one (`isWritten`), which splice(2) and sendfile(2) go by. By a thread that may wait. Throws ESTALE where the file is
    /// superseded, or is so now.
    func beginWriting(_ file: KernelInode, for pid: Int32) throws(Errno) {
        state.withLock { $0.beginWriting(file) }
        drain([file], until: Deadline(after: Self.patience))
        replace([file], always: true)
        let isRefused = state.withLock { state in
            state.forgetExpected(pid, of: file.inode)
            guard state.entries[file]?.isSuperseded == true else { return false }
            state.endWriting(file)
            state.expect(pid, of: file.inode, until: SystemClock.monotonic() + Self.expectation)
            return true
        }
        guard isRefused else { return }
        throw .stale
    }

    func endWriting(_ file: KernelInode) {
        state.withLock { $0.endWriting(file) }
    }

    /// Whether somebody has the file open for writing.
    func isWritten(_ file: KernelInode) -> Bool {
        state.withLock { ($0.entries[file]?.writers ?? 0) > 0 }
    }

    // MARK: Changes

    /// Waits a moment for those who read these through the page, before a change of them is begun: in its transaction, for which everybody
    /// waits who changes something, there is hardly anybody left to wait for then. New opens are direct until `endPreparation`.
    func prepare(_ inodes: [Inode]) {
        guard !inodes.isEmpty else { return }
        let files = state.withLock { state in
            for inode in inodes { state.beginChange(of: inode) }
            return inodes.flatMap { state.files($0) }
        }
        drain(files, until: Deadline(after: Self.patience))
    }

    func endPreparation(_ inodes: [Inode]) {
        state.withLock { state in for inode in inodes { state.endChange(of: inode) } }
    }

    func willChange(_ inode: Inode, until deadline: Deadline) {
        let files = state.withLock { state in
            state.beginChange(of: inode)
            return state.files(inode)
        }
        drain(files, until: deadline)
        replace(files)
    }

    func didChange(_ inodes: Set<Inode>) {
        state.withLock { $0.noteChange(of: inodes) }
    }

    func didNotChange(_ inodes: Set<Inode>) {
        session.invalidate(files(of: inodes).map { .contents($0.number) })
        state.withLock { state in for inode in inodes { state.endChange(of: inode) } }
    }

    func forget(_ changes: ChangeSet, by uid: UInt32) {
        session.invalidate(invalidations(of: changes.inodes, names: changes.names), by: uid)
    }

    /// The invalidations for inodes, names and committed changes: for a caller who sends them before a change is
    /// acknowledged.
    func invalidations(of inodes: Set<Inode>, names: Set<EntryName> = []) -> [Invalidation] {
        let claimed = state.withLock { $0.claim() }
        return files(of: inodes.union(claimed?.inodes ?? [])).map { .contents($0.number) }
            + (claimed.map { [.end($0.claim)] } ?? [])
            + names.map { .entry(parent: $0.folder.number, name: $0.name) }
    }

    /// The kernel has forgotten what was claimed.
    func end(_ claim: UInt64) {
        state.withLock { $0.end(claim: claim) }
    }

    private func files(of inodes: Set<Inode>) -> [KernelInode] {
        state.withLock { state in inodes.flatMap { state.files($0) } }
    }

    /// Waits until nobody reads a page of these, or the deadline has passed.
    private func drain(_ files: [KernelInode], until deadline: Deadline) {
        while true {
            let seen = closed.change { $0 }
            let isRead = state.withLock { state in files.contains { (state.entries[$0]?.paged ?? 0) > 0 } }
            guard isRead, closed.wait(until: deadline, for: { $0 == seen ? nil : () }) != nil else { return }
        }
    }

    /// Notes that these files have another version from now on.
    ///
    /// - Parameter always: tells the kernel also of files that it should have nothing of but attributes.
    private func replace(_ files: [KernelInode], always: Bool = false) {
        let forgotten = state.withLock { state in
            var forgotten: [KernelInode] = []
            for file in files {
                var entry = state.entry(file)
                if always || entry.isOpen || entry.hasPage || entry.mayHavePages || entry.busy > 0 { forgotten.append(file) }
                entry.begin(generation: state.nextGeneration())
                state.put(entry, file)
                if entry.isSuperseded { state.supersede(file) }
            }
            return forgotten
        }
        // What the kernel learns of the size from now on must not cut off a page that somebody has spliced.
        if !forgotten.isEmpty { session.invalidate(forgotten.map { .contents($0.number) }) }
    }

    // MARK: Dropping

    /// Has the pages of a file dropped that nobody counted. Waits for nobody.
    func drop(_ file: KernelInode) {
        state.withLock { $0.drop(file) }
        work.change { $0 &+= 1 }
    }

    /// Starts the thread that drops what nobody has open any more. It ends after `stop`.
    func start() throws(Errno) {
        try DetachedThread.start { self.dropIdle() }
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        work.change { $0 &+= 1 }
    }

    private func dropIdle() {
        while true {
            let seen = work.change { $0 }
            if state.withLock({ $0.isStopping }) { return }
            if dropDue() { continue }
            let next = state.withLock { $0.idle.first?.since }
            let deadline = next.map { Deadline(after: Double(max($0 + lingering - SystemClock.monotonic(), 0)) / 1e6) }
            _ = work.wait(until: deadline) { $0 == seen ? nil : () }
        }
    }

    /// Drops the pages that it is time for; false if there are none.
    func dropDue() -> Bool {
        let due = state.withLock { $0.takeDroppable(closedBefore: SystemClock.monotonic() - lingering) }
        guard !due.isEmpty else { return false }
        session.invalidate(due.map { .contents($0.number) })
        state.withLock { $0.dropped(due) }
        return true
    }
}
