// SPDX-License-Identifier: MIT

internal import Linux

/// The events of the changes that were committed lately, for programs that follow them. In memory: they begin anew with the daemon.
final class RecentChanges: Sendable {
    /// How many events are kept.
    static let most = 10_000

    struct Entry: Sendable {
        /// Of the store, after the change.
        let generation: Int64
        let event: ChangeEvent
    }

    /// What came after a generation.
    enum Batch: Sendable {
        /// The events up to another generation, oldest first; none where the time was over.
        case events([Entry], upTo: Int64)
        /// Events were forgotten that came after it; what is now is of this generation.
        case reset(Int64)
        /// No more will come.
        case end
    }

    private struct State {
        /// Oldest first. All after `forgotten` are there.
        var entries: [Entry] = []
        var forgotten: Int64 = 0
        var newest: Int64 = 0
        var hasEnded = false
    }

    private let state = Monitor(State())

    /// Begins with the generation that the store has when it is opened.
    func begin(at generation: Int64) {
        state.change { state in
            state.forgotten = generation
            state.newest = generation
        }
    }

    func add(_ changes: ChangeSet) {
        state.change { state in
            state.newest = max(state.newest, changes.generation)
            state.entries += changes.events.map { Entry(generation: changes.generation, event: $0) }
            // Not one by one: a change may have very many.
            guard state.entries.count > 2 * Self.most || changes.events.count > Self.most else { return }
            let dropped = state.entries.dropLast(Self.most)
            guard let last = dropped.last else { return }
            state.forgotten = last.generation
            state.entries.removeAll { $0.generation <= last.generation }
        }
    }

    /// Wakes all who wait, and has nobody wait any more.
    func end() { state.change { $0.hasEnded = true } }

    /// The generation of the newest change.
    var newest: Int64 { state.wait { $0.newest } ?? 0 }

    /// Waits for changes after a generation, until the deadline.
    func batch(after generation: Int64, until deadline: Deadline) -> Batch {
        let batch: Batch? = state.wait(until: deadline, quietly: true) { state in
            if state.hasEnded { return .end }
            // One from the future is of another store.
            guard generation >= state.forgotten, generation <= state.newest else { return .reset(state.newest) }
            guard state.newest > generation else { return nil }
            // From the end: what is new is there, and changes wait for this lock.
            let start = state.entries.lastIndex { $0.generation <= generation }.map { $0 + 1 } ?? 0
            return .events(Array(state.entries[start...]), upTo: state.newest)
        }
        return batch ?? .events([], upTo: generation)
    }
}
