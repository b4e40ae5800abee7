// SPDX-License-Identifier: MIT

internal import FUSE
internal import Linux
internal import Secrets

/// The state of a `PageCache`: the files that are open, were open lately, or change.
struct PageTable {
    /// A file as the kernel knows it.
    struct Entry {
        /// Of the contents: each change makes another.
        var generation: UInt64
        /// The kernel has the page of this generation.
        var hasPage = false
        /// It may have pages that a direct open was read through.
        var mayHavePages = false
        /// How many are storing or dropping pages.
        var busy = 0
        /// Opens of this generation.
        var paged = 0
        var direct = 0
        /// Opens of earlier generations.
        var outdated = 0
        /// It belongs to those: nobody else finds it.
        var isSuperseded = false
        /// Opens for writing.
        var writers = 0
        /// When the last open was closed; microseconds of an arbitrary clock.
        var idleSince: Int64 = 0
        var isQueued = false

        var isOpen: Bool { paged + direct + outdated > 0 }
        /// Nobody has it open, and the kernel has something of it.
        var isIdle: Bool { paged + direct == 0 && (hasPage || mayHavePages) }
        var isNeeded: Bool { isOpen || hasPage || mayHavePages || busy > 0 || isQueued || writers > 0 }

        /// What follows is of another generation: those who have it open now keep theirs.
        mutating func begin(generation: UInt64) {
            isSuperseded = isSuperseded || paged > 0
            outdated += paged + direct
            paged = 0
            direct = 0
            hasPage = false
            mayHavePages = false
            self.generation = generation
        }
    }

    struct Idle {
        let file: KernelInode
        /// Since when, as it was known then. Microseconds.
        let since: Int64
    }

    /// The editions of an inode: 0 to `last`, of which `current` is the one that is found.
    struct Editions {
        var current: UInt8 = 0
        var last: UInt8 = 0
    }

    var entries: [KernelInode: Entry] = [:]
    /// Of inodes that have more than one.
    var editions: [Inode: Editions] = [:]
    private var lastGeneration: UInt64 = 0
    /// Changes of an inode that are not done, or that the kernel does not know of yet.
    private var changing: [Inode: Int] = [:]
    /// Files that nobody had open and that have pages, in the order in which they came here; each once.
    var idle = Queue<Idle>()
    /// The files that may be in the page cache and must not.
    private var unwanted: [KernelInode] = []
    /// Changes that are committed, and that nobody has set out to tell the kernel of.
    private var changed: [Inode: Int] = [:]
    /// Those that somebody has.
    private var claims: [UInt64: [Inode: Int]] = [:]
    private var lastClaim: UInt64 = 0
    /// Processes and threads whose open was refused with ESTALE and that are about to try again, and until when they are expected to:
    /// microseconds of the clock that is never set.
    private var expected: [Inode: (processes: Set<Int32>, until: Int64)] = [:]
    /// Inodes of which opens for reading were refused lately, whether several were, and until when that counts. Microseconds.
    private var refusals: [Inode: (isContended: Bool, until: Int64)] = [:]
    var isStopping = false

    /// The entry of a file, a new one if there is none.
    mutating func entry(_ file: KernelInode) -> Entry {
        entries[file] ?? Entry(generation: nextGeneration())
    }

    /// Keeps an entry as long as it says something.
    mutating func put(_ entry: Entry, _ file: KernelInode) {
        entries[file] = entry.isNeeded ? entry : nil
    }

    mutating func nextGeneration() -> UInt64 {
        lastGeneration += 1
        return lastGeneration
    }

    // MARK: Editions

    /// The one under which an inode is found.
    func current(_ inode: Inode) -> KernelInode {
        KernelInode(inode, edition: editions[inode]?.current ?? 0)
    }

    /// All by which the kernel may know an inode.
    func files(_ inode: Inode) -> [KernelInode] {
        guard let last = editions[inode]?.last else { return [KernelInode(inode)] }
        return (0...last).map { KernelInode(inode, edition: $0) }
    }

    /// Leaves a file to those who have it open: the inode is found under another from now on. With hundreds held open at once there is
    /// none left; then it stays the one that is found.
    mutating func supersede(_ file: KernelInode) {
        var editions = editions[file.inode] ?? Editions()
        guard editions.current == file.edition else { return }
        // The lowest: what changes is told of all editions up to the last.
        for edition in 0...UInt8.max where edition != file.edition {
            guard entries[KernelInode(file.inode, edition: edition)] == nil else { continue }
            editions.current = edition
            editions.last = max(editions.last, edition)
            self.editions[file.inode] = editions
            return
        }
        entries[file]?.isSuperseded = false
    }

    // MARK: Changes

    /// Whether something is written or changed: then opens go past the page cache.
    func changes(_ file: KernelInode) -> Bool {
        changing[file.inode] != nil || (entries[file]?.writers ?? 0) > 0
    }

    mutating func beginWriting(_ file: KernelInode) {
        var entry = entry(file)
        entry.writers += 1
        entries[file] = entry
    }

    mutating func endWriting(_ file: KernelInode) {
        guard var entry = entries[file] else { return }
        entry.writers -= 1
        put(entry, file)
    }

    /// Notes that an open for reading was refused. Where several are in a short time, each new edition is contended for: then nobody keeps
    /// one until that has passed, since others may be on their way to it.
    mutating func noteRefusal(of inode: Inode, until: Int64) {
        let now = SystemClock.monotonic()
        if refusals.count >= 1024 { refusals = refusals.filter { $0.value.until > now } }
        guard refusals.count < 1024 else { return }
        let isContended = refusals[inode].map { $0.until > now } ?? false
        refusals[inode] = (isContended, until)
    }

    /// Whether several opens of an inode were refused lately.
    mutating func isContended(_ inode: Inode) -> Bool {
        guard !refusals.isEmpty, let found = refusals[inode] else { return false }
        if found.until > SystemClock.monotonic() { return found.isContended }
        refusals[inode] = nil
        return false
    }

    /// Whether an open of an inode was refused, and has not come again.
    mutating func expects(of inode: Inode) -> Bool {
        guard !expected.isEmpty, let found = expected[inode] else { return false }
        if found.until > SystemClock.monotonic() { return true }
        expected[inode] = nil
        return false
    }

    mutating func expect(_ pid: Int32, of inode: Inode, until: Int64) {
        // Those that never came again. One that has no place here may be told ESTALE twice, and is no worse off than that.
        if expected.count >= 1024 { expected = expected.filter { $0.value.until > SystemClock.monotonic() } }
        guard expected.count < 1024, (expected[inode]?.processes.count ?? 0) < 64 else { return }
        expected[inode, default: ([], 0)].processes.insert(pid)
        let before = expected[inode]?.until ?? 0
        expected[inode]?.until = max(until, before)
    }

    mutating func forgetExpected(_ pid: Int32, of inode: Inode) {
        guard expected[inode]?.processes.remove(pid) != nil, expected[inode]?.processes.isEmpty == true else { return }
        expected[inode] = nil
    }

    mutating func beginChange(of inode: Inode) {
        changing[inode, default: 0] += 1
    }

    mutating func endChange(of inode: Inode, count: Int = 1) {
        let left = (changing[inode] ?? 0) - count
        changing[inode] = left > 0 ? left : nil
    }

    mutating func noteChange(of inodes: Set<Inode>) {
        for inode in inodes { changed[inode, default: 0] += 1 }
    }

    /// The inodes of changes that are committed, and what stands for them until `end`.
    mutating func claim() -> (inodes: [Inode], claim: UInt64)? {
        guard !changed.isEmpty else { return nil }
        lastClaim += 1
        claims[lastClaim] = changed
        defer { changed = [:] }
        return (Array(changed.keys), lastClaim)
    }

    mutating func end(claim: UInt64) {
        for (inode, count) in claims.removeValue(forKey: claim) ?? [:] { endChange(of: inode, count: count) }
    }

    // MARK: Dropping

    /// Has pages dropped although nobody changed anything.
    mutating func drop(_ file: KernelInode) {
        var entry = entry(file)
        entry.busy += 1
        entries[file] = entry
        unwanted.append(file)
    }

    /// Takes what must be dropped now: what is unwanted, and what was closed before an instant and is not open again.
    mutating func takeDroppable(closedBefore instant: Int64) -> [KernelInode] {
        defer { unwanted = [] }
        return unwanted + takeIdle(closedBefore: instant)
    }

    private mutating func takeIdle(closedBefore instant: Int64) -> [KernelInode] {
        var files: [KernelInode] = []
        while let first = idle.first, first.since <= instant {
            idle.removeFirst()
            guard var entry = entries[first.file] else { continue }
            if entry.isIdle, entry.idleSince > instant || entry.busy > 0 {
                // It was opened and closed again in the meantime, or is being dropped for another reason.
                idle.append(Idle(file: first.file, since: max(entry.idleSince, instant + 1)))
                continue
            }
            entry.isQueued = false
            if entry.isIdle {
                entry.hasPage = false
                entry.mayHavePages = false
                entry.busy += 1
                files.append(first.file)
            }
            put(entry, first.file)
        }
        return files
    }

    /// They have been dropped.
    mutating func dropped(_ files: [KernelInode]) {
        for file in files {
            guard var entry = entries[file] else { continue }
            entry.busy -= 1
            put(entry, file)
        }
    }
}
