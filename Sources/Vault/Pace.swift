internal import Linux
internal import Synchronization

/// How fast each user may have lines written to the audit log: so many a second, and five times as many at once. Lines are never refused:
/// who is ahead of that is *late*, and the requests of theirs that come next wait until they are not.
final class Pace: Sendable {
    /// Microseconds that a line stands for.
    private let interval: Int64
    /// Microseconds that a user may be ahead.
    private let burst: Int64
    /// Until when the lines of a user have used up what they may have; microseconds of the clock that is never set.
    private let used = Guarded<[UInt32: Int64]>([:])
    /// Whether anybody may be late: most of the time nobody is.
    private let isSomebodyLate = Atomic<Bool>(false)

    /// - Parameter rate: lines a second.
    init(rate: Int) {
        interval = max(1_000_000 / Int64(max(rate, 1)), 1)
        burst = 5_000_000
    }

    /// A line was written for a user.
    func note(_ uid: UInt32) {
        let now = Clock.monotonic()
        let isLate = used.withLock { used in
            if used.count >= 1024, used[uid] == nil { used = used.filter { $0.value > now } }
            let until = max(used[uid] ?? now, now) + interval
            used[uid] = until
            return until - now > burst
        }
        if isLate { isSomebodyLate.store(true, ordering: .relaxed) }
    }

    /// How many users are remembered.
    var count: Int { used.withLock { $0.count } }

    /// For how long the next request of a user is to wait. Microseconds.
    func delay(of uid: UInt32) -> Int64 {
        guard isSomebodyLate.load(ordering: .relaxed) else { return 0 }
        let now = Clock.monotonic()
        return used.withLock { used in
            let delay = max((used[uid] ?? now) - now - burst, 0)
            if delay == 0, !used.values.contains(where: { $0 - now > burst }) { isSomebodyLate.store(false, ordering: .relaxed) }
            return delay
        }
    }
}

extension Vault {
    /// For how long the next request of a user is to wait, since more lines of the audit log were written for them than a user may have.
    /// Microseconds; 0 for most.
    package func delay(of uid: UInt32) -> Int64 { pace?.delay(of: uid) ?? 0 }
}
