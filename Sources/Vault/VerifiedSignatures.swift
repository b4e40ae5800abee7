internal import Sodium
internal import Synchronization

/// What was verified once need not be verified again: who lists, passes or opens has the same grants read each time, and an Ed25519
/// verification takes as long as a hundred of these look-ups.
///
/// Safe, since what is kept is a 256-bit keyed hash of the signature and of all that it signs: a row that was changed in any bit is
/// not the one that was verified. There's nothing to forget when rows change, only when there are too many.
final class VerifiedSignatures: Sendable {
    private struct Digest: Hashable {
        let words: (UInt64, UInt64, UInt64, UInt64)

        init(_ hash: [UInt8]) {
            func word(_ index: Int) -> UInt64 { hash[(index * 8)..<(index * 8 + 8)].reduce(0) { $0 << 8 | UInt64($1) } }
            words = (word(0), word(1), word(2), word(3))
        }

        static func == (one: Digest, other: Digest) -> Bool { one.words == other.words }

        // Part of a hash already, under a key that nobody knows.
        func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
    }

    /// Those seen since the last time that this was full, and those of the time before.
    private struct Generations {
        var young: Set<Digest> = []
        var old: Set<Digest> = []
    }

    /// How many are kept at least, if there are so many; twice as many at most. 40 bytes each.
    private static let bound = 1 << 15

    private let key: SecretBytes
    private let kept = Mutex(Generations())

    /// Throws what `SecretBytes` does for want of memory that can be locked.
    init() throws(SodiumError) {
        key = try SecretBytes(random: KeyedHash.keyLength)
    }

    /// Whether this was verified before, or is now, by `verify`.
    func contains(_ signature: [UInt8], of fields: [UInt8], orVerifies verify: () -> Bool) -> Bool {
        // A signature that verifies has 64 bytes, so nothing else begins like it.
        guard signature.count == VerifyingKey.signatureLength, let hash = try? KeyedHash.hash(signature + fields, key: key) else {
            return verify()
        }
        let digest = Digest(hash)
        let known = kept.withLock { kept in
            if kept.young.contains(digest) { return true }
            guard kept.old.contains(digest) else { return false }
            VerifiedSignatures.insert(digest, &kept)
            return true
        }
        guard !known else { return true }
        guard verify() else { return false }
        kept.withLock { VerifiedSignatures.insert(digest, &$0) }
        return true
    }

    private static func insert(_ digest: Digest, _ kept: inout Generations) {
        if kept.young.count >= bound {
            kept.old = kept.young
            kept.young = []
        }
        kept.young.insert(digest)
    }
}
