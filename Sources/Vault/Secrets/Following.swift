// SPDX-License-Identifier: MIT

package import Linux
package import Secrets

/// What a caller who follows changes is told next.
package enum FollowedChanges: Sendable {
    /// The events that the caller may know of, up to a generation of the store, oldest first; none where the time was over.
    case events([(generation: Int64, event: ChangeEvent)], upTo: Int64)
    /// Some are not known any more; what is now is of this generation.
    case reset(Int64)
    /// The vault closes.
    case end
}

/// Following changes as they are committed.
extension Vault {
    /// The generation that the store has now: for callers who want all that comes after.
    package var generation: Int64 { caches.recent.newest }

    /// Lets nobody follow any longer.
    package func endFollowing() { caches.recent.end() }

    /// Waits for changes after a generation, at or below a place, until the deadline.
    ///
    /// Callers are told of the places that they may list. Of a place that is gone they are told if they may list its folder;
    /// passage through the folder is not enough. Throws `storage` and `corrupt`.
    package func changes(
        after generation: Int64, below top: Reference?, until deadline: Deadline, for caller: Caller
    ) throws(VaultError) -> FollowedChanges {
        switch caches.recent.batch(after: generation, until: deadline) {
        case .end: return .end
        case .reset(let now): return .reset(now)
        case .events(let entries, let newest):
            var known: [[[UInt8]]: Bool] = [:]
            var events: [(generation: Int64, event: ChangeEvent)] = []
            for entry in entries {
                let names = entry.event.names
                if let top, !isBelow(names, top, of: caller) { continue }
                let mayKnow: Bool
                if let answer = known[names] { mayKnow = answer } else { mayKnow = try mayFollow(names, caller) }
                known[names] = mayKnow
                if mayKnow { events.append((entry.generation, entry.event)) }
            }
            return .events(events, upTo: newest)
        }
    }

    private func isBelow(_ names: [[UInt8]], _ top: Reference, of caller: Caller) -> Bool {
        var wanted = top.components
        if wanted.first == TreeName.user { wanted = [TreeName.users, Array("\(caller.uid)".utf8)] + wanted.dropFirst() }
        return names.starts(with: wanted)
    }

    private func mayFollow(_ names: [[UInt8]], _ caller: Caller) throws(VaultError) -> Bool {
        var inode = Inode.root
        for name in names {
            do throws(VaultError) { inode = try lookup(name, in: inode) } catch {
                guard case .notFound = error else { throw error }
                return listsAll(of: try place(inode), for: caller)
            }
        }
        return try maySee(try place(inode), caller)
    }
}
