// SPDX-License-Identifier: MIT

internal import Linux
internal import Synchronization

/// Which users have a migration under way: each at most one, since it goes on when the peer hangs up.
final class Migrations: Sendable {
    private let users = Mutex<Set<UInt32>>([])

    /// False if the user has one already.
    func begin(_ uid: UInt32) -> Bool { users.withLock { $0.insert(uid).inserted } }

    func end(_ uid: UInt32) {
        users.withLock { _ = $0.remove(uid) }
    }

    /// Returns when none is under way.
    func wait() {
        while users.withLock({ !$0.isEmpty }) { SystemClock.sleep(microseconds: 10_000) }
    }
}
