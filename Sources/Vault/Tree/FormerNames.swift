// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets

/// The names that were taken from something: by renaming, removing or replacing it.
///
/// People and programs go on writing to such a name. So what gets it next must not come with grants by which others read what is written
/// there. Names are remembered for as long as deleted things are kept, and forgotten when the daemon ends. A name that was held for less
/// than a minute is not remembered: temporary files come and go.
final class FormerNames: Sendable {
    /// A name in a folder. The folder stands for itself, whatever it is called meanwhile.
    struct Name: Hashable {
        let folder: Inode
        let name: [UInt8]
    }

    /// How long something holds a name until that is remembered; microseconds.
    private static let least: Int64 = 60_000_000
    /// How many are remembered of an organization: some 40 bytes each. From the first that finds no room on every name of it counts as one
    /// that something else had, for as long.
    private static let capacity = 8192
    /// How many nodes are known to have got their name just now.
    private static let mostTakings = 4096

    private struct Leaving {
        /// Microseconds since the machine's start.
        var time: Int64
        /// The node that left the name; nil if several did, one after the other.
        var node: NodeID?
    }

    private struct State {
        /// By the organization, and the hash of the name.
        var leavings: [NodeID: [Int: Leaving]] = [:]
        /// When one was not remembered of an organization, since there was no room.
        var drops: [NodeID: Int64] = [:]
        /// When nodes got the name that they have, if that is less than a minute ago.
        var takings: [NodeID: Int64] = [:]
    }

    private let state = Guarded(State())

    /// Notes that a node gets a name.
    func noteTaking(by node: NodeID) {
        let now = SystemClock.sinceBoot()
        state.withLock { state in
            if state.takings.count >= Self.mostTakings { state.takings = state.takings.filter { now - $1 < Self.least } }
            if state.takings.count < Self.mostTakings { state.takings[node] = now }
        }
    }

    /// Notes that a node, which is as old as `created` says, leaves its name.
    func noteLeaving(of name: Name, by node: NodeID, created: Int64, in organization: NodeID) {
        let (age, overflows) = SystemClock.now().subtractingReportingOverflow(created)
        // A clock that was set back says nothing.
        let isYoung = !overflows && age >= 0 && age < Self.least
        let (key, now) = (name.hashValue, SystemClock.sinceBoot())
        state.withLock { state in
            let isNew = state.takings.removeValue(forKey: node).map { now - $0 < Self.least } ?? false
            var leavings = state.leavings.removeValue(forKey: organization) ?? [:]
            defer { state.leavings[organization] = leavings }
            // Of a name that is remembered all who have it are, for however short a time.
            guard !isYoung && !isNew || leavings[key] != nil else { return }
            if leavings.count >= Self.capacity { leavings = leavings.filter { now - $1.time < Vault.retention } }
            guard leavings.count < Self.capacity else {
                state.drops[organization] = now
                return
            }
            let isAlone = leavings[key].map { $0.node == node } ?? true
            leavings[key] = Leaving(time: now, node: isAlone ? node : nil)
        }
    }

    /// Whether something other than what has it now, or gets it, had one of these names; or whether that can't be told.
    func had(anyOf names: [(name: Name, node: NodeID)], in organization: NodeID) -> Bool {
        let now = SystemClock.sinceBoot()
        return state.withLock { state in
            if let drop = state.drops[organization], now - drop < Vault.retention { return true }
            guard let leavings = state.leavings[organization], !leavings.isEmpty else { return false }
            return names.contains { name, node in
                guard let leaving = leavings[name.hashValue], now - leaving.time < Vault.retention else { return false }
                return leaving.node != node
            }
        }
    }
}

extension Vault {
    /// To be called in a change by which a node leaves its name, when nothing can refuse that any more.
    func noteLeaving(_ node: NodeRow, _ place: Place?) {
        guard let place, case .tree = place.subject.realm else { return }
        formerNames.noteLeaving(
            of: .init(folder: place.parent, name: node.name), by: node.id, created: node.created, in: place.scope ?? .root)
    }

    /// Whether something else had the name that a node gets in a folder, or a name on the way there.
    func wasAnothers(_ name: [UInt8], in folder: Place, of node: NodeID) -> Bool {
        let way = folder.inode == .root ? [] : ([folder.inode] + folder.above).reversed()
        let names = zip(zip([.root] + way, folder.path + [name]), way.map(\.node) + [node]).map {
            (name: FormerNames.Name(folder: $0.0, name: $0.1), node: $1)
        }
        return [folder.scope ?? .root, .root].contains { formerNames.had(anyOf: names, in: $0) }
    }
}
