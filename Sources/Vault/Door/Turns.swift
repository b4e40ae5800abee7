internal import Linux

/// Turns at changing the store: one thread at a time, and users one after the other, however many threads of one wait.
///
/// The store has one writer. By its lock alone, whoever changes something would stand behind all changes that were asked for before, of
/// which one user may have as many as they have connections.
final class Turns: Sendable {
    private struct State {
        var isTaken = false
        /// Those who wait, the first first. No user has an empty list.
        var waiting: [UInt32: [Monitor<Bool>]] = [:]
        /// The users who wait, each once, the next first.
        var users: [UInt32] = []
    }

    private let state = Guarded(State())

    /// How many threads wait.
    var waiting: Int { state.withLock { $0.waiting.values.reduce(0) { $0 + $1.count } } }

    /// Runs `body` when it is the user's turn, and nothing of anybody else meanwhile. It must not take another.
    func take<Result>(of uid: UInt32, _ body: () throws(VaultError) -> Result) throws(VaultError) -> Result {
        begin(uid)
        defer { end() }
        return try body()
    }

    private func begin(_ uid: UInt32) {
        let turn = state.withLock { state -> Monitor<Bool>? in
            guard state.isTaken else {
                state.isTaken = true
                return nil
            }
            let turn = Monitor(false)
            if state.waiting[uid] == nil { state.users.append(uid) }
            state.waiting[uid, default: []].append(turn)
            return turn
        }
        _ = turn?.wait { $0 ? true : nil }
    }

    /// Hands the turn to the next user; one of whom more wait comes after all others then.
    private func end() {
        let turn = state.withLock { state -> Monitor<Bool>? in
            guard !state.users.isEmpty, case let uid = state.users.removeFirst(), var own = state.waiting.removeValue(forKey: uid) else {
                state.isTaken = false
                return nil
            }
            let turn = own.removeFirst()
            if !own.isEmpty {
                state.waiting[uid] = own
                state.users.append(uid)
            }
            return turn
        }
        turn?.change { $0 = true }
    }
}
