// SPDX-License-Identifier: MIT

import Linux
import Testing

@testable import Vault

/// The events that are kept for programs that follow changes.
@Suite struct RecentChangesTests {
    private let recent = RecentChanges()

    private func add(_ generation: Int64, _ count: Int = 1) {
        var changes = ChangeSet()
        changes.generation = generation
        changes.events = (0..<count).map { ChangeEvent(reference: "acme/web/s\($0)", version: nil, action: .made) }
        recent.add(changes)
    }

    /// The generations of the events after one; nil for a reset.
    private func after(_ generation: Int64) -> [Int64]? {
        guard case .events(let entries, let newest) = recent.batch(after: generation, until: Deadline(after: 0)) else { return nil }
        #expect(newest >= generation)
        return entries.map(\.generation)
    }

    @Test func `each change comes once, in its order, from wherever one goes on`() {
        recent.begin(at: 5)
        #expect(recent.newest == 5 && after(5) == [])
        for generation in 6...9 { add(Int64(generation), 2) }
        #expect(after(5) == [6, 6, 7, 7, 8, 8, 9, 9] && after(7) == [8, 8, 9, 9] && after(9) == [])
        // A change without events moves on all the same.
        add(10, 0)
        #expect(recent.newest == 10 && after(9) == [])
    }

    @Test func `what is not known is told, and never passed over`() {
        recent.begin(at: 5)
        #expect(after(4) == nil && after(6) == nil)
        for generation in 6..<Int64(6 + 5 * RecentChanges.most) { add(generation) }
        let newest = recent.newest
        #expect(after(5) == nil && after(newest) == [])
        // All that is not told to be forgotten is there.
        var generation = newest
        while let events = after(generation - 1) {
            #expect(events.first == generation)
            generation -= 1
        }
        #expect(newest - generation + 1 >= RecentChanges.most)
        // One change that is larger than what is kept.
        add(newest + 1, 2 * RecentChanges.most)
        #expect(after(newest) == nil && after(newest + 1) == [])
    }

    @Test func `who waits is woken by a change, and by the end`() throws {
        recent.begin(at: 0)
        try DetachedThread.start { add(1) }
        guard case .events(let entries, 1) = recent.batch(after: 0, until: Deadline(after: 120)) else {
            Issue.record("no event")
            return
        }
        #expect(entries.count == 1)
        try DetachedThread.start { recent.end() }
        guard case .end = recent.batch(after: 1, until: Deadline(after: 120)) else {
            Issue.record("no end")
            return
        }
    }
}
