// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Linux
internal import Synchronization
internal import Vault

/// How much locked memory the requests in progress may take up. Values come and go in it, and the same limit (RLIMIT_MEMLOCK) is on
/// what the mount needs to serve anybody at all: so all requests together get half, and no user but the owner of the store more than
/// a quarter of that.
///
/// A value no larger than `Limits.smallValue` is not counted: the bound on connections bounds it, and nobody who holds large values
/// can keep others from their passwords.
final class LockedShares: Sendable {
    /// For all requests together, in bytes.
    let total: Int
    /// By uid, in bytes.
    private let held = Mutex<[UInt32: Int]>([:])

    /// - Parameter limit: how much the process may lock, in bytes; nil for no limit.
    init(limit: Int? = LockLimit.bytes()) {
        total = min(limit.map { $0 / 2 } ?? .max, Limits.lockedMemory)
    }

    /// Room for so many bytes, until the share is let go of. Throws a refusal if that is more than `peer` may ever have, or may have
    /// now. What is `kept` outlives its connection, so it counts however small it is, by the memory that it takes up.
    func take(_ bytes: Int, for peer: Peer, isOwner: Bool, kept: Bool = false) throws(Refused) -> Share {
        guard kept || bytes > Limits.smallValue else { return Share(of: self, bytes: 0, uid: peer.uid) }
        let bytes = kept ? max(SecretBuffer.footprint(of: bytes), Limits.smallestKept) : bytes
        let most = isOwner ? total : total / 4
        guard bytes <= most else {
            throw Refused(
                413, "the values are longer than the \(most) bytes of locked memory that you may take up",
                hint: "the limit on locked memory of tacitd decides (LimitMEMLOCK= in its unit)", code: .tooLarge)
        }
        let isGiven = held.withLock { held in
            let own = held[peer.uid, default: 0]
            guard own + bytes <= most, held.values.reduce(0, +) + bytes <= total else { return false }
            held[peer.uid] = own + bytes
            return true
        }
        guard isGiven else { throw .busy("too many values are under way") }
        return Share(of: self, bytes: bytes, uid: peer.uid)
    }

    fileprivate func giveBack(_ bytes: Int, of uid: UInt32) {
        held.withLock { held in
            let rest = held[uid, default: 0] - bytes
            held[uid] = rest > 0 ? rest : nil
        }
    }
}

/// A part of the locked memory, given back when its last owner goes.
final class Share: Sendable {
    private let shares: LockedShares
    private let bytes: Int
    private let uid: UInt32

    fileprivate init(of shares: LockedShares, bytes: Int, uid: UInt32) {
        self.shares = shares
        self.bytes = bytes
        self.uid = uid
    }

    deinit {
        if bytes > 0 { shares.giveBack(bytes, of: uid) }
    }
}
