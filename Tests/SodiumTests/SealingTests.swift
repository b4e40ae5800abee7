// SPDX-License-Identifier: MIT

import Testing

@testable import Sodium

/// Sealing under a shared key and to a public key: what comes back, and that nothing changed does.
@Suite struct SealingTests {
    private let message = Array("Ladies and Gentlemen".utf8)
    private let place = Array("format 1, item 7".utf8)

    private func seal(_ bytes: [UInt8], _ key: borrowing SecretBytes, _ associated: [UInt8]) throws -> [UInt8] {
        try AEAD.seal(unsafe bytes.span.bytes, key: key, associated: associated)
    }

    @Test(arguments: [0, 1, 64, 4096, 1 << 20])
    func `what was sealed opens`(count: Int) throws {
        let key = try SecretBytes(random: AEAD.keyLength)
        let bytes = Random.bytes(count)
        let sealed = try seal(bytes, key, place)
        #expect(sealed.count == count + AEAD.overhead)
        let opened = plain(try AEAD.open(sealed, key: key, associated: place))
        #expect(opened == bytes)
    }

    @Test func `the same message is sealed differently each time`() throws {
        let key = try SecretBytes(random: AEAD.keyLength)
        let (one, other) = (try seal(message, key, place), try seal(message, key, place))
        #expect(one != other && one.prefix(24) != other.prefix(24))
    }

    @Test func `a flipped bit in the nonce, the ciphertext, the tag or the associated data is refused`() throws {
        let key = try SecretBytes(random: AEAD.keyLength)
        let sealed = try seal(message, key, place)
        for changed in bitFlips(of: sealed) {
            #expect(failure { _ = try AEAD.open(changed, key: key, associated: place) } == .forged)
        }
        for elsewhere in bitFlips(of: place) + [[], place + [0]] {
            #expect(failure { _ = try AEAD.open(sealed, key: key, associated: elsewhere) } == .forged)
        }
    }

    @Test func `a cut or longer message and another key are refused`() throws {
        let key = try SecretBytes(random: AEAD.keyLength)
        let sealed = try seal(message, key, place)
        for count in 0..<sealed.count {
            #expect(failure { _ = try AEAD.open(Array(sealed.prefix(count)), key: key, associated: place) } == .forged)
        }
        #expect(failure { _ = try AEAD.open(sealed + [0], key: key, associated: place) } == .forged)
        let other = try SecretBytes(random: AEAD.keyLength)
        #expect(failure { _ = try AEAD.open(sealed, key: other, associated: place) } == .forged)
    }

    @Test(arguments: [0, 16, 31, 33])
    func `a key of another length is an error`(count: Int) throws {
        let key = try secret([UInt8](repeating: 1, count: count))
        let expected = SodiumError.wrongLength(expected: 32, actual: count)
        #expect(failure { _ = try seal(message, key, place) } == expected)
        #expect(failure { _ = try AEAD.open([UInt8](repeating: 0, count: 60), key: key, associated: []) } == expected)
    }

    @Test(arguments: [0, 1, 32, 4096])
    func `what was sealed to a public key opens with the pair`(count: Int) throws {
        try Sodium.start()
        let pair = try BoxKeyPair()
        let bytes = Random.bytes(count)
        let sealed = try SealedBox.seal(unsafe bytes.span.bytes, to: pair.publicKey)
        #expect(sealed.count == count + SealedBox.overhead)
        let opened = plain(try SealedBox.open(sealed, with: pair))
        #expect(opened == bytes)
        for changed in bitFlips(of: sealed.count > 100 ? [] : sealed) {
            // The top bit of an X25519 key is not part of it (RFC 7748, section 5), but the nonce here is a hash of all of it.
            #expect(failure { _ = try SealedBox.open(changed, with: pair) } == .forged)
        }
        let other = try BoxKeyPair()
        #expect(failure { _ = try SealedBox.open(sealed, with: other) } == .forged)
        #expect(failure { _ = try SealedBox.open(Array(sealed.prefix(47)), with: pair) } == .forged)
    }

    @Test func `a pair comes back from its seed and from its private half`() throws {
        let seed = try SecretBytes(random: 32)
        let pair = try BoxKeyPair(seed: seed)
        let fromSeed = try BoxKeyPair(seed: seed).publicKey
        let fromSecretKey = try BoxKeyPair(secretKey: pair.secretKey.copy()).publicKey
        #expect(fromSeed == pair.publicKey && fromSecretKey == pair.publicKey)
        #expect(failure { _ = try BoxKeyPair(secretKey: SecretBytes(count: 31)) } == .wrongLength(expected: 32, actual: 31))
        #expect(failure { _ = try BoxPublicKey([1, 2, 3]) } == .wrongLength(expected: 32, actual: 3))
    }

    /// RFC 7748, section 5.2: "After one iteration", of the base point by the scalar 9.
    @Test func `a public half is the base point times the private one`() throws {
        let nine = try secret([9] + [UInt8](repeating: 0, count: 31))
        let publicKey = try BoxKeyPair(secretKey: nine).publicKey
        #expect(try publicKey.bytes == hex("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"))
    }
}
