internal import FUSE
internal import Linux
internal import Secrets
internal import Vault

/// Which values the kernel has in its page cache, and who has them open: what makes a secret cost one round trip.
///
/// The value of at most a page travels with the OPEN: it is stored in the page cache before the answer, so that no READ follows.
/// Rules that make this show every open one whole version:
///
/// 1. The kernel has one page and one size of an inode, whoever has it open. So all opens that read through the page (*paged*)
///    are of one version, the current one. Every other open is *direct*: a snapshot of its own, past the page.
/// 2. A value is stored only for the first open: while another is there, a READ could be in progress that holds the page locked for
///    which a worker would wait. Pages are dropped, never changed: what was given to splice(2) or sendfile(2) refers to them.
/// 3. OPEN waits for nobody. While a value is being stored, dropped or changed, who opens it gets it direct.
/// 4. A change waits, in its transaction, until no paged open is left, but only for a moment (`ContentChange`); new ones are direct
///    meanwhile. Then it drops the page, and commits. What the kernel knew of the inode is invalidated before the change is acknowledged, and
///    until then all opens are direct: an open never finds one version's bytes under another's size.
/// 5. A paged open that outlasts that moment keeps its version (*outdated*): asked through its descriptor, size and bytes are those it opened. The
///    kernel must ask for both each time, and others open direct until it is closed.
/// 6. When nobody has had the file open for a while, the page is dropped.
///
/// Of rule 5 one thing is left: the kernel has but one size of an inode. A reader that is outdated, and reads at the very moment
/// (microseconds) at which somebody else asks for the size, may read as many bytes as the other version has.
final class PageCache: ContentObserver {
    /// Most bytes of a value that travels with the OPEN: the smallest page of any machine.
    static let largest = 4096

    /// One open of a file, until its release.
    struct Opening: Sendable {
        let inode: Inode
        let generation: UInt64
        /// How the value gets to the reader.
        var way: Way
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

    // MARK: Opening and closing

    /// To be called before the value is read from the vault: from then on a change waits for this open, if it is paged.
    func enter(_ inode: Inode) -> Opening {
        state.withLock { state in
            var entry = state.entry(inode)
            defer { state.entries[inode] = entry }
            let isSettled = entry.changes == 0 && entry.outdated == 0 && entry.busy == 0
            if isSettled, entry.hasPage {
                entry.paged += 1
                return Opening(inode: inode, generation: entry.generation, way: .paged)
            }
            if isSettled, !entry.isOpen {
                entry.busy += 1
                entry.paged += 1
                return Opening(inode: inode, generation: entry.generation, way: .storing)
            }
            entry.direct += 1
            return Opening(inode: inode, generation: entry.generation, way: .direct)
        }
    }

    /// Settles how an open is answered, when its value has been read.
    ///
    /// - Parameter stores: what puts the value into the page cache, for the first open of one that fits.
    func settle(_ opening: inout Opening, storing store: (() throws(Errno) -> Void)?) {
        var isStored = false
        if opening.way == .storing, let store { isStored = (try? store()) != nil }
        let inode = opening.inode
        let generation = opening.generation
        let way = opening.way
        opening.way = state.withLock { state in
            var entry = state.entry(inode)
            defer { state.put(entry, inode) }
            if way == .storing { entry.busy -= 1 }
            // A change did not wait any longer.
            guard entry.generation == generation else { return .direct }
            switch way {
            case .direct: return .direct
            case .paged: return .paged
            case .storing where isStored:
                entry.hasPage = true
                return .paged
            case .storing:
                entry.paged -= 1
                entry.direct += 1
                return .direct
            }
        }
        if way == .storing, opening.way == .direct { closed.change { $0 &+= 1 } }
    }

    /// The open has ended, or failed.
    func leave(_ opening: Opening) {
        var isAwaited = false
        let hasWork = state.withLock { state in
            var entry = state.entry(opening.inode)
            defer { state.put(entry, opening.inode) }
            if opening.way == .storing { entry.busy -= 1 }
            guard entry.generation == opening.generation else {
                entry.outdated -= 1
                guard entry.outdated == 0 else { return false }
                // It may have read its version into the page cache.
                entry.busy += 1
                state.unwanted.append(opening.inode)
                return true
            }
            switch opening.way {
            case .direct: entry.direct -= 1
            case .paged, .storing: entry.paged -= 1
            }
            isAwaited = entry.changes > 0
            guard entry.paged == 0, entry.hasPage else { return false }
            entry.idleSince = Self.now()
            guard !entry.isQueued else { return false }
            entry.isQueued = true
            state.idle.append(PageTable.Idle(inode: opening.inode, since: entry.idleSince))
            return state.idle.count == 1
        }
        if isAwaited { closed.change { $0 &+= 1 } }
        if hasWork { work.change { $0 &+= 1 } }
    }

    /// Whether the open shows an older version than the current one.
    func isOutdated(_ opening: Opening) -> Bool {
        state.withLock { state in state.entries[opening.inode].map { $0.generation != opening.generation } ?? false }
    }

    /// Whether the kernel must ask each time for what it usually keeps of an inode.
    func isContended(_ inode: Inode) -> Bool {
        state.withLock { state in state.entries[inode].map { $0.outdated > 0 } ?? false }
    }

    // MARK: Changes

    func willChange(_ inode: Inode, until deadline: Deadline) {
        state.withLock { state in
            var entry = state.entry(inode)
            entry.changes += 1
            state.entries[inode] = entry
        }
        while true {
            let seen = closed.change { $0 }
            if state.withLock({ state in state.entries[inode].map { $0.paged == 0 } ?? true }) { break }
            if closed.wait(until: deadline, for: { $0 == seen ? nil : () }) == nil { break }
        }
        let mayHavePage = state.withLock { state in
            var entry = state.entry(inode)
            let mayHavePage = entry.hasPage || entry.busy > 0 || entry.paged + entry.outdated > 0
            entry.outdated += entry.paged + entry.direct
            entry.paged = 0
            entry.direct = 0
            entry.hasPage = false
            state.lastGeneration += 1
            entry.generation = state.lastGeneration
            state.entries[inode] = entry
            return mayHavePage
        }
        // What the kernel learns of the size from now on must not cut off a page that somebody has spliced.
        if mayHavePage { session.invalidate([.contents(inode.number)]) }
    }

    func didChange(_ inodes: Set<Inode>) {
        state.withLock { state in for inode in inodes { state.changed[inode, default: 0] += 1 } }
    }

    func didNotChange(_ inodes: Set<Inode>) {
        session.invalidate(inodes.map { .contents($0.number) })
        state.withLock { state in for inode in inodes { state.end(1, of: inode) } }
    }

    /// What the kernel must forget of changes that are committed: for who will see to it before a change is acknowledged.
    func claim() -> [Invalidation] {
        state.withLock { state in
            guard !state.changed.isEmpty else { return [] }
            let inodes = state.changed
            state.changed = [:]
            state.lastClaim += 1
            state.claims[state.lastClaim] = inodes
            return inodes.keys.map { .contents($0.number) } + [.end(state.lastClaim)]
        }
    }

    /// The kernel has forgotten what was claimed.
    func end(_ claim: UInt64) {
        state.withLock { state in
            for (inode, count) in state.claims.removeValue(forKey: claim) ?? [:] { state.end(count, of: inode) }
        }
    }

    // MARK: Dropping

    /// Starts the thread that drops what nobody has open any more. It ends after `stop`.
    func start() throws(Errno) {
        try Thread.start { self.dropIdle() }
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        work.change { $0 &+= 1 }
    }

    private func dropIdle() {
        while true {
            let seen = work.change { $0 }
            let now = Self.now()
            let (inodes, next, isStopping) = state.withLock { state in
                let inodes = state.takeUnwanted() + state.takeIdle(closedBefore: now - lingering)
                return (inodes, state.idle.first?.since, state.isStopping)
            }
            if isStopping { return }
            if !inodes.isEmpty {
                session.invalidate(inodes.map { .contents($0.number) })
                state.withLock { state in
                    for inode in inodes {
                        guard var entry = state.entries[inode] else { continue }
                        entry.busy -= 1
                        state.put(entry, inode)
                    }
                }
                continue
            }
            let deadline = next.map { Deadline(after: Double(max($0 + lingering - now, 0)) / 1e6) }
            _ = work.wait(until: deadline) { $0 == seen ? nil : () }
        }
    }

    private static func now() -> Int64 { Clock.monotonic() }
}
