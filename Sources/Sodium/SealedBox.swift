// SPDX-License-Identifier: MIT

internal import CSodium

/// The half of an X25519 pair that anyone may have: who has it can seal, and can open nothing.
package struct BoxPublicKey: Hashable, Sendable {
    /// Length of a public key, in bytes.
    package static let length = Int(crypto_box_PUBLICKEYBYTES)

    /// The key, 32 bytes.
    package let bytes: [UInt8]

    /// Throws `wrongLength` unless these are 32 bytes.
    package init(_ bytes: [UInt8]) throws(SodiumError) {
        try SodiumError.check(bytes.count, is: Self.length)
        self.bytes = bytes
    }
}

/// An X25519 pair: opens what was sealed to its public half.
package struct BoxKeyPair: ~Copyable, Sendable {
    /// Length of a seed and of a secret half, in bytes.
    package static let secretLength = Int(crypto_box_SECRETKEYBYTES)

    package let publicKey: BoxPublicKey
    /// The private half, 32 bytes; what a store keeps, sealed.
    package let secretKey: SecretBytes

    /// A new random pair.
    package init() throws(SodiumError) {
        try self.init(secretKey: SecretBytes(random: Self.secretLength))
    }

    /// The pair that this 32-byte seed stands for, always the same (`crypto_box_seed_keypair`).
    package init(seed: borrowing SecretBytes) throws(SodiumError) {
        try SodiumError.check(seed.count, is: Int(crypto_box_SEEDBYTES))
        let secretKey = try SecretBytes(count: Self.secretLength)
        var publicKey = [UInt8](repeating: 0, count: BoxPublicKey.length)
        // Always 0: a hash and a multiplication of the base point.
        _ = unsafe crypto_box_seed_keypair(&publicKey, secretKey.pointer, seed.pointer)
        self.publicKey = try BoxPublicKey(publicKey)
        self.secretKey = secretKey
    }

    /// The pair with this private half; the public one is computed.
    package init(secretKey: consuming SecretBytes) throws(SodiumError) {
        try SodiumError.check(secretKey.count, is: Self.secretLength)
        var publicKey = [UInt8](repeating: 0, count: BoxPublicKey.length)
        // Always 0 for the base point.
        _ = unsafe crypto_scalarmult_base(&publicKey, secretKey.pointer)
        self.publicKey = try BoxPublicKey(publicKey)
        self.secretKey = secretKey
    }
}

/// `crypto_box_seal(3)`: messages to a public key from nobody in particular. It hides and protects a message against change,
/// and does not tell who made it: signatures do (`SigningKey`).
///
/// A sealed message is `ephemeral public key (32) | tag (16) | ciphertext`.
package enum SealedBox {
    /// How much longer a sealed message is than the message, in bytes.
    package static let overhead = crypto_box_sealbytes()

    /// `secret`, sealed so that only the owner of `key`'s pair can open it. Throws `weakPublicKey`.
    package static func seal(_ secret: RawSpan, to key: BoxPublicKey) throws(SodiumError) -> [UInt8] {
        var sealed = [UInt8](repeating: 0, count: secret.byteCount + overhead)
        let result = unsafe secret.withPointer { start in
            unsafe crypto_box_seal(&sealed, start, UInt64(secret.byteCount), key.bytes)
        }
        guard result == 0 else { throw .weakPublicKey }
        return sealed
    }

    /// The message in `sealed`. Throws `forged` for anything that was not sealed to `keyPair`, and what
    /// `SecretBytes(count:)` throws.
    package static func open(_ sealed: RawSpan, with keyPair: borrowing BoxKeyPair) throws(SodiumError) -> SecretBytes {
        guard sealed.byteCount >= overhead else { throw .forged }
        let secret = try SecretBytes(count: sealed.byteCount - overhead)
        let result = unsafe sealed.withPointer { start in
            unsafe crypto_box_seal_open(
                secret.pointer, start, UInt64(sealed.byteCount), keyPair.publicKey.bytes, keyPair.secretKey.pointer)
        }
        guard result == 0 else { throw .forged }
        return secret
    }

    /// `open` for sealed bytes in an array.
    package static func open(_ sealed: [UInt8], with keyPair: borrowing BoxKeyPair) throws(SodiumError) -> SecretBytes {
        try unsafe open(sealed.span.bytes, with: keyPair)
    }
}
