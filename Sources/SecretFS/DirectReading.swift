// SPDX-License-Identifier: MIT

internal import FUSE
internal import Linux
internal import Vault

/// What an open for reading shows that asks for all of its bytes.
///
/// - It keeps the version that it was opened with until that has been read to the end. A read from the start, or past an end that the
///   reader has been told of, then shows the current one, after the right to read was checked and logged again.
/// - A page of the kernel's is shared by all who map or splice the file, and so is always of the current version.
final class DirectReading: Sendable {
    private struct State {
        var snapshot: Snapshot
        /// Its last byte was read.
        var wasRead = false
        /// The reader was told that there is no more.
        var hasEnded = false
        /// A newer one that pages were filled with.
        var pages: Snapshot?
    }

    /// Gives the current version for who reads now. Nil for what does not change while it is open.
    typealias Renewal = @Sendable (Request) throws(Errno) -> Snapshot

    private let state: Guarded<State>
    private let identity: @Sendable () -> ValueIdentity?
    private let renew: Renewal?

    /// - Parameters:
    ///   - identity: tells which value is current; nil for none.
    ///   - renew: see `Renewal`.
    init(_ snapshot: Snapshot, identity: @escaping @Sendable () -> ValueIdentity? = { nil }, renew: Renewal? = nil) {
        state = Guarded(State(snapshot: snapshot))
        self.identity = identity
        self.renew = renew
    }

    /// The length of what it shows. Nil for one that follows, after the version was read to the end: then it is the current one's.
    var length: Int? { state.withLock { renew != nil && ($0.wasRead || $0.hasEnded) ? nil : $0.snapshot.length } }

    /// What a READ of so many bytes from an offset is answered from.
    ///
    /// - Throws: EACCES if the right to read is gone, and what a read of the current version throws.
    func snapshot(at offset: UInt64, count: Int, for request: Request) throws(Errno) -> Snapshot {
        guard request.lockOwner != nil else { return try pages(for: request) }
        let (kept, mayFollow) = state.withLock { state in
            let isPast = state.hasEnded && offset >= UInt64(state.snapshot.length)
            return (state.snapshot, isPast || offset == 0 && state.wasRead)
        }
        var shown = kept
        if mayFollow, let renew, let current = identity(), current != kept.identity { shown = try renew(request) }
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

    private func pages(for request: Request) throws(Errno) -> Snapshot {
        let (kept, filled) = state.withLock { ($0.snapshot, $0.pages) }
        guard let renew, let current = identity(), current != kept.identity else { return kept }
        if let filled, filled.identity == current { return filled }
        let renewed = try renew(request)
        state.withLock { $0.pages = renewed }
        return renewed
    }
}
