// SPDX-License-Identifier: MIT

internal import Sodium

/// The seals of the node key: they say that a row was written by this machine and not changed since.
///
/// Rows of the tree carry a keyed hash, since a listing of ten thousand must check ten thousand; rows that give somebody
/// something (grants, versions, keys, the store itself) carry an Ed25519 signature, which other machines will be able to check.
/// Both keys, and the audit log's, are derived from the 32 bytes of the node key file.
final class Seals: Sendable {
    private let rowKey: SecretBytes
    private let signer: SigningKey
    private let verified: VerifiedSignatures
    /// The key of the audit log's chain.
    let auditKey: SecretBox

    /// Throws `wrongLength` unless the node key has 32 bytes, and what `SecretBytes(count:)` throws.
    init(nodeKey: borrowing SecretBytes) throws(SodiumError) {
        rowKey = try KDF.derive(from: nodeKey, id: 1, context: "tacitrow")
        auditKey = SecretBox(try KDF.derive(from: nodeKey, id: 2, context: "tacitlog"))
        signer = try SigningKey(seed: try KDF.derive(from: nodeKey, id: 3, context: "tacitsig"))
        verified = try VerifiedSignatures()
    }

    func seal(_ fields: [UInt8]) -> [UInt8] {
        // A hash fails only for a key of the wrong length; nothing verifies against an empty seal.
        (try? KeyedHash.hash(fields, key: rowKey)) ?? []
    }

    func verifies(seal: [UInt8], of fields: [UInt8]) -> Bool {
        !seal.isEmpty && KeyedHash.equal(seal, self.seal(fields))
    }

    func sign(_ fields: [UInt8]) -> [UInt8] {
        signer.sign(fields)
    }

    func verifies(signature: [UInt8], of fields: [UInt8]) -> Bool {
        signer.verifyingKey.verify(signature, of: fields)
    }

    /// The same, for rows that are read again and again: what was verified once is known by its hash.
    func verifies(recurring signature: [UInt8], of fields: [UInt8]) -> Bool {
        verified.verifies(signature, of: fields) { verifies(signature: signature, of: fields) }
    }
}
