internal import Secrets

/// What is known of the inodes that somebody has, or lately had, open, or that change: the state of a `PageCache`.
struct PageTable {
    /// An inode that somebody has, or lately had, open, or that changes.
    struct Entry {
        /// Of the contents: each change makes another.
        var generation: UInt64
        /// The kernel has the page of this generation.
        var hasPage = false
        /// How many are storing or dropping it.
        var busy = 0
        /// Opens of this generation.
        var paged = 0
        var direct = 0
        /// Opens of earlier generations.
        var outdated = 0
        /// Changes that the kernel does not know of yet, or that are not done.
        var changes = 0
        /// When the last paged open was closed; microseconds of an arbitrary clock.
        var idleSince: Int64 = 0
        var isQueued = false

        var isOpen: Bool { paged + direct + outdated > 0 }
        var isNeeded: Bool { isOpen || hasPage || busy > 0 || isQueued || changes > 0 }
    }

    struct Idle {
        let inode: Inode
        /// Since when, as it was known then.
        let since: Int64
    }

    var entries: [Inode: Entry] = [:]
    var lastGeneration: UInt64 = 0
    /// Pages that nobody had open, in the order in which they came here; each once.
    var idle = Queue<Idle>()
    /// What may be in the page cache and must not.
    var unwanted: [Inode] = []
    /// Changes that are committed, and that nobody has set out to tell the kernel of.
    var changed: [Inode: Int] = [:]
    /// Those that somebody has.
    var claims: [UInt64: [Inode: Int]] = [:]
    var lastClaim: UInt64 = 0
    var isStopping = false

    /// The entry of an inode, a new one if there is none.
    mutating func entry(_ inode: Inode) -> Entry {
        if let entry = entries[inode] { return entry }
        lastGeneration += 1
        return Entry(generation: lastGeneration)
    }

    /// Keeps an entry as long as it says something.
    mutating func put(_ entry: Entry, _ inode: Inode) {
        entries[inode] = entry.isNeeded ? entry : nil
    }

    mutating func end(_ count: Int, of inode: Inode) {
        guard var entry = entries[inode] else { return }
        entry.changes -= count
        put(entry, inode)
    }

    mutating func takeUnwanted() -> [Inode] {
        defer { unwanted = [] }
        return unwanted
    }

    /// Takes pages that were closed before an instant and are not open again, and marks them as being dropped.
    mutating func takeIdle(closedBefore instant: Int64) -> [Inode] {
        var inodes: [Inode] = []
        while let first = idle.first, first.since <= instant {
            idle.removeFirst()
            guard var entry = entries[first.inode] else { continue }
            let isIdle = entry.paged == 0 && entry.hasPage && entry.busy == 0
            if isIdle, entry.idleSince > instant {
                // It was opened and closed again in the meantime.
                idle.append(Idle(inode: first.inode, since: entry.idleSince))
                continue
            }
            entry.isQueued = false
            if isIdle {
                entry.hasPage = false
                entry.busy += 1
                inodes.append(first.inode)
            }
            put(entry, first.inode)
        }
        return inodes
    }
}

/// First in, first out.
struct Queue<Element> {
    private var elements: [Element] = []
    private var start = 0

    var count: Int { elements.count - start }
    var first: Element? { count > 0 ? elements[start] : nil }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func removeFirst() {
        guard count > 0 else { return }
        start += 1
        guard start >= 64, start * 2 >= elements.count else { return }
        elements.removeFirst(start)
        start = 0
    }
}
