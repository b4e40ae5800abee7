// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets

/// The time of the last change of each node: of its contents, its name or its place. Time is the count of the transactions that changed any
/// node.
///
/// Asked for before rows are read, it tells later whether what was read still holds.
final class NodeChanges: Sendable {
    /// How many nodes are told apart.
    private static let capacity = 1 << 14

    private struct State {
        var count: UInt64 = 0
        /// The count at their last change.
        var last: [NodeID: UInt64] = [:]
        /// All others may have changed as late as this.
        var others: UInt64 = 0
    }

    private let state = Guarded(State())

    /// How many transactions have changed something.
    var count: UInt64 { state.withLock { $0.count } }

    /// Those of the nodes that may have changed since there were `count` transactions, and how many there are now.
    func changed(_ nodes: Set<NodeID>, since count: UInt64) -> (nodes: Set<NodeID>, count: UInt64) {
        state.withLock { state in
            guard state.count != count else { return ([], count) }
            return (nodes.filter { state.last[$0] ?? state.others > count }, state.count)
        }
    }

    /// Called after the commit of a change, before it is acknowledged.
    func note(_ nodes: Set<NodeID>) {
        guard !nodes.isEmpty else { return }
        state.withLock { state in
            state.count += 1
            if state.last.count + nodes.count > Self.capacity {
                state.last = [:]
                state.others = state.count
            } else {
                for node in nodes { state.last[node] = state.count }
            }
        }
    }
}

extension StoreConnection {
    /// The secret that a node is in, or is; nil for none.
    func secret(above node: NodeRow) throws(VaultError) -> NodeID? {
        var current = node
        // As far as a place is looked for (`place`).
        for _ in 0..<4096 {
            switch current.kind {
            case .secret: return current.id
            case .variable, .file, .folder: break
            default: return nil
            }
            // A deleted node is its own parent.
            guard current.parent != current.id, let parent = try self.node(current.parent) else { return nil }
            current = parent
        }
        return nil
    }
}
