// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets
internal import Synchronization

/// The removals on the mount within the last minute.
///
/// Programs replace a file by removing it and making it again, as tar(1) does: the name takes back its item then. And they make names that
/// they soon remove, of which nothing needs to be kept. Both are remembered here only, and are lost with the process: then it did not
/// happen.
final class Removals: Sendable {
    /// How long a removal is remembered. Microseconds.
    static let lifetime: Int64 = 60_000_000
    /// How many removals are remembered, and of one uid.
    private static let capacity = 1 << 16
    private static let capacityOfOne = 1 << 13

    /// The removal of one node.
    struct Removal {
        let node: NodeID
        /// Of the row that was made of it (`Way.sequence`): what was restored, and removed again, has another.
        let sequence: Int64
        /// Whether it is to be destroyed when the minute is over.
        let isTemporary: Bool
    }

    private struct Entry {
        let uid: UInt32
        let name: EntryName
        let removal: Removal
        /// When, since the machine started. Microseconds.
        let time: Int64
    }

    private struct State {
        /// The oldest first; those before `first` are no more.
        var queue: [Entry] = []
        var first = 0
        /// The last removal of each name by each user.
        var names: [EntryName: [UInt32: Entry]] = [:]
        /// How many entries of the queue each user has.
        var counts: [UInt32: Int] = [:]
        /// Temporary ones whose minute is over.
        var due: [Removal] = []

        /// Forgets what is older than a minute.
        mutating func expire(at now: Int64) {
            while first < queue.count, !Removals.holds(queue[first].time, at: now) {
                let entry = queue[first]
                first += 1
                let left = (counts[entry.uid] ?? 1) - 1
                counts[entry.uid] = left > 0 ? left : nil
                if names[entry.name]?[entry.uid]?.removal.sequence == entry.removal.sequence {
                    names[entry.name]?[entry.uid] = nil
                    if names[entry.name]?.isEmpty == true { names[entry.name] = nil }
                }
                if entry.removal.isTemporary, due.count < Removals.capacity { due.append(entry.removal) }
            }
            if first * 2 > queue.count {
                queue.removeFirst(first)
                first = 0
            }
        }
    }

    private let state = Monitor(State())

    private static func holds(_ time: Int64, at now: Int64) -> Bool { (time...time + lifetime).contains(now) }

    /// Notes that a user has removed a name, after the commit. Where there is no room, it is not remembered.
    func note(_ removal: Removal, of name: EntryName, by uid: UInt32) {
        let now = SystemClock.sinceBoot()
        state.change { state in
            state.expire(at: now)
            guard state.queue.count - state.first < Self.capacity, state.counts[uid] ?? 0 < Self.capacityOfOne else { return }
            let entry = Entry(uid: uid, name: name, removal: removal, time: now)
            state.queue.append(entry)
            state.counts[uid, default: 0] += 1
            state.names[name, default: [:]][uid] = entry
        }
    }

    /// The node that the user removed by this name within the last minute.
    func removal(of name: EntryName, by uid: UInt32) -> Removal? {
        let now = SystemClock.sinceBoot()
        return state.change { state in
            guard let entry = state.names[name]?[uid], Self.holds(entry.time, at: now) else { return nil }
            return entry.removal
        }
    }

    /// Something gets the name: from here on it takes nothing back that had it before. To be called in the change.
    func noteTaking(of name: EntryName) {
        state.change { state in
            if !state.names.isEmpty { state.names[name] = nil }
        }
    }

    /// Temporary ones whose minute is over, each given once.
    func takeDue() -> [Removal] {
        let now = SystemClock.sinceBoot()
        return state.change { state in
            state.expire(at: now)
            defer { state.due = [] }
            return state.due
        }
    }

    /// Waits until something is remembered, or the deadline has passed. Gives in how many microseconds the oldest is a minute old.
    func wait(until deadline: Deadline) -> Int64? {
        state.wait(until: deadline, quietly: true) { state -> Int64? in
            if !state.due.isEmpty { return 0 }
            guard state.first < state.queue.count else { return nil }
            return min(max(state.queue[state.first].time + Self.lifetime - SystemClock.sinceBoot(), 0), Self.lifetime)
        }
    }
}

/// The item that a name is to stand for which no item has.
enum NewItem {
    /// A new one.
    case fresh
    /// The one that the user removed by this name within the last minute.
    case former(DeletedPlace)
}

extension Vault {
    /// The item for a caller who makes one of a name that is free: the one that they removed by it within the last minute, unless they
    /// might not restore that.
    ///
    /// - Parameter parent: in which they may write.
    func newItem(
        _ name: [UInt8], _ kind: NodeKind, in parent: Inode, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) -> NewItem {
        guard let removal = removals.removal(of: EntryName(name, in: parent), by: caller.uid),
            let deletedPlace = try store.deletedPlace(removal), deletedPlace.node.kind == kind, deletedPlace.row.name == name,
            deletedPlace.isFolderThere, deletedPlace.folder.inode == parent,
            try mayRestore(
                deletedPlace, to: deletedPlace.folder,
                wasAnothers: try wasAnothers(name, in: deletedPlace.folder, since: deletedPlace, store), for: caller, store)
        else { return .fresh }
        return .former(deletedPlace)
    }

    /// Destroys what is temporary and was removed a minute ago. False after `close`, and then nothing is done.
    func destroyTemporaries() -> Bool {
        closed.withLock { isClosed in
            guard !isClosed else { return false }
            var due = removals.takeDue()[...]
            while !due.isEmpty {
                // Some at a time, since everybody's changes wait meanwhile.
                let some = due.prefix(64)
                due = due.dropFirst(64)
                // An item that can't be destroyed now goes when it can be restored no longer.
                try? destroy(some)
            }
            return true
        }
    }

    private func destroy(_ due: ArraySlice<Removals.Removal>) throws(VaultError) {
        let isAny = try store.read { store throws(VaultError) in
            for removal in due {
                if try store.deletedPlace(removal) != nil { return true }
            }
            return false
        }
        guard isAny else { return }
        try fromReserve { () throws(VaultError) in
            _ = try change(by: daemon("expire")) { store, daemon throws(VaultError) in
                for removal in due {
                    // With its folder it can be restored: that is no temporary name.
                    guard let deletedPlace = try store.deletedPlace(removal), deletedPlace.isFolderThere else { continue }
                    try self.destroy(deletedPlace.node.id, by: daemon, store)
                    try self.log(
                        daemon, deletedPlace.place.reference, .destroyed, reason: "destroyed, was made and removed again within a minute")
                }
            }
        }
    }

    /// Whether an item that is being removed was but a temporary name: made by the user who removes it, less than a minute ago, with one
    /// version, and never with a grant of its own.
    func isTemporary(_ node: NodeRow, for caller: Caller, _ store: StoreConnection) throws(VaultError) -> Bool {
        guard node.kind.isItem, makers.madeLately(node.id, by: caller.uid) else { return false }
        guard try store.grants(onNode: node.id).isEmpty else { return false }
        return try store.versionHeads(of: node.id).count == 1
    }
}

extension StoreConnection {
    /// The place that was removed, if it has not come back since.
    func deletedPlace(_ removal: Removals.Removal) throws(VaultError) -> DeletedPlace? {
        guard let row = try deletedRow(of: removal.node), row.way?.sequence == removal.sequence else { return nil }
        return try deletedPlace(row)
    }
}
