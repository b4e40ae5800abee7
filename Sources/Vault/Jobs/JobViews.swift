// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets

/// The views of jobs that were worked out lately, as of a count of changes (`NodeChanges`).
final class JobViews: Sendable {
    typealias Found = (view: JobView, contents: [NodeID: [JobContent]])

    /// How many items and additions all that is kept has, and names on the way to files: some 500 bytes each.
    private static let capacity = 1 << 18

    private struct Kept {
        let found: Found
        /// It holds what there was after so many changes.
        var count: UInt64
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

    /// The view of a job, if it is known as of `count` changes or later ones.
    func view(of job: Job, asOf count: UInt64, _ changes: NodeChanges) -> Found? {
        guard let kept = state.withLock({ $0.views[job.serial] }) else { return nil }
        if kept.count >= count { return kept.found }
        let changed = changes.changed(job.sources, since: kept.count)
        guard changed.nodes.isEmpty else { return nil }
        state.withLock { state in
            guard let now = state.views[job.serial], now.count < changed.count else { return }
            // Of what was there when this was asked, nothing has changed since: unless somebody has read it anew, which is newer.
            if now.count == kept.count { state.views[job.serial]?.count = changed.count }
        }
        return kept.found
    }

    /// The earlier view, the nodes of the job that have changed since, and the count of changes as of which that is known.
    func leftOver(of job: Job, _ changes: NodeChanges) -> (contents: [NodeID: [JobContent]], changed: Set<NodeID>, count: UInt64) {
        guard let kept = state.withLock({ $0.views[job.serial] }) else { return ([:], [], changes.count) }
        let changed = changes.changed(job.sources, since: kept.count)
        return (kept.found.contents, changed.nodes, changed.count)
    }

    /// Keeps what a job that runs finds; others' go where there is no room.
    func keep(_ found: Found, of job: Job, asOf count: UInt64) {
        // A file takes room for each name on the way to it.
        let items = found.contents.values.joined().reduce(1 + job.weight) { $0 + $1.path.depth }
        guard items <= Self.capacity else { return forget(job) }
        // Let go of behind the lock: it may be much.
        let gone = state.withLock { state in
            var gone: [UInt64: Kept] = [:]
            gone[job.serial] = state.remove(job.serial)
            if state.items + items > Self.capacity {
                gone.merge(state.views) { one, _ in one }
                state = State()
            }
            state.views[job.serial] = Kept(found: found, count: count, items: items)
            state.items += items
            return gone
        }
        _ = gone
        // It may have ended meanwhile, and was forgotten before.
        if job.hasEnded { forget(job) }
    }

    /// How many jobs it knows something of.
    var countOfJobs: Int { state.withLock { $0.views.count } }

    func forget(_ job: Job) {
        _ = state.withLock { $0.remove(job.serial) }
    }
}
