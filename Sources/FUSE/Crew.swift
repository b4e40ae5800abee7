// SPDX-License-Identifier: MIT

internal import Linux

/// Threads that serve what waits, in turns by user: `FairQueue`.
///
/// A thread is started when something waits and none is idle, up to `most`; it stays until the end.
final class Crew: Sendable {
    private struct State {
        var queue: FairQueue<Slot>
        var running = 0
        var idle = 0
        var isStopping = false

        /// Threads for which there is something to do: of all that is late, one that waits for it.
        var wanted: Int { queue.count - queue.lateCount + min(queue.lateCount, 1) }

        /// The next turn, late ones too, where there is no thread to wait for them.
        mutating func takeNow() -> FairQueue<Slot>.Turn? {
            queue.isHurried = true
            defer { queue.isHurried = isStopping }
            return queue.take()
        }
    }

    /// The next thing for a thread to do.
    private enum Next {
        /// And whether something waits that is late.
        case serve(FairQueue<Slot>.Turn, leavesLate: Bool)
        /// Look again after so many microseconds.
        case wait(Int64)
        case end
    }

    private let state: Monitor<State>
    private let most: Int
    private let serve: @Sendable (Slot) -> Void

    /// - Parameters:
    ///   - most: threads.
    ///   - delay: microseconds for which what is late of a user still has to wait.
    ///   - serve: serves a request, and may take long.
    init(
        most: Int, limits: FairQueue<Slot>.Limits, delay: @escaping @Sendable (UInt32) -> Int64,
        serve: @escaping @Sendable (Slot) -> Void
    ) {
        state = Monitor(State(queue: FairQueue(limits: limits, delay: delay)))
        self.most = most
        self.serve = serve
    }

    /// Has a request served when it is its user's turn; at once, by the caller, if there is no thread and none can be started.
    func submit(_ slot: Slot, of uid: UInt32, isUrgent: Bool, isLate: Bool) {
        call { $0.queue.add(slot, of: uid, isUrgent: isUrgent, isLate: isLate) }
    }

    /// Makes a change after which a thread may be wanted, and wakes or starts one.
    private func call(for change: (inout State) -> Void) {
        let isWanted = state.changeForOne { state in
            change(&state)
            guard state.idle < state.wanted, state.running < most else { return false }
            state.running += 1
            return true
        }
        guard isWanted else { return }
        do throws(Errno) {
            try DetachedThread.start { self.run() }
        } catch {
            let isAlone = state.change { state in
                state.running -= 1
                return state.running == 0
            }
            while isAlone, let turn = state.change({ $0.takeNow() }) {
                serve(turn.element)
                state.change { $0.queue.end(turn, after: 0) }
            }
        }
    }

    /// Lets what was submitted be served, and ends the threads.
    ///
    /// - Returns: false if some have not ended by then.
    func stop(until deadline: Deadline) -> Bool {
        state.change { state in
            state.isStopping = true
            state.queue.isHurried = true
        }
        return state.wait(until: deadline) { $0.running == 0 ? true : nil } ?? false
    }

    private func run() {
        var ended: (turn: FairQueue<Slot>.Turn, time: Int64)?
        while case .serve(let turn, let leavesLate) = next(after: ended) {
            // This thread may have been the one that waited for what is late.
            if leavesLate { call { _ in } }
            let start = SystemClock.nanoseconds()
            serve(turn.element)
            ended = (turn, SystemClock.nanoseconds() - start)
        }
        // For `stop`.
        state.change { $0.running -= 1 }
    }

    /// - Parameter ended: what this thread has served, and how long that took.
    private func next(after ended: (turn: FairQueue<Slot>.Turn, time: Int64)?) -> Next {
        var ended = ended
        var isIdle = false
        var deadline: Deadline?
        while true {
            // Late turns are waited for with a deadline, which is that of this very moment.
            var isNew = deadline != nil
            let next = state.wait(until: deadline, quietly: true) { state -> Next? in
                if let (turn, time) = ended.take() { state.queue.end(turn, after: time) }
                if isIdle { state.idle -= 1 }
                isIdle = false
                if let turn = state.queue.take() { return .serve(turn, leavesLate: state.queue.lateCount > 0) }
                if state.isStopping, state.queue.count == 0 { return .end }
                if !isNew, let pause = state.queue.pause { return .wait(pause) }
                isNew = false
                state.idle += 1
                isIdle = true
                return nil
            }
            switch next {
            case .wait(let pause): deadline = Deadline(after: Double(pause) / 1e6)
            case .serve, .end: return next ?? .end
            // At the deadline there was nothing late any more.
            case nil: deadline = nil
            }
        }
    }
}
