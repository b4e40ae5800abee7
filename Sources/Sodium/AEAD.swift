// SPDX-License-Identifier: MIT

internal import CSodium

/// XChaCha20-Poly1305 (IETF): encryption under a shared key that also authenticates.
///
/// A sealed message is `nonce (24) | ciphertext (as long as the message) | tag (16)`. The nonce is random; with 192 bits
/// one key may seal any number of messages. The associated data is authenticated, not stored: opening needs the same again,
/// which binds a message to its place.
package enum AEAD {
    /// Length of a key, in bytes.
    package static let keyLength = Int(crypto_aead_xchacha20poly1305_ietf_KEYBYTES)
    /// How much longer a sealed message is than the message, in bytes.
    package static let overhead = nonceLength + tagLength

    static let nonceLength = Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    static let tagLength = Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)

    /// `message`, sealed under `key` with a fresh random nonce. Throws `wrongLength` for a key that is none.
    package static func seal(
        _ message: RawSpan, key: borrowing SecretBytes, associated: [UInt8]
    ) throws(SodiumError) -> [UInt8] {
        try seal(message, key: key, associated: associated, nonce: Random.bytes(nonceLength))
    }

    /// `seal` with a nonce of the caller's, for published test vectors only: a nonce used twice breaks both messages.
    static func seal(
        _ message: RawSpan, key: borrowing SecretBytes, associated: [UInt8], nonce: [UInt8]
    ) throws(SodiumError) -> [UInt8] {
        try SodiumError.check(key.count, is: keyLength)
        try SodiumError.check(nonce.count, is: nonceLength)
        var ciphertext = [UInt8](repeating: 0, count: message.byteCount + tagLength)
        // Always 0: the only failure is a message over 2^38 bytes, for which libsodium calls its misuse handler.
        _ = unsafe message.withPointer { start in
            unsafe crypto_aead_xchacha20poly1305_ietf_encrypt(
                &ciphertext, nil, start, UInt64(message.byteCount), associated, UInt64(associated.count),
                nil, nonce, key.pointer)
        }
        return nonce + ciphertext
    }

    /// The message in `sealed`. Throws `forged` unless this very key sealed these very bytes with this associated data;
    /// `wrongLength` for a key that is none; what `SecretBytes(count:)` throws.
    package static func open(
        _ sealed: RawSpan, key: borrowing SecretBytes, associated: [UInt8]
    ) throws(SodiumError) -> SecretBytes {
        try SodiumError.check(key.count, is: keyLength)
        guard sealed.byteCount >= overhead else { throw .forged }
        let message = try SecretBytes(count: sealed.byteCount - overhead)
        let result = unsafe sealed.withPointer { start in
            unsafe crypto_aead_xchacha20poly1305_ietf_decrypt(
                message.pointer, nil, nil, start + nonceLength, UInt64(sealed.byteCount - nonceLength),
                associated, UInt64(associated.count), start, key.pointer)
        }
        guard result == 0 else { throw .forged }
        return message
    }

    /// `open` for sealed bytes in an array.
    package static func open(
        _ sealed: [UInt8], key: borrowing SecretBytes, associated: [UInt8]
    ) throws(SodiumError) -> SecretBytes {
        try unsafe open(sealed.span.bytes, key: key, associated: associated)
    }
}
