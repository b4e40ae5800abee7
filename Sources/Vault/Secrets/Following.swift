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

    /// Waits for a change, after a generation, of something that a job has, until the deadline. `count` is the number of changes of nodes
    /// (`NodeChanges`) up to which it is known; nil where nothing is: then what it has may have changed.
    ///
    /// Returns the generation and the count now, and whether something may have changed. Nil at the end: the vault closes, or the job has
    /// ended. It tells no name, so nothing of what the job has not. Throws `storage` and `corrupt`.
    package func changes(
        of job: Job, after generation: Int64, since count: UInt64?, until deadline: Deadline
    ) throws(VaultError) -> (generation: Int64, count: UInt64, areThere: Bool)? {
        guard !job.hasEnded else { return nil }
        let newest: Int64
        switch caches.recent.batch(after: generation, until: deadline) {
        case .end: return nil
        case .reset(let now): newest = now
        case .events(_, let upTo): newest = upTo
        }
        guard let count else { return (newest, caches.nodes.count, true) }
        // What comes into a secret changes that; what is in it changes by itself.
        let items = try view(of: job).contents.values.joined().map(\.item.node)
        let changed = caches.nodes.changed(job.sources.union(items), since: count)
        return (newest, changed.count, !changed.nodes.isEmpty)
    }

    /// The number of changes of nodes so far, from which `changes(of:after:since:until:)` goes on.
    package var nodeChangeCount: UInt64 { caches.nodes.count }

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
