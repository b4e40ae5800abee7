// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets
internal import Synchronization
internal import Vault

/// The numbers of items that a rename gave to others as their next version.
///
/// The kernel gives the new name to the inode that was renamed, and a process that has it open goes on with it: its number is
/// another name of the item that took the version. The name itself is looked up again as soon as the kernel has forgotten it.
final class FormerFiles: Sendable {
    /// How many numbers of one user are remembered, the last ones: what has no number any more is looked up by its name again.
    private static let capacityOfOne = 1024

    private struct State {
        /// The item of each number itself, however many renames there were in between.
        var items: [Inode: Inode] = [:]
        /// By the user who renamed, the oldest first.
        var queues: [UInt32: [Inode]] = [:]
    }

    private let state = Guarded(State())
    /// Whether there is any: opens need not wait for the lock else.
    private let isUsed = Atomic(false)

    func add(_ former: Inode, for item: Inode, by uid: UInt32) {
        state.withLock { state in
            for (number, known) in state.items where known == former { state.items[number] = item }
            state.items[former] = item
            state.queues[uid, default: []].append(former)
            guard state.queues[uid]?.count ?? 0 > Self.capacityOfOne, let oldest = state.queues[uid]?.removeFirst() else { return }
            state.items[oldest] = nil
        }
        isUsed.store(true, ordering: .releasing)
    }

    /// The item that a number stands for: most stand for themselves.
    func item(_ inode: Inode) -> Inode {
        guard isUsed.load(ordering: .acquiring) else { return inode }
        return state.withLock { $0.items[inode] ?? inode }
    }

    /// An item is in the tree again under its own number.
    func forget(_ inode: Inode) {
        guard isUsed.load(ordering: .acquiring) else { return }
        state.withLock { state in
            if state.items.removeValue(forKey: inode) != nil {
                for uid in state.queues.keys { state.queues[uid]?.removeAll { $0 == inode } }
            }
        }
    }
}
