import Testing

@testable import Sodium

/// The vectors of the documents that define what is used.
@Suite struct PublishedVectors {
    /// draft-irtf-cfrg-xchacha-03, A.3.1.
    @Test func xchacha20Poly1305() throws {
        let key = try secret(Array(0x80...0x9f))
        let message = Array("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.".utf8)
        let associated = hex("50515253c0c1c2c3c4c5c6c7")
        let sealed = try unsafe AEAD.seal(message.span.bytes, key: key, associated: associated, nonce: Array(0x40...0x57))
        let expected = hex(
            """
            bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452
            2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e
            c0875924c1c7987947deafd8780acf49
            """)
        #expect(sealed == Array(0x40...0x57) + expected)
        #expect(try AEAD.open(sealed, key: key, associated: associated).published == message)
    }

    /// RFC 8032, 7.1, tests 1 to 3.
    @Test(arguments: [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ]) func ed25519(_ seed: String, _ publicKey: String, _ message: String, _ signature: String) throws {
        let key = try SigningKey(seed: try secret(hex(seed)))
        #expect(key.verifyingKey.bytes == hex(publicKey))
        #expect(key.sign(hex(message)) == hex(signature))
        #expect(key.verifyingKey.verify(hex(signature), of: hex(message)))
        for bit in 0..<512 {
            var changed = hex(signature)
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!key.verifyingKey.verify(changed, of: hex(message)))
        }
    }

    /// RFC 7748, 5.2: the scalar and the coordinate 9, which is the base point.
    @Test func x25519() throws {
        let pair = try BoxKeyPair(secretKey: try secret(hex("0900000000000000000000000000000000000000000000000000000000000000")))
        #expect(pair.publicKey.bytes == hex("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"))
    }

    /// By Python's hashlib: there is no published vector of a keyed BLAKE2b of 32 bytes, nor of crypto_kdf, which is BLAKE2b too.
    @Test func blake2b() throws {
        let key = try secret(Array(0..<32))
        #expect(
            try KeyedHash.hash(Array("abc".utf8), key: key)
                == hex("d63a32d3e44738d7907f964316c241adaba0abfeabc32349677578a15a203f7f"))
        #expect(
            try KDF.derive(from: key, id: 1, context: "tacitrow").published
                == hex("8932e87efb0bc71bb0398214b457bb93b5c5cf36f2d1f7029d954771ada37c28"))
    }

    /// By OpenSSL: RFC 9106's own vectors have four lanes and a secret, which libsodium does not offer.
    @Test(arguments: [
        ("password", 8192, 1, "84fb006bbc3cd69895722b64b5bf735251a9e8e9f3ecb93ff595b98aeb7accb7"),
        ("", 64, 3, "4e14e5c39cd135b1b2d68a0e1879eea9c7c101dc94c82d8edecefb259830535c"),
        ("password", 65536, 2, "fc33b78139231d34b71626bd6245c1d72efa190ad605c3d8166a72adcedfa2c2"),
    ]) func argon2id(_ passphrase: String, _ kibibytes: Int, _ passes: UInt64, _ key: String) throws {
        let derived = try PasswordHash.derive(
            from: try secret(Array(passphrase.utf8)), salt: Array("somesaltsomesalt".utf8), opslimit: passes, memlimit: kibibytes << 10)
        #expect(derived.published == hex(key))
    }

    @Test func argon2idRefusesCostsOutOfBounds() throws {
        let salt = [UInt8](repeating: 0, count: 16)
        for (passes, memory) in [(0, 1 << 20), (1000, 1 << 20), (1, 1), (1, 8 << 30)] as [(UInt64, Int)] {
            #expect(throws: SodiumError.unacceptableCost) {
                _ = try PasswordHash.derive(from: try secret([1]), salt: salt, opslimit: passes, memlimit: memory).count
            }
        }
        #expect(throws: SodiumError.wrongLength(expected: 16, actual: 15)) {
            _ = try PasswordHash.derive(from: try secret([1]), salt: Array(salt.dropLast()), opslimit: 1, memlimit: 1 << 20).count
        }
    }
}
