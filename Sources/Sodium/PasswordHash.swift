// SPDX-License-Identifier: MIT

internal import CSodium

/// Argon2id, version 1.3: a key from a passphrase, at a cost that makes guessing dear.
package enum PasswordHash {
    /// Length of a salt, in bytes.
    package static let saltLength = Int(crypto_pwhash_argon2id_SALTBYTES)
    /// Length of a key, in bytes.
    package static let keyLength = 32
    /// The cost with which a new passphrase is hashed: 3 passes over 256 MiB.
    package static let usualOpslimit = UInt64(crypto_pwhash_argon2id_OPSLIMIT_MODERATE)
    package static let usualMemlimit = Int(crypto_pwhash_argon2id_MEMLIMIT_MODERATE)
    /// The most that is taken: costs come from a store that others may have written.
    package static let greatestOpslimit: UInt64 = 256
    package static let greatestMemlimit = 4 << 30

    /// The key, 32 bytes, that `passphrase` and `salt` (16 bytes) give after `opslimit` passes over `memlimit` bytes.
    /// Throws `wrongLength` for a salt that is none, `unacceptableCost` for a cost over the greatest or under what Argon2id
    /// needs (1 pass, 8 KiB), `outOfMemory`, and what `SecretBytes(count:)` throws.
    package static func derive(
        from passphrase: borrowing SecretBytes, salt: [UInt8], opslimit: UInt64, memlimit: Int
    ) throws(SodiumError) -> SecretBytes {
        try SodiumError.check(salt.count, is: saltLength)
        guard (UInt64(crypto_pwhash_argon2id_OPSLIMIT_MIN)...greatestOpslimit).contains(opslimit),
            (Int(crypto_pwhash_argon2id_MEMLIMIT_MIN)...greatestMemlimit).contains(memlimit)
        else { throw .unacceptableCost }
        let key = try SecretBytes(count: keyLength)
        let result = unsafe passphrase.pointer.withMemoryRebound(to: CChar.self, capacity: passphrase.count) { characters in
            unsafe crypto_pwhash_argon2id(
                key.pointer, UInt64(keyLength), characters, UInt64(passphrase.count), salt,
                opslimit, memlimit, crypto_pwhash_argon2id_ALG_ARGON2ID13)
        }
        guard result == 0 else { throw .outOfMemory }
        return key
    }
}
