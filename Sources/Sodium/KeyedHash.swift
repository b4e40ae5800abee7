// SPDX-License-Identifier: MIT

internal import CSodium

/// BLAKE2b-256 under a key: tells who knows the key that nothing was changed, and others nothing.
package enum KeyedHash {
    /// Length of a key, in bytes.
    package static let keyLength = Int(crypto_generichash_KEYBYTES)
    /// Length of a hash, in bytes.
    package static let length = Int(crypto_generichash_BYTES)

    /// The hash of `message`, 32 bytes. Throws `wrongLength` for a key that is none.
    package static func hash(_ message: RawSpan, key: borrowing SecretBytes) throws(SodiumError) -> [UInt8] {
        try SodiumError.check(key.count, is: keyLength)
        var hash = [UInt8](repeating: 0, count: length)
        // Always 0: the lengths are in range.
        _ = unsafe message.withPointer { start in
            unsafe crypto_generichash(&hash, length, start, UInt64(message.byteCount), key.pointer, keyLength)
        }
        return hash
    }

    /// The hash of `message`, 32 bytes. Throws `wrongLength` for a key that is none.
    package static func hash(_ message: [UInt8], key: borrowing SecretBytes) throws(SodiumError) -> [UInt8] {
        try unsafe hash(message.span.bytes, key: key)
    }

    /// Whether two hashes are the same, in a time that depends on nothing but their lengths.
    package static func equal(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        unsafe one.count == other.count && sodium_memcmp(one, other, one.count) == 0
    }
}
