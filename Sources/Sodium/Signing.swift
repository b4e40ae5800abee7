// SPDX-License-Identifier: MIT

internal import CSodium

/// An Ed25519 key that signs.
package struct SigningKey: ~Copyable, Sendable {
    /// Length of a seed, in bytes. The seed is the key: keep it, and make the rest again.
    package static let seedLength = Int(crypto_sign_SEEDBYTES)

    /// The half that checks signatures.
    package let verifyingKey: VerifyingKey
    private let secretKey: SecretBytes

    /// The key with this 32-byte seed. Throws `wrongLength`, and what `SecretBytes(count:)` throws.
    package init(seed: borrowing SecretBytes) throws(SodiumError) {
        try SodiumError.check(seed.count, is: Self.seedLength)
        let secretKey = try SecretBytes(count: Int(crypto_sign_SECRETKEYBYTES))
        var publicKey = [UInt8](repeating: 0, count: VerifyingKey.length)
        // Always 0: a hash and a multiplication of the base point.
        _ = unsafe crypto_sign_seed_keypair(&publicKey, secretKey.pointer, seed.pointer)
        self.verifyingKey = try VerifyingKey(publicKey)
        self.secretKey = secretKey
    }

    /// The signature of `message`, 64 bytes, the same each time.
    package borrowing func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: VerifyingKey.signatureLength)
        // Always 0; if it ever failed, what is returned here would verify nowhere.
        _ = unsafe crypto_sign_detached(&signature, nil, message, UInt64(message.count), secretKey.pointer)
        return signature
    }
}

/// The public half of an Ed25519 key.
package struct VerifyingKey: Hashable, Sendable {
    /// Length of a public key, in bytes.
    package static let length = Int(crypto_sign_PUBLICKEYBYTES)
    /// Length of a signature, in bytes.
    package static let signatureLength = Int(crypto_sign_BYTES)

    /// The key, 32 bytes.
    package let bytes: [UInt8]

    /// Throws `wrongLength` unless these are 32 bytes.
    package init(_ bytes: [UInt8]) throws(SodiumError) {
        try SodiumError.check(bytes.count, is: Self.length)
        self.bytes = bytes
    }

    /// Whether `signature` is one of `message` by this key. A signature of any other length than 64 bytes is none, nor is
    /// one that is not in canonical form, nor any by a weak key.
    package func verify(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        unsafe signature.count == Self.signatureLength
            && crypto_sign_verify_detached(signature, message, UInt64(message.count), bytes) == 0
    }
}
