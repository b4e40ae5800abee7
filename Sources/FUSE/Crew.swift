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
    }

    private let state: Monitor<State>
    private let most: Int
    private let serve: @Sendable (Slot) -> Void

    /// - Parameters:
    ///   - most: threads.
    ///   - serve: serves a request, and may take long.
    init(most: Int, limits: FairQueue<Slot>.Limits, serve: @escaping @Sendable (Slot) -> Void) {
        state = Monitor(State(queue: FairQueue(limits: limits)))
        self.most = most
        self.serve = serve
    }

    /// Has a request served when it is its user's turn; at once, by the caller, if there is no thread and none can be started.
    func submit(_ slot: Slot, of uid: UInt32, isUrgent: Bool) {
        let isWanted = state.changeForOne { state in
            state.queue.add(slot, of: uid, isUrgent: isUrgent)
            guard state.idle < state.queue.count, state.running < most else { return false }
            state.running += 1
            return true
        }
        guard isWanted else { return }
        do throws(Errno) {
            try Thread.start { self.run() }
        } catch {
            let isAlone = state.change { state in
                state.running -= 1
                return state.running == 0
            }
            while isAlone, let turn = state.change({ $0.queue.take() }) {
                serve(turn.element)
                state.change { $0.queue.end(turn, after: 0) }
            }
        }
    }

    /// Lets what was submitted be served, and ends the threads.
    ///
    /// - Returns: false if some have not ended by then.
    func stop(until deadline: Deadline) -> Bool {
        state.change { $0.isStopping = true }
        return state.wait(until: deadline) { $0.running == 0 ? true : nil } ?? false
    }

    private func run() {
        var ended: (turn: FairQueue<Slot>.Turn, time: Int64)?
        while let turn = next(after: ended) {
            let start = Clock.nanoseconds()
            serve(turn.element)
            ended = (turn, Clock.nanoseconds() - start)
        }
        // For `stop`.
        state.change { $0.running -= 1 }
    }

    /// - Parameter ended: what this thread has served, and how long that took.
    /// - Returns: nil at the end.
    private func next(after ended: (turn: FairQueue<Slot>.Turn, time: Int64)?) -> FairQueue<Slot>.Turn? {
        var ended = ended
        var isIdle = false
        return state.wait(quietly: true) { state -> FairQueue<Slot>.Turn?? in
            if let (turn, time) = ended.take() { state.queue.end(turn, after: time) }
            if isIdle { state.idle -= 1 }
            if let turn = state.queue.take() { return turn }
            if state.isStopping, state.queue.count == 0 { return .some(nil) }
            state.idle += 1
            isIdle = true
            return nil
        } ?? nil
    }
}
