// SPDX-License-Identifier: MIT

internal import Linux
internal import Sodium

/// The keys that are open: the root key while unlocked, the organization keys and data keys used lately.
///
/// Locking wipes all of them. Every key lies in locked memory; the pool of data keys is bounded.
final class Keyring: Sendable {
    /// How many data keys are kept open: 32 bytes of locked memory each.
    private static let poolSize = 4096

    private struct Keys {
        var root: KeyPair?
        var organizations: [Int64: KeyPair] = [:]
        var data: [Int64: SecretBox] = [:]
        /// The versions in the order in which their keys came, the next to go at `oldest`. Some may be gone.
        var order: [Int64] = []
        var oldest = 0
        /// How often keys of destroyed versions were forgotten.
        var destructions: UInt64 = 0

        mutating func keep(_ key: SecretBox, of version: Int64) {
            guard data[version] == nil else { return }
            if order.count < poolSize {
                order.append(version)
            } else {
                data[order[oldest]] = nil
                order[oldest] = version
                oldest = (oldest + 1) % poolSize
            }
            data[version] = key
        }
    }

    /// A pair with many owners.
    final class KeyPair: Sendable {
        fileprivate let pair: BoxKeyPair
        fileprivate init(_ pair: consuming BoxKeyPair) { self.pair = pair }
    }

    private let keys = Guarded(Keys())

    var isLocked: Bool {
        keys.withLock { $0.root == nil }
    }

    /// The public half of the pair that a root key stands for.
    static func publicKey(ofRootKey rootKey: borrowing SecretBytes) throws(SodiumError) -> [UInt8] {
        try BoxKeyPair(seed: rootKey).publicKey.bytes
    }

    /// The key pair that opens a store, if the root key is the store's; throws `wrongKey` otherwise.
    static func rootPair(_ rootKey: borrowing SecretBytes, of publicKey: [UInt8]) throws(VaultError) -> KeyPair {
        guard rootKey.count == KeyFile.keyLength else { throw .wrongKey }
        let pair = try sodium { () throws(SodiumError) in try BoxKeyPair(seed: rootKey) }
        guard KeyedHash.equal(pair.publicKey.bytes, publicKey) else { throw .wrongKey }
        return KeyPair(pair)
    }

    func unlock(with root: KeyPair) {
        keys.withLock { $0.root = root }
    }

    /// Forgets, and so wipes, every key.
    func lock() {
        keys.withLock { $0 = Keys() }
    }

    /// A new pair for an organization or home, its private half sealed to the root key: a locked daemon can make one.
    static func makeOrganizationKey(rootPublicKey: [UInt8]) throws(VaultError) -> (publicKey: [UInt8], privateKey: [UInt8]) {
        try sodium { () throws(SodiumError) in
            let pair = try BoxKeyPair()
            let root = try BoxPublicKey(rootPublicKey)
            let sealed = try pair.secretKey.withBytes { bytes throws(SodiumError) in try SealedBox.seal(bytes, to: root) }
            return (pair.publicKey.bytes, sealed)
        }
    }

    /// The data key of a version. Both rows must have been verified.
    func dataKey(of version: VersionRow, sealedTo row: KeyRow) throws(VaultError) -> SecretBox {
        let (root, kept, destructions) = keys.withLock { ($0.root, $0.data[version.id], $0.destructions) }
        guard let root else { throw .locked }
        if let kept { return kept }

        let organization = try organizationKey(row, root: root)
        let key: SecretBox
        do { key = SecretBox(try SealedBox.open(version.dataKey, with: organization.pair)) } catch .forged {
            throw .corrupt("version \(version.number): its data key does not open")
        } catch { throw .storage("\(error)") }
        keys.withLock { keys in
            // Locked or destroyed in the meantime: what was asked before is answered, and nothing is kept.
            guard keys.root != nil, keys.destructions == destructions else { return }
            keys.keep(key, of: version.id)
        }
        return key
    }

    private func organizationKey(_ row: KeyRow, root: KeyPair) throws(VaultError) -> KeyPair {
        if let kept = keys.withLock({ $0.organizations[row.id] }) { return kept }
        let opened: KeyPair
        do { opened = KeyPair(try BoxKeyPair(secretKey: try SealedBox.open(row.privateKey, with: root.pair))) } catch .forged {
            throw .corrupt("organization key \(row.id) does not open")
        } catch { throw .storage("\(error)") }
        keys.withLock { keys in
            guard keys.root != nil else { return }
            if keys.organizations.count >= Self.poolSize { keys.organizations = [:] }
            keys.organizations[row.id] = opened
        }
        return opened
    }

    /// Whether the data key of a version is kept open.
    func keepsDataKey(of version: Int64) -> Bool {
        keys.withLock { $0.data[version] != nil }
    }

    /// Forgets the data keys of versions that are no more.
    func forget(versions: [Int64]) {
        guard !versions.isEmpty else { return }
        keys.withLock { keys in
            keys.destructions &+= 1
            for version in versions { keys.data[version] = nil }
        }
    }
}
