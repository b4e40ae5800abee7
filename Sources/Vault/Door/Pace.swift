// SPDX-License-Identifier: MIT

internal import Linux
internal import Synchronization

/// The pace at which a user may cause lines in the audit log: so many a second, and five times as many at once. Lines are never refused:
/// a user who is ahead of it is *late*, and their next requests wait until they are not.
final class Pace: Sendable {
    /// Microseconds that a line stands for.
    private let interval: Int64
    /// Microseconds that a user may be ahead.
    private let burst: Int64
    /// The time until which each user's lines have used up their share; microseconds of the clock that is never set.
    private let used = Guarded<[UInt32: Int64]>([:])
    private static let markCount = 4096
    /// Marks of users who may be late, by the lower bits of their uids: one look tells that a user is not. Set with the lock of `used`.
    private let marks = InlineArray<4096, Atomic<Bool>> { _ in Atomic(false) }
    private let clock: @Sendable () -> Int64

    /// - Parameters:
    ///   - rate: lines a second.
    ///   - clock: microseconds of the clock that is never set.
    init(rate: Int, clock: @escaping @Sendable () -> Int64 = { SystemClock.monotonic() }) {
        self.clock = clock
        interval = max(1_000_000 / Int64(max(rate, 1)), 1)
        burst = 5_000_000
    }

    /// Notes that a line was written for a user.
    func note(_ uid: UInt32) {
        let now = clock()
        used.withLock { used in
            if used.count >= 1024, used[uid] == nil { used = used.filter { $0.value > now } }
            let until = max(used[uid] ?? now, now) + interval
            used[uid] = until
            if until - now > burst { marks[Self.mark(uid)].store(true, ordering: .relaxed) }
        }
    }

    /// How many users are remembered.
    var count: Int { used.withLock { $0.count } }

    /// The delay of a user's next request, in microseconds.
    func delay(of uid: UInt32) -> Int64 {
        let mark = Self.mark(uid)
        guard marks[mark].load(ordering: .relaxed) else { return 0 }
        let now = clock()
        return used.withLock { used in
            let delay = max((used[uid] ?? now) - now - burst, 0)
            let isMarked = delay > 0 || used.contains { Self.mark($0.key) == mark && $0.value - now > burst }
            if !isMarked { marks[mark].store(false, ordering: .relaxed) }
            return delay
        }
    }

    private static func mark(_ uid: UInt32) -> Int { Int(uid) % markCount }
}

extension Vault {
    /// The delay of a user's next request, if more lines of the audit log were written for them than a user may have.
    /// Microseconds; 0 for most.
    package func delay(of uid: UInt32) -> Int64 { pace?.delay(of: uid) ?? 0 }
}
