// SPDX-License-Identifier: MIT

internal import Synchronization

/// How long opens of a file wait for the moment at which nobody has it open, so that its backing can be replaced.
///
/// They wait for others, so it is a moment, and rarely: each wait in vain makes the pause before the next twice as long.
struct Patience {
    /// For how long an open waits, and the pauses after waits in vain. Microseconds.
    static let wait: Int64 = 50_000
    private static let (shortestPause, longestPause): (Int64, Int64) = (100_000, 60_000_000)

    private var until = Int64.min
    private var next = Int64.min
    private var pause: Int64 = 0

    /// Whether an open may wait at an instant: microseconds of the clock that is never set.
    func mayWait(at now: Int64) -> Bool { now < until || now >= next }

    /// Until when one waits that comes at an instant; all who come meanwhile wait until then. Nil: it does not.
    mutating func deadline(at now: Int64) -> Int64? {
        guard now >= until else { return until }
        guard now >= next else { return nil }
        until = now + Self.wait
        pause = min(max(pause * 2, Self.shortestPause), Self.longestPause)
        next = until + pause
        return until
    }

    /// What was waited for has come.
    ///
    /// - Returns: whether somebody waits.
    mutating func end(at now: Int64) -> Bool {
        let isAwaited = now < until
        if isAwaited { self = Patience() }
        return isAwaited
    }
}

/// A count that one lock guards, and that is looked at without it.
final class SharedCount: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add(_ difference: Int) { count.add(difference, ordering: .relaxed) }
}
