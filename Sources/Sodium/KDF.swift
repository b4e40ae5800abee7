// SPDX-License-Identifier: MIT

internal import CSodium

/// Many keys from one (`crypto_kdf`): knowing some of them tells nothing of the others, nor of the first.
package enum KDF {
    /// Length of the key to derive from and of those derived, in bytes.
    package static let keyLength = Int(crypto_kdf_KEYBYTES)

    /// Key number `id` of those for `context`, which names the use in 8 bytes of UTF-8. Throws `wrongLength` for a key or a
    /// context of another length, and what `SecretBytes(count:)` throws.
    package static func derive(
        from key: borrowing SecretBytes, id: UInt64, context: StaticString
    ) throws(SodiumError) -> SecretBytes {
        try SodiumError.check(key.count, is: keyLength)
        let context = Array(context.description.utf8).map(CChar.init(bitPattern:))
        try SodiumError.check(context.count, is: Int(crypto_kdf_CONTEXTBYTES))
        let derived = try SecretBytes(count: keyLength)
        // Always 0: the length is in range.
        _ = unsafe crypto_kdf_derive_from_key(derived.pointer, keyLength, id, context, key.pointer)
        return derived
    }
}
