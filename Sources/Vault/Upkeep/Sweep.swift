// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets
internal import Synchronization

/// Destroying what was deleted longer ago than it can be restored.
extension Vault {
    /// Microseconds.
    private static let interval: Int64 = 3_600_000_000

    /// Destroys what has expired, now and every hour, and temporary names, a minute after they were removed: until `close`, on a thread of
    /// its own. Throws `storage` if there is none to be had.
    package func startSweeping() throws(VaultError) {
        try system("the thread that destroys what has expired") { () throws(Errno) in
            try DetachedThread.start { [weak self, removals] in
                while self?.sweep() == true {
                    let end = SystemClock.monotonic() + Self.interval
                    while case let left = end - SystemClock.monotonic(), left > 0 {
                        guard let wait = removals.wait(until: Deadline(after: Double(left) / 1e6)) else { break }
                        SystemClock.sleep(microseconds: UInt32(clamping: wait))
                        guard self?.destroyTemporaries() == true else { return }
                    }
                }
            }
        }
    }

    /// Destroys what has expired. False after `close`, and then nothing is done.
    func sweep() -> Bool {
        closed.withLock { isClosed in
            guard !isClosed else { return false }
            // A node that can't be destroyed now is tried again at the next turn: the store or the log can't be written, and every change
            // says so.
            try? destroyExpired(now: watched.now)
            _ = try? change(by: daemon("expire")) { store, _ throws(VaultError) in try store.setWatchRow(self.watched.row) }
            // Pages that a reader kept from being overwritten when their rows were destroyed.
            store.scrub()
            return true
        }
    }

    /// Destroys what was deleted `retention` before `now`, or earlier, both in watched time.
    func destroyExpired(now: Int64) throws(VaultError) {
        let (latest, overflows) = now.subtractingReportingOverflow(Self.retention)
        guard !overflows else { return }
        let expired = try store.read { store throws(VaultError) in try store.deletedRows(watchedUntil: latest) }
        guard !expired.isEmpty else { return }
        _ = try change(by: daemon("expire")) { store, daemon throws(VaultError) in
            for row in try store.deletedRows(watchedUntil: latest) {
                // One may have gone with another. A row of old that was put back does not destroy what was restored.
                guard try store.deletedRow(of: row.node) != nil, try store.node(row.node)?.isDeleted == true else { continue }
                try self.destroy(row.node, by: daemon, store)
                try self.log(
                    daemon, Place.reference(row.components), .destroyed,
                    reason: "destroyed, was deleted at \(SystemClock.rfc3339(row.time))")
            }
        }
        store.scrub()
    }
}
