// SPDX-License-Identifier: MIT

internal import Sodium

/// A value as it is stored: under a fresh data key of its own, which is sealed to the organization's public key.
///
/// Sealing needs public keys only; opening needs the root key. The associated data binds a value to its store, the item and the version
/// that it was sealed for, and its length. One that a rename gave to another item says in its row, which is signed, what that was.
enum Envelope {
    struct Sealed {
        let dataKey: [UInt8]
        let value: [UInt8]
    }

    static func seal(
        _ value: RawSpan, to publicKey: [UInt8], store: [UInt8], item: [UInt8], number: Int64
    ) throws(VaultError) -> Sealed {
        let associated = associatedData(store: store, item: item, number: number, length: Int64(value.byteCount))
        return try sodium { () throws(SodiumError) in
            let key = try SecretBytes(random: AEAD.keyLength)
            let recipient = try BoxPublicKey(publicKey)
            let dataKey = try key.withBytes { bytes throws(SodiumError) in try SealedBox.seal(bytes, to: recipient) }
            return Sealed(dataKey: dataKey, value: try AEAD.seal(value, key: key, associated: associated))
        }
    }

    static func open(
        _ version: VersionRow, with key: SecretBox, store: [UInt8], item: [UInt8]
    ) throws(VaultError) -> SecretBytes {
        let origin = version.origin ?? VersionRow.Origin(item: item, number: version.number)
        let associated = associatedData(store: store, item: origin.item, number: origin.number, length: version.length)
        do { return try AEAD.open(version.value, key: key.bytes, associated: associated) } catch .forged {
            throw .corrupt("version \(version.number): its value does not open")
        } catch { throw .storage("\(error)") }
    }

    private static func associatedData(store: [UInt8], item: [UInt8], number: Int64, length: Int64) -> [UInt8] {
        var fields = CanonicalBytes(label: "tacit value 1", capacity: 96)
        fields.add(store)
        fields.add(item)
        fields.add(number)
        fields.add(length)
        return fields.bytes
    }
}
