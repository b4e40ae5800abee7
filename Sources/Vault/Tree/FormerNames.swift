// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets

/// The names that were taken from something: by renaming, removing or replacing it.
///
/// People and programs go on writing to such a name. So what gets it next must not come with grants by which others read what is written
/// there. Names are remembered as long as deleted things are kept, and forgotten when the daemon ends. A name that was held for less than a
/// minute is not remembered: temporary files come and go.
final class FormerNames: Sendable {
    /// How long something holds a name until that is remembered; microseconds.
    private static let least: Int64 = 60_000_000
    /// How many are remembered: some 40 bytes each.
    private static let capacity = 32_768

    private struct Leaving {
        /// Microseconds since the machine's start.
        var time: Int64
        /// What left the name; nil if several things did, one after the other.
        var node: NodeID?
    }

    /// By the hash of the path.
    private let leavings = Guarded<[Int: Leaving]>([:])

    /// Notes that a node, which is as old as `created` says, leaves the name at a path.
    func note(_ node: NodeID, leaves path: [[UInt8]], created: Int64) {
        let (age, overflows) = SystemClock.now().subtractingReportingOverflow(created)
        // A clock that was set back says nothing.
        guard overflows || age < 0 || age >= Self.least else { return }
        let (key, now) = (path.hashValue, SystemClock.sinceBoot())
        leavings.withLock { leavings in
            if leavings.count >= Self.capacity { leavings = leavings.filter { now - $1.time < Vault.retention } }
            // Full, it stays full: every name counts as one that something else had.
            guard leavings.count < Self.capacity else { return }
            let isAlone = leavings[key].map { $0.node == node } ?? true
            leavings[key] = Leaving(time: now, node: isAlone ? node : nil)
        }
    }

    /// Whether something other than what has it now had a name on a path, or whether that can't be told.
    ///
    /// - Parameter nodes: what has each name of the path now, or gets it.
    func has(onTheWayTo path: [[UInt8]], of nodes: [NodeID]) -> Bool {
        let now = SystemClock.sinceBoot()
        return leavings.withLock { leavings in
            if leavings.isEmpty { return false }
            if leavings.count >= Self.capacity { return true }
            return zip(path.indices, nodes).contains { end, node in
                guard let leaving = leavings[Array(path[...end]).hashValue], now - leaving.time < Vault.retention else { return false }
                return leaving.node != node
            }
        }
    }
}

extension Vault {
    /// To be called in a change by which a node leaves its name.
    func noteLeaving(_ node: NodeRow, _ place: Place?) {
        guard let place, case .tree = place.subject.realm else { return }
        formerNames.note(node.id, leaves: place.path, created: node.created)
    }

    /// Whether something else had the name that a node gets in a folder, or a name on the way there.
    func wasAnothers(_ name: [UInt8], in folder: Place, of node: NodeID) -> Bool {
        let way = folder.inode == .root ? [] : [folder.inode] + folder.above
        return formerNames.has(onTheWayTo: folder.path + [name], of: way.reversed().map(\.node) + [node])
    }
}
