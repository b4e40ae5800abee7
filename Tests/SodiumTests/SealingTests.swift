import Testing

@testable import Sodium

/// Whatever is changed of a sealed thing, it does not open.
@Suite struct SealingTests {
    @Test func aead() throws {
        let key = try secret(Array(0..<32))
        let message = Array("message".utf8)
        let sealed = try unsafe AEAD.seal(message.span.bytes, key: key, associated: [1, 2])
        #expect(sealed.count == message.count + AEAD.overhead)
        #expect(try AEAD.open(sealed, key: key, associated: [1, 2]).published == message)
        for bit in 0..<(sealed.count * 8) {
            var changed = sealed
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: SodiumError.forged) { _ = try AEAD.open(changed, key: key, associated: [1, 2]).count }
        }
        for count in 0..<sealed.count {
            #expect(throws: SodiumError.forged) { _ = try AEAD.open(Array(sealed.prefix(count)), key: key, associated: [1, 2]).count }
        }
        #expect(throws: SodiumError.forged) { _ = try AEAD.open(sealed + [0], key: key, associated: [1, 2]).count }
        #expect(throws: SodiumError.forged) { _ = try AEAD.open(sealed, key: key, associated: [1]).count }
        #expect(throws: SodiumError.forged) { _ = try AEAD.open(sealed, key: try secret(Array(1...32)), associated: [1, 2]).count }
        #expect(throws: SodiumError.wrongLength(expected: 32, actual: 31)) {
            _ = try AEAD.open(sealed, key: try secret(Array(1...31)), associated: []).count
        }
        #expect(try unsafe AEAD.seal(message.span.bytes, key: key, associated: [1, 2]) != sealed)
    }

    @Test func sealedBox() throws {
        let pair = try BoxKeyPair(seed: try secret(Array(0..<32)))
        #expect(try BoxKeyPair(secretKey: try pair.secretKey.copy()).publicKey == pair.publicKey)
        let message = Array(repeating: 7 as UInt8, count: 32)
        let sealed = try unsafe SealedBox.seal(message.span.bytes, to: pair.publicKey)
        #expect(try SealedBox.open(sealed, with: pair).published == message)
        for bit in 0..<(sealed.count * 8) {
            var changed = sealed
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: SodiumError.forged, "bit \(bit)") { _ = try SealedBox.open(changed, with: pair).count }
        }
        for count in 0..<sealed.count {
            #expect(throws: SodiumError.forged) { _ = try SealedBox.open(Array(sealed.prefix(count)), with: pair).count }
        }
        #expect(throws: SodiumError.forged) { _ = try SealedBox.open(sealed, with: BoxKeyPair()).count }
        #expect(throws: SodiumError.wrongLength(expected: 32, actual: 31)) { _ = try BoxPublicKey(Array(0..<31)) }
    }

    @Test func keysOfOneKeyDiffer() throws {
        let key = try secret(Array(0..<32))
        let first = try KDF.derive(from: key, id: 1, context: "tacitrow")
        #expect(try !first.equals(KDF.derive(from: key, id: 2, context: "tacitrow")))
        #expect(try !first.equals(KDF.derive(from: key, id: 1, context: "tacitlog")))
        #expect(throws: SodiumError.wrongLength(expected: 8, actual: 5)) { _ = try KDF.derive(from: key, id: 1, context: "tacit").count }
    }

    @Test func hashesCompare() throws {
        #expect(KeyedHash.equal([1, 2], [1, 2]))
        #expect(!KeyedHash.equal([1, 2], [1, 3]))
        #expect(!KeyedHash.equal([1, 2], [1]))
        #expect(KeyedHash.equal([], []))
    }
}
