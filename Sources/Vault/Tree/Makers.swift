// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// The makers of items: users who have just made an item and wrote all of its versions. It is no secret to them, and they may move it.
///
/// That is how programs save: they write another file, and rename it. It is remembered while the file is open and for a minute after it was
/// written, and is lost with the process. The author that a version names does not tell: a user who changes an item in place, or
/// rolls it back, is named as the author of other people's bytes.
final class Makers: Sendable {
    /// How long it is remembered. Microseconds.
    private static let lifetime: Int64 = 60_000_000
    /// How many items are remembered, and of one uid.
    private static let capacity = 4096
    private static let capacityOfOne = 256

    private struct Making {
        let uid: UInt32
        let time: Int64
        var isOpen: Bool
        /// Whether somebody was granted something on it since.
        var wasGranted = false

        func holds(at now: Int64) -> Bool { isOpen || (time...time + Makers.lifetime).contains(now) }
    }

    private let makings = Guarded<[NodeID: Making]>([:])

    /// Notes that a uid makes an item, in the change: as soon as others can give it a version, that is to find this. The number of one that
    /// comes to nothing is given to no other. Where there is no room, it is not remembered.
    func note(_ item: NodeID, by uid: UInt32, isOpen: Bool = false) {
        let now = SystemClock.sinceBoot()
        makings.withLock { makings in
            let ofOne = makings.values.count { $0.uid == uid }
            if makings.count >= Self.capacity || ofOne >= Self.capacityOfOne { makings = makings.filter { $1.holds(at: now) } }
            guard makings.count < Self.capacity, makings.values.count(where: { $0.uid == uid }) < Self.capacityOfOne else { return }
            makings[item] = Making(uid: uid, time: now, isOpen: isOpen)
        }
    }

    /// Forgets an item that is given a version by a uid: unless that made it, and the bytes are its own again. Before it is committed.
    func noteVersion(of item: NodeID, by uid: UInt32, isOwn: Bool) {
        makings.withLock { makings in
            guard !makings.isEmpty, let making = makings[item], making.uid != uid || !isOwn else { return }
            makings[item] = nil
        }
    }

    /// The file by which an item was made is closed.
    func noteClose(of item: NodeID) {
        makings.withLock { makings in
            guard !makings.isEmpty else { return }
            makings[item]?.isOpen = false
        }
    }

    /// Somebody is granted something on an item. Before it is committed.
    func noteGrant(on item: NodeID) {
        makings.withLock { makings in
            guard !makings.isEmpty else { return }
            makings[item]?.wasGranted = true
        }
    }

    /// Whether an item was made by the uid less than a minute ago, and nobody was ever granted anything on it.
    func madeLately(_ item: NodeID, by uid: UInt32) -> Bool {
        let now = SystemClock.sinceBoot()
        return makings.withLock { makings in
            guard let making = makings[item] else { return false }
            return making.uid == uid && !making.wasGranted && (making.time...making.time + Self.lifetime).contains(now)
        }
    }

    /// Whether all that an item holds, and has held, are bytes that the uid has just written.
    func made(_ item: NodeID, by uid: UInt32) -> Bool {
        let now = SystemClock.sinceBoot()
        return makings.withLock { makings in makings[item].map { $0.uid == uid && $0.holds(at: now) } ?? false }
    }
}

extension Vault {
    /// To be called when a file is closed by which an item was made or written.
    package func noteClose(of inode: Inode) { makers.noteClose(of: inode.node) }
}
