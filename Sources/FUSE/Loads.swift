// SPDX-License-Identifier: MIT

internal import Linux
internal import Synchronization

/// The recent cost of each user's requests, for the readers, which serve most of them without a lock.
///
/// Users are told apart by the lower bits of their numbers: two who share them share what they may have.
@safe final class Loads: @unchecked Sendable {
    private static let count = 4096
    /// The longest that a request may hold a reader up. Nanoseconds.
    private static let moment: Int64 = 500_000
    /// The longest that it may wait, as for a lock whose holder got no processor for a while. Nanoseconds.
    private static let longestWait: Int64 = 10_000_000
    /// How long it is remembered of a user, as a multiple of what it took; and at least and most.
    private static let memory: Int64 = 8
    private static let (shortest, longest): (Int64, Int64) = (20_000_000, 1_000_000_000)

    private struct Load: ~Copyable {
        /// Requests that readers serve now.
        let running = Atomic<Int>(0)
        /// Until when the user's requests are taken for long ones.
        let heavyUntil = Atomic<Int64>(0)
        /// Until when it is measured what makes the user's requests long, since one was.
        let measuredUntil = Atomic<Int64>(0)
    }

    private let loads = UnsafeMutablePointer<Load>.allocate(capacity: count)

    init() {
        for index in 0..<Self.count { unsafe (loads + index).initialize(to: Load()) }
    }

    deinit {
        unsafe loads.deinitialize(count: Self.count)
        unsafe loads.deallocate()
    }

    /// Serves a request unless its user has their share of readers.
    ///
    /// - Parameters:
    ///   - spare: readers that wait for a request.
    ///   - share: the most readers for a user's short requests, by all of which nobody is held up.
    ///   - holdsLock: whether others may wait for this request.
    /// - Returns: false, without having called `serve`, if it must wait for its turn.
    func serve(uid: UInt32, spare: Int, share: Int, holdsLock: Bool, _ serve: () -> Void) -> Bool {
        let load = unsafe loads + Int(uid) % Self.count
        let start = SystemClock.nanoseconds()
        let others = unsafe load.pointee.running.add(1, ordering: .relaxed).oldValue
        defer { unsafe load.pointee.running.subtract(1, ordering: .relaxed) }
        let isHeavy = unsafe load.pointee.heavyUntil.load(ordering: .relaxed) > start
        // Of a heavy user one at a time, and never by the last reader that waits: that one would keep everybody waiting.
        let may = isHeavy ? spare > 0 && (others == 0 || holdsLock) : others < share || spare > 0 && holdsLock
        guard may else { return false }
        let before = unsafe load.pointee.measuredUntil.load(ordering: .relaxed) > start ? ThreadUse.now : nil
        serve()
        let end = SystemClock.nanoseconds()
        guard end - start > Self.moment else { return true }
        unsafe load.pointee.measuredUntil.store(end + Self.longest, ordering: .relaxed)
        // A request that only got no processor for a while, as on a busy machine any does, is not long by its user's doing.
        if let before, Self.isLong(from: before, to: .now, of: end - start) {
            let memory = min(max((end - start) * Self.memory, Self.shortest), Self.longest)
            unsafe load.pointee.heavyUntil.store(end + memory, ordering: .relaxed)
        }
        return true
    }

    /// - Parameter time: how long it took in all, in nanoseconds.
    private static func isLong(from before: ThreadUse, to after: ThreadUse, of time: Int64) -> Bool {
        after.processor - before.processor > moment || after.waits > before.waits && time > longestWait
    }
}
