// SPDX-License-Identifier: MIT

internal import Sodium
internal import Synchronization

/// Signatures that were verified once, and need not be verified again: each listing, passing and opening reads the same grants, and an
/// Ed25519 verification takes as long as a hundred of these look-ups.
///
/// Safe, since what is kept is a 256-bit keyed hash of the signature and of all that it signs: a row that was changed in any bit is
/// not the one that was verified. There's nothing to forget when rows change, only when there are too many.
final class VerifiedSignatures: Sendable {
    /// Hashes of those seen since the last time that there were too many, and of the time before.
    private struct Generations {
        var young: Set<[UInt8]> = []
        var old: Set<[UInt8]> = []

        /// Whether it is kept; then it stays.
        mutating func contains(_ hash: [UInt8], bound: Int) -> Bool {
            if young.contains(hash) { return true }
            guard old.contains(hash) else { return false }
            keep(hash, bound: bound)
            return true
        }

        mutating func keep(_ hash: [UInt8], bound: Int) {
            if young.count >= bound {
                old = young
                young = []
            }
            young.insert(hash)
        }
    }

    private let key: SecretBytes
    private let bound: Int
    private let kept = Mutex(Generations())

    /// - Parameter bound: how many are kept at least, if there are so many; twice as many at most.
    /// - Throws: what `SecretBytes` does for want of memory that can be locked.
    init(bound: Int = 1 << 15) throws(SodiumError) {
        key = try SecretBytes(random: KeyedHash.keyLength)
        self.bound = bound
    }

    /// Whether this is a signature of `fields`: by what is known of it, else by `verify`.
    func verifies(_ signature: [UInt8], of fields: [UInt8], _ verify: () -> Bool) -> Bool {
        // All that are kept have this length: where the fields begin is the same in all of them.
        guard signature.count == VerifyingKey.signatureLength, let hash = try? KeyedHash.hash(signature + fields, key: key) else {
            return verify()
        }
        if kept.withLock({ $0.contains(hash, bound: bound) }) { return true }
        guard verify() else { return false }
        kept.withLock { $0.keep(hash, bound: bound) }
        return true
    }
}
