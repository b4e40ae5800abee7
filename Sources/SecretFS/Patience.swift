// SPDX-License-Identifier: MIT

internal import Synchronization

/// How long opens of a file wait for the moment at which nobody has it open, so that its backing can be replaced.
///
/// They wait for others, who might do it on purpose. So it is a moment, and while the file stays open a tenth of the time at most: opens
/// that come at other times wait for nobody. Each wait in vain makes the pause before the next twice as long.
struct Patience {
    /// For how long an open waits, and the longest pause. Microseconds.
    static let wait: Int64 = 50_000
    private static let longestPause: Int64 = 60_000_000
    /// How many opens wait at once, of all files: the threads that serve them have other things to do.
    static let mostWaiting = 4

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
        pause = min(max(pause * 2, Self.pause(after: Self.wait)), Self.longestPause)
        next = until + pause
        return until
    }

    /// What was waited for has come.
    ///
    /// - Returns: whether somebody waits.
    mutating func end(at now: Int64) -> Bool {
        guard now < until else { return false }
        next = now + Self.pause(after: now - (until - Self.wait))
        until = now
        pause = 0
        return true
    }

    private static func pause(after wait: Int64) -> Int64 { wait * 9 }
}

/// A count that one lock guards, and that is looked at without it.
final class SharedCount: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add(_ difference: Int) { count.add(difference, ordering: .relaxed) }
}
