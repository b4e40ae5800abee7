// SPDX-License-Identifier: MIT

import Testing

@testable import Sodium

/// Keyed hashes, derived keys and password hashes, against values that other implementations computed.
@Suite struct DerivationTests {
    private let key = [UInt8](0..<32)

    /// Expected: Python's hashlib.blake2b(message, key=bytes(range(32)), digest_size=32).
    @Test(arguments: [
        ([], "4e51e7a913fc80137da52880fecca175bf81e117d5c68126dc2774033517ea0d"),
        (Array("abc".utf8), "d63a32d3e44738d7907f964316c241adaba0abfeabc32349677578a15a203f7f"),
        ([UInt8](0...255), "b42be36ea26392f67d1d3706ffa72b6c61c2ff38e1fabd9a49e154d54b967d83"),
    ])
    func `a keyed hash is BLAKE2b-256`(message: [UInt8], expected: String) throws {
        let hash = try KeyedHash.hash(message, key: secret(key))
        #expect(try hash == hex(expected))
        #expect(KeyedHash.equal(hash, hash))
        for changed in bitFlips(of: hash) { #expect(!KeyedHash.equal(hash, changed)) }
        #expect(!KeyedHash.equal(hash, Array(hash.dropLast())))
    }

    @Test func `a hash under another key is another`() throws {
        let one = try KeyedHash.hash([], key: secret(key))
        let other = try KeyedHash.hash([], key: secret([UInt8](1...32)))
        #expect(one != other)
        #expect(failure { _ = try KeyedHash.hash([], key: secret("short")) } == .wrongLength(expected: 32, actual: 5))
    }

    /// Expected: Python's hashlib.blake2b(b'', key=bytes(range(32)), digest_size=32, salt=id in 16 bytes, low ones first,
    /// person=context in 16 bytes), which is how libsodium documents crypto_kdf.
    @Test(arguments: [
        (0, "tacit-01" as StaticString, "e9b8d3b579c53ac2327a0f1184c2a608334b5a3c2bfc981576e5cb7da2bb19d8"),
        (1, "tacit-01", "861e9f73af3c0e1a0e8345fcc9e58e48f9474f3c9d7cd1ecfc0b34955700027b"),
        (UInt64.max, "tacit-02", "a08249b04d716078b0771d49e02a7ba916b257c2187099f0cc118a6aca783078"),
    ])
    func `a derived key depends on the key, its number and its context`(
        id: UInt64, context: StaticString, expected: String
    ) throws {
        let derived = try KDF.derive(from: secret(key), id: id, context: context)
        let bytes = plain(derived)
        #expect(try bytes == hex(expected))
    }

    @Test func `a context has eight bytes`() throws {
        let expected = SodiumError.wrongLength(expected: 8, actual: 5)
        #expect(failure { _ = try KDF.derive(from: secret(key), id: 0, context: "tacit") } == expected)
    }

    /// Expected: argon2(1), the reference implementation: argon2 'sixteen bytes ok' -id -t … -k … -p 1 -l 32 -v 13.
    @Test(arguments: [
        ("correct horse", 1, 8, "5bbb6f5c0fb9cbd4de5aa3f48e82afcd9782f4c5fbf2e12b40ee2513fa443580"),
        ("correct horse", 3, 64, "5610892d16bcd8b3a2e6fd3af3d34c86bb549f7f34d10cf49849a94d01cfadd9"),
        ("correct horse", 2, 8192, "d262835cbbe1beb0e3f1f2ea7d1d62f17b2505d9fec1e76c0b6364c4ae1cfa0a"),
        ("x", 1, 8, "5394a5cecf461a551594d23057e2c633c8052fc0f58ba3a0586e76a1d496eaf2"),
    ])
    func `a password hash is Argon2id`(passphrase: String, passes: UInt64, kibibytes: Int, expected: String) throws {
        let hash = try PasswordHash.derive(
            from: secret(passphrase), salt: Array("sixteen bytes ok".utf8), opslimit: passes, memlimit: kibibytes << 10)
        let bytes = plain(hash)
        #expect(try bytes == hex(expected))
    }

    @Test(arguments: [(0, 8192), (1, 8191), (257, 8192), (1, (4 << 30) + 1), (UInt64.max, Int.max), (1, -1)] as [(UInt64, Int)])
    func `a cost out of bounds is an error`(opslimit: UInt64, memlimit: Int) throws {
        let salt = [UInt8](repeating: 0, count: 16)
        let thrown = failure {
            _ = try PasswordHash.derive(from: secret("x"), salt: salt, opslimit: opslimit, memlimit: memlimit)
        }
        #expect(thrown == .unacceptableCost)
        let short = failure {
            _ = try PasswordHash.derive(from: secret("x"), salt: [], opslimit: 1, memlimit: 8192)
        }
        #expect(short == .wrongLength(expected: 16, actual: 0))
    }
}
