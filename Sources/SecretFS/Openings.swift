// SPDX-License-Identifier: MIT

internal import FUSE
internal import Linux
internal import Vault

/// How each open gets its bytes: what makes a secret cost one round trip, and every open show one whole version.
///
/// An open for reading is *passed* where that can be: the kernel reads a file in memory that holds the version (`Backing`), and asks
/// nothing until the release. Every other open is *direct*: it asks for all, and is served from a snapshot of its own (`DirectReading`).
///
/// 1. A file has one inode, whatever becomes of its value, and an inode one backing at a time. While somebody has one open that holds an
///    older version, every other open gets the current version direct, *bound* to that backing. Opens that are bound keep it too: where
///    no others are left, an open for reading waits a moment for them to be closed (`Patience`), on a thread that may wait, and few such
///    opens at once. Else the kernel would map the older version for as long as one open begins before another ends, and never read the
///    current one by itself.
/// 2. A backing is begun with only while every open that has none is known to have come through (`Backing`, rule 3), and none is for
///    reading and writing. Where one is being made, others wait for that: it is memory that is written, and waits for nobody.
/// 3. Who opens for reading and writing beside a backing could change it through a mapping: from then on nobody reads it who does not do so
///    already.
/// 4. Where the kernel has no passthrough, or is not to use it, all opens are direct.
/// 5. When nobody has had a file open for a while its backing is closed, and its pages are dropped, which splice(2) and mmap(2) fill for a
///    direct open. What was replaced is closed with its last open.
final class Openings: Sendable {
    private let session: Session
    /// Microseconds.
    private let lingering: Int64
    /// Most bytes of a value that is passed.
    private let largest: Int
    private let state: Guarded<OpeningTable>
    private let outlived: SharedCount
    /// Counts what opens wait for: backings that were made, or that nobody has any more.
    private let settlements = Monitor<UInt64>(0)
    /// Counts what the dropper does.
    private let work = Monitor<UInt64>(0)

    /// - Parameters:
    ///   - lingering: for how long after its last close what is kept of a file stays, in milliseconds.
    ///   - largest: most bytes of a value that is passed.
    init(_ session: Session, lingering: Int, largest: Int) {
        self.session = session
        self.lingering = Int64(clamping: lingering) * 1000
        self.largest = largest
        let table = OpeningTable()
        outlived = table.outlived
        state = Guarded(table)
    }

    // MARK: Opening

    /// The number of the last change, to be asked for before a value is looked at that is to be opened.
    var lastChange: UInt64 { state.withLock { $0.lastChange } }

    /// Opens what is passed already.
    ///
    /// - Parameter change: what `lastChange` was.
    /// - Returns: nil if there is no backing with this value that more may read.
    func join(_ number: UInt64, _ identity: ValueIdentity, since change: UInt64) -> Opening? {
        settled(number) { entry in
            guard let kept = entry.kept, kept.identity == identity, !entry.isSpent, entry.bound > 0 || entry.mayBegin else { return nil }
            return Self.pass(kept.backing, number, change, &entry)
        }
    }

    /// Opens a value that was decrypted.
    ///
    /// - Parameter mayWait: whether the calling thread may wait for others to close the file.
    func open(_ number: UInt64, _ snapshot: Snapshot, since change: UInt64, mayWait: Bool) -> Opening {
        let isPassable = snapshot.identity != nil && snapshot.length <= largest && session.passes
        let opening = settled(number, patiently: isPassable && mayWait) { entry -> Opening? in
            if let kept = entry.kept, kept.identity == snapshot.identity, !entry.isSpent, entry.bound > 0 || entry.mayBegin {
                return Self.pass(kept.backing, number, change, &entry)
            }
            // What was replaced since it was looked at is for nobody else.
            if isPassable, entry.mayBegin, entry.changed <= change {
                entry.isMaking = true
                return nil
            }
            return Self.direct(number, change, &entry, tracking: self.session.passes)
        }
        return opening ?? make(number, snapshot, change)
    }

    private func make(_ number: UInt64, _ snapshot: Snapshot, _ change: UInt64) -> Opening {
        let backing = try? snapshot.withBytes { bytes throws(Errno) in try session.back(bytes) }
        let (opening, former) = state.withLock { table in
            table.update(number) { entry in
                let former = entry.kept
                entry.isMaking = false
                guard let backing, let identity = snapshot.identity else {
                    return (Self.direct(number, change, &entry, tracking: true), former)
                }
                entry.kept = OpeningTable.Kept(identity: identity, backing: backing)
                entry.isSpent = entry.changed > change
                return (Self.pass(backing, number, change, &entry), former)
            }
        }
        settlements.change { $0 &+= 1 }
        withExtendedLifetime(former) {}
        return opening
    }

    /// Whether an open of the file for reading may have to wait for others to close it.
    func mayWait(opening number: UInt64) -> Bool {
        guard outlived.value > 0 else { return false }
        let now = SystemClock.monotonic()
        return state.withLock { table in table.entries[number].map { $0.isOutlived && $0.patience.mayWait(at: now) } ?? false }
    }

    /// Opens for writing: always direct.
    ///
    /// - Parameter reads: for reading too.
    func openForWriting(_ number: UInt64, reads: Bool) -> Opening {
        let (opening, former) =
            settled(number) { entry -> (Opening, OpeningTable.Kept?)? in
                var former: OpeningTable.Kept?
                if reads, entry.bound == 0 {
                    former = entry.kept
                    entry.kept = nil
                }
                return (Self.direct(number, 0, &entry, writing: reads ? .pair : .only, tracking: self.session.passes), former)
            } ?? (Opening(number, nil, .direct, 0), nil)
        withExtendedLifetime(former) {}
        return opening
    }

    private enum Step<Result> {
        case done(Result?)
        /// Look again when something has settled, or at an instant of the clock that is never set, in microseconds.
        case wait(until: Int64?)
    }

    /// Runs `body` on the entry of a file when nobody is making a backing of it.
    ///
    /// - Parameter patiently: when nobody keeps a backing either that has outlived its use, but until a moment is over that is not begun
    ///   again, whatever others do meanwhile.
    private func settled<Result>(
        _ number: UInt64, patiently: Bool = false, _ body: (inout OpeningTable.Entry) -> Result?
    ) -> Result? {
        var seen: UInt64?
        var end: Int64?
        while true {
            let step: Step<Result> = state.withLock { table in
                let mayWait = patiently && (end != nil || table.patient < Patience.mostWaiting)
                let step: Step<Result> = table.update(number) { entry in
                    if entry.isMaking { return .wait(until: nil) }
                    if mayWait, entry.isOutlived {
                        let now = SystemClock.monotonic()
                        if let deadline = end ?? entry.patience.deadline(at: now), now < deadline { return .wait(until: deadline) }
                    }
                    return .done(body(&entry))
                }
                switch step {
                case .wait(until: let deadline?) where end == nil:
                    table.patient += 1
                    end = deadline
                case .done where end != nil: table.patient -= 1
                case .wait, .done: break
                }
                return step
            }
            switch step {
            case .done(let result): return result
            case .wait(let instant):
                // Looked at once more, so that nothing is missed that has settled meanwhile.
                guard let known = seen else {
                    seen = settlements.wait(quietly: true) { $0 }
                    continue
                }
                let deadline = instant.map { Deadline(after: Double(max($0 - SystemClock.monotonic(), 0)) / 1e6) }
                _ = settlements.wait(until: deadline, quietly: true) { $0 == known ? nil : () }
                seen = nil
            }
        }
    }

    private static func pass(_ backing: Backing, _ number: UInt64, _ change: UInt64, _ entry: inout OpeningTable.Entry) -> Opening {
        entry.bound += 1
        entry.passed += 1
        count(change, &entry, by: 1)
        return Opening(number, backing, .passed, change)
    }

    private static func direct(
        _ number: UInt64, _ change: UInt64, _ entry: inout OpeningTable.Entry, writing: Opening.Writing = .no, tracking: Bool
    ) -> Opening {
        if writing == .no { count(change, &entry, by: 1) } else { entry.writers += 1 }
        if let kept = entry.kept, entry.bound > 0 || writing == .only && entry.mayBegin && !entry.isSpent {
            entry.bound += 1
            if writing == .pair { entry.isSpent = true }
            return Opening(number, kept.backing, .direct, change, writing)
        }
        if writing == .pair { entry.unboundPairs += 1 }
        if tracking { entry.onTheWay += 1 }
        return Opening(number, nil, .direct, change, writing, isOnTheWay: tracking)
    }

    private static func count(_ change: UInt64, _ entry: inout OpeningTable.Entry, by difference: Int) {
        if entry.changed > change { entry.outdated += difference } else { entry.readers += difference }
    }

    /// A request came by the handle of an open.
    func noteArrival(_ opening: Opening) {
        guard opening.arrives() else { return }
        state.withLock { $0.update(opening.number) { $0.onTheWay -= 1 } }
    }

    /// The open has ended, or failed.
    func close(_ opening: Opening) {
        let now = SystemClock.monotonic()
        let isOnTheWay = opening.arrives()
        let (hasWork, isAwaited, former) = state.withLock { table -> (Bool, Bool, OpeningTable.Kept?) in
            let (isToQueue, isAwaited, former) = table.update(opening.number) { entry -> (Bool, Bool, OpeningTable.Kept?) in
                if isOnTheWay { entry.onTheWay -= 1 }
                var former: OpeningTable.Kept?
                var isAwaited = false
                if opening.backing != nil {
                    entry.bound -= 1
                    if opening.way == .passed { entry.passed -= 1 }
                    if entry.bound == 0, entry.isSpent {
                        former = entry.kept
                        entry.kept = nil
                        isAwaited = entry.patience.end(at: now)
                    }
                }
                switch opening.writing {
                case .no: Self.count(opening.change, &entry, by: -1)
                case .only: entry.writers -= 1
                case .pair:
                    entry.writers -= 1
                    if opening.backing == nil { entry.unboundPairs -= 1 }
                }
                guard !entry.isOpen, entry.leavesSomething else { return (false, isAwaited, former) }
                entry.idleSince = now
                defer { entry.isQueued = true }
                return (!entry.isQueued, isAwaited, former)
            }
            return (isToQueue && table.queue(opening.number, since: now), isAwaited, former)
        }
        withExtendedLifetime(former) {}
        if isAwaited { settlements.change { $0 &+= 1 } }
        if hasWork { work.change { $0 &+= 1 } }
    }

    // MARK: Attributes and pages

    /// Whether all who have a file open see the same size.
    func isSettled(_ number: UInt64) -> Bool {
        state.withLock { table in table.entries[number].map { $0.outdated == 0 && $0.writers == 0 } ?? true }
    }

    /// The kernel fills a page of a file that is open.
    func notePage(_ number: UInt64) {
        state.withLock { table in
            guard table.entries[number]?.mayHavePages == false else { return }
            table.update(number) { $0.mayHavePages = true }
        }
    }

    /// Files have other contents, or attributes, from now on.
    func noteChange(of numbers: some Sequence<UInt64>) {
        let dropped = state.withLock { $0.change(numbers) }
        withExtendedLifetime(dropped) {}
    }

    /// Closes the backings that nobody has open.
    func drop() {
        let dropped = state.withLock { $0.takeUnbound() }
        withExtendedLifetime(dropped) {}
    }

    // MARK: Dropping

    /// Starts the thread that drops what nobody has open any more. It ends after `stop`.
    func start() throws(Errno) {
        try DetachedThread.start { self.dropIdle() }
    }

    func stop() {
        let entries = state.withLock { table in
            table.isStopping = true
            defer { table.entries = [:] }
            return table.entries
        }
        withExtendedLifetime(entries) {}
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

    /// Drops what it is time for; false if there is nothing.
    func dropDue() -> Bool {
        let due = state.withLock { $0.takeIdle(closedBefore: SystemClock.monotonic() - lingering) }
        guard !due.backings.isEmpty || !due.paged.isEmpty else { return false }
        if !due.paged.isEmpty { session.invalidate(due.paged.map { .contents($0) }) }
        return true
    }
}
