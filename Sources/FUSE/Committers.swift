internal import Linux

/// The threads that run the operations which change something: those wait for the disk, for each other, and for files to be closed.
///
/// Workers hand these over and go on, so that there is always one to answer what a change waits for. The order of two
/// requests that are handed over at once is not kept: the kernel sends the second of two that belong together after the
/// answer to the first.
final class Committers: Sendable {
    typealias Job = @Sendable () -> Void

    static let most = 16

    private struct State {
        var jobs: [Job] = []
        var running = 0
        var idle = 0
        var isStopping = false
    }

    private let state = Monitor(State())

    /// Has the job run: by a thread of its own if there can be one, by the caller if there is none at all.
    func submit(_ job: @escaping Job) {
        let isWanted = state.change { state in
            state.jobs.append(job)
            guard state.idle < state.jobs.count, state.running < Self.most else { return false }
            state.running += 1
            return true
        }
        guard isWanted else { return }
        do throws(Errno) {
            try Thread.start { self.run() }
        } catch {
            let orphans = state.change { state -> [Job] in
                state.running -= 1
                guard state.running == 0 else { return [] }
                defer { state.jobs = [] }
                return state.jobs
            }
            for job in orphans { job() }
        }
    }

    /// Lets what was submitted be done, and ends the threads.
    ///
    /// - Returns: false if some have not ended by then.
    func stop(until deadline: Deadline) -> Bool {
        state.change { $0.isStopping = true }
        return state.wait(until: deadline) { $0.running == 0 ? true : nil } ?? false
    }

    private func run() {
        while let job = next() { job() }
    }

    /// - Returns: nil at the end.
    private func next() -> Job? {
        state.change { $0.idle += 1 }
        return state.wait { state -> Job?? in
            if state.jobs.isEmpty, !state.isStopping { return nil }
            state.idle -= 1
            if state.jobs.isEmpty {
                state.running -= 1
                return .some(nil)
            }
            return .some(state.jobs.removeFirst())
        } ?? nil
    }
}
