internal import Linux
internal import Secrets

/// What jobs were found to find lately, as of a generation of the tree (`Places`).
final class JobViews: Sendable {
    typealias Found = (view: JobView, contents: [NodeID: [JobContent]])

    /// How many items all that is kept has: some 500 bytes each.
    private static let capacity = 1 << 18

    private struct Kept {
        let found: Found
        let generation: UInt64
        let items: Int
    }

    private struct State {
        /// By the serial number of the job.
        var views: [UInt64: Kept] = [:]
        var items = 0

        mutating func remove(_ serial: UInt64) -> Kept? {
            let removed = views.removeValue(forKey: serial)
            items -= removed?.items ?? 0
            return removed
        }
    }

    private let state = Guarded(State())

    func view(of job: Job, as generation: UInt64) -> Found? {
        state.withLock { state in
            guard let kept = state.views[job.serial], kept.generation == generation else { return nil }
            return kept.found
        }
    }

    /// Keeps what a job that runs finds; others' go where there is no room.
    func keep(_ found: Found, of job: Job, as generation: UInt64) {
        let items = found.contents.values.reduce(1) { $0 + $1.count }
        guard items <= Self.capacity else { return forget(job) }
        // Let go of behind the lock: it may be much.
        let gone = state.withLock { state in
            var gone: [UInt64: Kept] = [:]
            gone[job.serial] = state.remove(job.serial)
            if state.items + items > Self.capacity {
                gone.merge(state.views) { old, _ in old }
                state = State()
            }
            state.views[job.serial] = Kept(found: found, generation: generation, items: items)
            state.items += items
            return gone
        }
        _ = gone
        // It may have ended meanwhile, and was forgotten before.
        if job.hasEnded { forget(job) }
    }

    func forget(_ job: Job) {
        _ = state.withLock { $0.remove(job.serial) }
    }
}
