// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets
internal import Synchronization

/// The ACL commands under way: which of a folder's two ACLs a thread set last, so that the second is compared with what was shown before
/// the first (`ACLCommand`).
///
/// Only callers who may change the grants leave something here, and each uid has a share of its own.
final class ACLCommands: Sendable {
    /// How long a thread may take from one call to the next, in microseconds. setfacl(1) does nothing between them.
    private static let lifetime: Int64 = 30_000_000
    /// How many threads of one uid are remembered.
    private static let perUser = 64

    /// The thread that sets ACLs: that of the request, 0 in a foreign pid namespace.
    struct Setter: Hashable {
        let uid: UInt32
        let thread: Int32
    }

    private struct Kept {
        let inode: Inode
        let command: ACLCommand
        /// When its last ACL had been set, by the clock that is never set.
        let ended: Int64
    }

    private let kept = Mutex<[Setter: Kept]>([:])

    /// The command that goes on with this ACL, taken out; nil if none does.
    func take(_ setter: Setter, _ inode: Inode, isDefault: Bool) -> ACLCommand? {
        kept.withLock { kept in
            guard let last = kept.removeValue(forKey: setter), last.inode == inode, !last.command.hasSet(isDefault: isDefault),
                SystemClock.monotonic() - last.ended < Self.lifetime
            else { return nil }
            return last.command
        }
    }

    /// Keeps a command that may go on.
    func keep(_ command: ACLCommand, _ setter: Setter, _ inode: Inode) {
        let now = SystemClock.monotonic()
        kept.withLock { kept in
            kept = kept.filter { now - $0.value.ended < Self.lifetime }
            let own = kept.filter { $0.key.uid == setter.uid }
            if own.count >= Self.perUser, let oldest = own.min(by: { $0.value.ended < $1.value.ended }) { kept[oldest.key] = nil }
            kept[setter] = Kept(inode: inode, command: command, ended: now)
        }
    }

    /// A thread that reads an ACL again knows what the first call made of it: what it sets next is compared with that.
    func forget(_ setter: Setter, _ inode: Inode) {
        kept.withLock { kept in
            guard !kept.isEmpty, kept[setter]?.inode == inode else { return }
            kept[setter] = nil
        }
    }
}
