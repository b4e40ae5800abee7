// SPDX-License-Identifier: MIT

internal import Linux

/// Turns at changing the store: one thread at a time, and of the users who wait the one with the least time so far, however many threads
/// of one wait.
///
/// The store has one writer. By its lock alone, a change would stand behind all changes that were asked for before, of which one user may
/// have as many as they have connections. Time counts as in `FairQueue`: a user who has not been here has no credit from that, and no
/// debt is longer than `longestDebt`.
final class Turns: Sendable {
    private struct User {
        /// Nanoseconds.
        var received: Int64
        /// Its threads that wait, the first first.
        var waiting: [Monitor<Bool>] = []
        /// When the first of them came.
        var arrival: UInt64 = 0
    }

    private struct State {
        var isTaken = false
        /// Nanoseconds, when it was taken.
        var start: Int64 = 0
        var users: [UInt32: User] = [:]
        /// The time received by the user whose turn came last.
        var floor: Int64 = 0
        var arrivals: UInt64 = 0

        /// The user with the least time; of several the one that came first.
        var next: UInt32? {
            users.lazy.filter { !$1.waiting.isEmpty }.min { ($0.value.received, $0.value.arrival) < ($1.value.received, $1.value.arrival) }?
                .key
        }

        mutating func arrive() -> UInt64 {
            arrivals += 1
            return arrivals
        }
    }

    /// Nanoseconds.
    private static let longestDebt: Int64 = 1_000_000_000
    /// Users who are remembered for their debts alone.
    private static let mostDebtors = 1024

    private let clock: @Sendable () -> Int64
    private let state = Guarded(State())

    /// - Parameter clock: nanoseconds of a clock that is never set.
    init(clock: @escaping @Sendable () -> Int64 = { SystemClock.nanoseconds() }) {
        self.clock = clock
    }

    /// How many threads wait.
    var waiting: Int { state.withLock { $0.users.values.reduce(0) { $0 + $1.waiting.count } } }

    /// Runs `body` when it is the user's turn, and nothing of anybody else meanwhile. It must not take another.
    func take<Result>(of uid: UInt32, _ body: () throws(VaultError) -> Result) throws(VaultError) -> Result {
        begin(uid)
        defer { end(uid) }
        return try body()
    }

    private func begin(_ uid: UInt32) {
        let turn = state.withLock { state -> Monitor<Bool>? in
            guard state.isTaken else {
                state.isTaken = true
                state.start = clock()
                return nil
            }
            var user = state.users[uid] ?? User(received: state.floor)
            if user.waiting.isEmpty {
                user.received = max(user.received, state.floor)
                user.arrival = state.arrive()
            }
            let turn = Monitor(false)
            user.waiting.append(turn)
            state.users[uid] = user
            return turn
        }
        _ = turn?.wait { $0 ? true : nil }
    }

    /// Hands the turn to the next user.
    private func end(_ uid: UInt32) {
        let turn = state.withLock { state -> Monitor<Bool>? in
            let now = clock()
            var last = state.users[uid] ?? User(received: state.floor)
            last.received = min(max(last.received, state.floor) + max(0, now - state.start), state.floor + Self.longestDebt)
            state.users[uid] = last
            guard let next = state.next, var user = state.users[next] else {
                state.isTaken = false
                if state.users.count > Self.mostDebtors { state.users = [:] }
                return nil
            }
            let turn = user.waiting.removeFirst()
            if !user.waiting.isEmpty { user.arrival = state.arrive() }
            state.users[next] = user
            state.floor = max(state.floor, user.received)
            state.start = now
            if state.users.count > Self.mostDebtors { state.users = state.users.filter { !$1.waiting.isEmpty } }
            return turn
        }
        turn?.change { $0 = true }
    }
}
