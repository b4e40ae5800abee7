// SPDX-License-Identifier: MIT

internal import Linux

/// The effects that follow a change, gathered while it is decided on and made: its lines in the audit log, its events for watchers,
/// and what jobs have opened for it. Nothing of it happens before the change is committed.
final class ChangeDraft: Sendable {
    /// A line of the audit log, and when what it tells of was done. Microseconds since the epoch.
    struct Line: Sendable {
        let event: AuditEvent
        let time: Int64
    }

    private struct State {
        var lines: [Line] = []
        var events: [ChangeEvent] = []
        var opened: [(job: Job, place: Place)] = []
    }

    private let state = Guarded(State())

    /// Forgets everything: the change is made from the start.
    func begin() { state.withLock { $0 = State() } }

    func add(_ event: AuditEvent) { state.withLock { $0.lines.append(Line(event: event, time: SystemClock.now())) } }

    func add(_ event: ChangeEvent) { state.withLock { $0.events.append(event) } }

    func addOpening(of place: Place, in job: Job) { state.withLock { $0.opened.append((job, place)) } }

    /// The lines in the order in which they were added.
    var lines: [Line] { state.withLock { $0.lines } }

    /// The lines that are left of a change that was not made: refusals, and rows that did not verify.
    var refusals: [Line] { lines.filter { !$0.event.allowed } }

    var events: [ChangeEvent] { state.withLock { $0.events } }

    /// After the commit.
    func noteOpenings() {
        for (job, place) in state.withLock({ $0.opened }) { job.noteOpened(place) }
    }
}
