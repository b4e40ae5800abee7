// SPDX-License-Identifier: MIT

internal import FUSE
internal import Linux
internal import Vault

/// The state of `Openings`: the files that are open, or were lately, by the numbers by which the kernel knows them.
struct OpeningTable {
    /// A backing with the value that it holds.
    struct Kept {
        let identity: ValueIdentity
        let backing: Backing
    }

    struct Entry {
        /// The backing that the kernel has while `bound` is above 0, and that is kept for a while after.
        var kept: Kept?
        /// How many opens were answered with it, and for how many of them the kernel reads it.
        var bound = 0
        var passed = 0
        /// Nobody is to read it any more who does not: its value was replaced, or somebody may change it through a mapping.
        var isSpent = false
        /// Opens that were answered without a backing, and whose threads may not have come to know it (`Backing`, rule 3).
        var onTheWay = 0
        /// Somebody makes a backing.
        var isMaking = false
        /// How long opens wait for those that are bound to what nobody reads any more.
        var patience = Patience()
        /// Opens for reading: of what is current, and from before the last change.
        var readers = 0
        var outdated = 0
        /// The number of the last change.
        var changed: UInt64 = 0
        /// Opens for writing, and those of them for reading too that are not bound.
        var writers = 0
        var unboundPairs = 0
        /// The kernel may have pages of it that somebody has mapped or spliced.
        var mayHavePages = false
        /// When the last open was closed: microseconds of the clock that is never set.
        var idleSince: Int64 = 0
        var isQueued = false

        var isOpen: Bool { readers + outdated + writers > 0 }
        /// Whether something of it is to be dropped when nobody has had it open for a while.
        var leavesSomething: Bool { kept != nil || mayHavePages }
        var isNeeded: Bool { isOpen || leavesSomething || isMaking || isQueued }
        /// Whether a backing may be answered with that the kernel does not have yet.
        var mayBegin: Bool { bound == 0 && onTheWay == 0 && unboundPairs == 0 }
        /// Whether the kernel keeps a backing that nobody reads and nobody is to, for opens that are bound to it.
        var isOutlived: Bool { bound > 0 && passed == 0 && isSpent }
    }

    struct Idle {
        let number: UInt64
        /// Since when, as it was known then. Microseconds.
        let since: Int64
    }

    var entries: [UInt64: Entry] = [:]
    /// How many of them have outlived their use, to be looked at without the lock.
    let outlived = SharedCount()
    /// How many opens wait for others to close a file (`Patience`).
    var patient = 0
    /// The number of the last change of anything.
    private(set) var lastChange: UInt64 = 0
    /// Files that nobody had open and of which something is kept, in the order in which they came here; each once.
    private(set) var idle = Queue<Idle>()
    var isStopping = false

    /// Changes the entry of a file, a new one if there is none, and keeps it as long as it says something.
    mutating func update<Result>(_ number: UInt64, _ body: (inout Entry) -> Result) -> Result {
        // A change that was made since an open began may have been of this file.
        var entry = entries.removeValue(forKey: number) ?? Entry(changed: lastChange)
        let wasOutlived = entry.isOutlived
        defer {
            if entry.isOutlived != wasOutlived { outlived.add(wasOutlived ? -1 : 1) }
            if entry.isNeeded { entries[number] = entry }
        }
        return body(&entry)
    }

    /// Files have other contents, or attributes, from now on.
    ///
    /// - Returns: backings that nobody has any more, to be let go of without the lock.
    mutating func change(_ numbers: some Sequence<UInt64>) -> [Kept] {
        lastChange += 1
        var dropped: [Kept] = []
        for number in numbers where entries[number] != nil {
            let change = lastChange
            update(number) { entry in
                entry.outdated += entry.readers
                entry.readers = 0
                entry.changed = change
                entry.isSpent = true
                if entry.bound == 0, let kept = entry.kept {
                    dropped.append(kept)
                    entry.kept = nil
                }
            }
        }
        return dropped
    }

    /// Has a file looked at when it was idle for long enough.
    ///
    /// - Returns: whether the one who looks has to be told.
    mutating func queue(_ number: UInt64, since: Int64) -> Bool {
        idle.append(Idle(number: number, since: since))
        return idle.count == 1
    }

    /// Lets go of what is kept of files that nobody has had open since an instant.
    ///
    /// - Returns: their backings, and the numbers of those that may have pages.
    mutating func takeIdle(closedBefore instant: Int64) -> (backings: [Kept], paged: [UInt64]) {
        var taken: (backings: [Kept], paged: [UInt64]) = ([], [])
        while let first = idle.first, first.since <= instant {
            idle.removeFirst()
            let again = update(first.number) { entry -> Int64? in
                entry.isQueued = false
                guard !entry.isOpen, !entry.isMaking, entry.leavesSomething else { return nil }
                // It was opened and closed again in the meantime.
                if entry.idleSince > instant {
                    entry.isQueued = true
                    return entry.idleSince
                }
                if let kept = entry.kept { taken.backings.append(kept) }
                if entry.mayHavePages { taken.paged.append(first.number) }
                entry.kept = nil
                entry.mayHavePages = false
                return nil
            }
            if let again { idle.append(Idle(number: first.number, since: again)) }
        }
        return taken
    }

    /// Lets go of all backings that nobody has.
    mutating func takeUnbound() -> [Kept] {
        var taken: [Kept] = []
        for number in Array(entries.keys) {
            update(number) { entry in
                guard entry.bound == 0, let kept = entry.kept else { return }
                taken.append(kept)
                entry.kept = nil
            }
        }
        return taken
    }
}
