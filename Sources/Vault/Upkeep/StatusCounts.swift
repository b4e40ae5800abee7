// SPDX-License-Identifier: MIT

internal import Linux
internal import Synchronization

/// How many nodes and versions a store has, for whoever asks how it is: counting takes as long as the store is large, and may be asked for
/// by anybody. So a count is kept for a hundred times as long as it took, and one counts at a time.
final class StatusCounts: Sendable {
    private struct Counted {
        var nodes: Int64 = 0
        var versions: Int64 = 0
        /// Microseconds of the clock that is never set.
        var until: Int64 = 0
    }

    private let counted = Mutex(Counted())

    func counts(_ store: Store) throws(VaultError) -> (nodes: Int64, versions: Int64) {
        try counted.withLock { counted throws(VaultError) in
            let start = SystemClock.monotonic()
            guard start >= counted.until else { return (counted.nodes, counted.versions) }
            try store.read { store throws(VaultError) in
                counted.nodes = try store.nodeCount()
                counted.versions = try store.versionCount()
            }
            let took = SystemClock.monotonic() - start
            // Of a small store it is always the count of the moment.
            counted.until = took < 1_000 ? 0 : start + took * 100
            return (counted.nodes, counted.versions)
        }
    }
}
