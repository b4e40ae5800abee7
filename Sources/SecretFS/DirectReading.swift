// SPDX-License-Identifier: MIT

internal import FUSE
internal import Linux
internal import Vault

/// What an open for reading shows that asks for all of its bytes.
///
/// It keeps the version that it was opened with until that has been read to the end. A read from the start, or past an end that the
/// reader has been told of, then shows the current one, after the right to read was checked and logged again.
final class DirectReading: Sendable {
    private struct State {
        var snapshot: Snapshot
        /// Its last byte was read.
        var wasRead = false
        /// The reader was told that there is no more.
        var hasEnded = false
    }

    private let state: Guarded<State>
    let pages: PageSource
    private let follows: Bool

    /// - Parameter follows: false for what keeps its version for ever.
    init(_ snapshot: Snapshot, pages: PageSource, follows: Bool = true) {
        state = Guarded(State(snapshot: snapshot))
        self.pages = pages
        self.follows = follows
    }

    /// The length of what it shows. Nil for one that follows, after the version was read to the end: then it is the current one's.
    var length: Int? { state.withLock { follows && ($0.wasRead || $0.hasEnded) ? nil : $0.snapshot.length } }

    /// What a READ of so many bytes from an offset is answered from.
    ///
    /// - Throws: EACCES if the right to read is gone, and what a read of the current version throws.
    func snapshot(at offset: UInt64, count: Int, for request: Request) throws(Errno) -> Snapshot {
        let (kept, mayFollow) = state.withLock { state in
            let isPast = state.hasEnded && offset >= UInt64(state.snapshot.length)
            return (state.snapshot, follows && (isPast || offset == 0 && state.wasRead))
        }
        var shown = kept
        if mayFollow, let current = pages.identity, current != kept.identity { shown = try pages.open(for: request) }
        state.withLock { state in
            if shown.identity != state.snapshot.identity {
                state = State(snapshot: shown)
            }
            let length = UInt64(shown.length)
            if offset >= length { state.hasEnded = true }
            if offset >= length || length - offset <= UInt64(max(count, 0)) { state.wasRead = true }
        }
        return shown
    }

    /// What a READ that fills a page is answered from.
    func page(for request: Request) throws(Errno) -> Snapshot {
        let kept = state.withLock { $0.snapshot }
        return try pages.page(keeping: kept, for: request) ?? kept
    }
}
