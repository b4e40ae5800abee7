// SPDX-License-Identifier: MIT

import Foundation
import Linux
import TestSupport
import Testing

@testable import FUSE

/// Names in folders whose locks somebody holds.
@Suite struct NameNotifierTests {
    private let held = Gate()
    private let forgotten = Guarded<Set<UInt64>>([])

    /// Lets go when it is opened.
    private final class Gate: Sendable {
        private let isOpen = Monitor(false)
        func open() { isOpen.change { $0 = true } }
        func pass() { isOpen.wait { $0 ? () : nil } }
    }

    /// Those below 1,000 hang.
    private func forget(_ entries: [Invalidation]) {
        for case .entry(let parent, _) in entries {
            if parent < 1000 { held.pass() }
            forgotten.withLock { _ = $0.insert(parent) }
        }
    }

    /// Another user stalls many folders in which one user changes names: that user's other folders get their threads all the same.
    @Test func `folders that hang count to nobody`() throws {
        let notifier = NameNotifier(keeping: 0)
        defer {
            held.open()
            #expect(notifier.finish(until: Deadline(after: 60)))
        }
        for parent in 0..<UInt64(NameNotifier.mostOfOne * 2) {
            notifier.perform([.entry(parent: parent, name: [1])], by: 0, until: Deadline(after: 0.01)) { [self] in forget($0) }
        }
        for parent in UInt64(1000)..<1010 {
            notifier.perform([.entry(parent: parent, name: [1])], by: 0, until: Deadline(after: 60)) { [self] in forget($0) }
            #expect(forgotten.withLock { $0.contains(parent) })
        }
    }
}
