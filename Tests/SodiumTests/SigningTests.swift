// SPDX-License-Identifier: MIT

import Testing

@testable import Sodium

/// Ed25519: the signatures of the specification, and that nothing else passes for one.
@Suite struct SigningTests {
    struct Vector: Sendable {
        let seed, publicKey, message, signature: String
    }

    /// RFC 8032, section 7.1, tests 1 and 2.
    static let vectors = [
        Vector(
            seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            message: "",
            signature: """
                e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155
                5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b
                """),
        Vector(
            seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            message: "72",
            signature: """
                92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
                085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00
                """),
    ]

    @Test(arguments: vectors) func `a signature is that of the specification`(_ vector: Vector) throws {
        let key = try SigningKey(seed: secret(hex(vector.seed)))
        let signature = key.sign(try hex(vector.message))
        #expect(try signature == hex(vector.signature))
        let publicKey = key.verifyingKey
        #expect(try publicKey.bytes == hex(vector.publicKey))
        #expect(try publicKey.verify(signature, of: hex(vector.message)))
    }

    @Test func `a flipped bit in the signature, the message or the key is refused`() throws {
        let message = Array("grant".utf8)
        let key = try SigningKey(seed: secret(hex(Self.vectors[0].seed)))
        let signature = key.sign(message)
        let publicKey = key.verifyingKey
        for changed in bitFlips(of: signature) + [[], Array(signature.dropLast()), signature + [0]] {
            #expect(!publicKey.verify(changed, of: message))
        }
        for changed in bitFlips(of: message) + [[], message + [0]] {
            #expect(!publicKey.verify(signature, of: changed))
        }
        for changed in bitFlips(of: publicKey.bytes) {
            #expect(try !VerifyingKey(changed).verify(signature, of: message))
        }
    }

    @Test func `keys of other lengths are errors`() throws {
        #expect(failure { _ = try SigningKey(seed: secret("short")) } == .wrongLength(expected: 32, actual: 5))
        #expect(failure { _ = try VerifyingKey([]) } == .wrongLength(expected: 32, actual: 0))
    }
}
