// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets
internal import Sodium

/// Making a store and its keys (`tacit init`).
///
/// Everything is made under names of its own, on the disk, before anything gets its name: first the keys, last the store. So a store that
/// is there has its keys, and an `init` that was cut short can be run again: what was made in part is made anew, what was whole is
/// finished. Keys that have their names already are recognized by that store.
extension Vault {
    /// Makes the store, the node key, and either a root key file or, with a passphrase, none.
    ///
    /// Refuses to touch anything that exists, unless it is what an earlier call has left. What it made is removed again if it can't
    /// finish. Throws `storage`, naming the file.
    package static func create(
        _ configuration: VaultConfiguration, passphrase: consuming SecretBuffer?
    ) throws(VaultError) {
        let secret: SecretBox?
        switch consume passphrase {
        case .some(let passphrase): secret = SecretBox(passphrase.finished())
        case nil: secret = nil
        }
        let making = try StoreMaking(configuration, hasPassphrase: secret != nil)
        if try making.resume(with: secret) { return }
        do throws(VaultError) {
            try making.begin(with: secret)
        } catch {
            making.removeUnfinished()
            throw error
        }
        try making.place()
    }

    /// Throws what `create` would before it makes anything: where a file exists that is not its own.
    package static func checkCreation(_ configuration: VaultConfiguration, hasPassphrase: Bool) throws(VaultError) {
        _ = try StoreMaking(configuration, hasPassphrase: hasPassphrase)
    }
}

/// The files of a new store, on their way to their names.
private struct StoreMaking {
    private let store: String
    private let nodeKey: String
    /// Nil for a store with a passphrase.
    private let rootKey: String?
    /// Whether a whole store lies under its first name.
    private let isWhole: Bool

    /// The ending of a file's name until everything is on the disk.
    private static let ending = ".init"
    /// The endings of the files that SQLite puts beside a database.
    private static let companions = ["", "-wal", "-shm", "-journal"]

    init(_ configuration: VaultConfiguration, hasPassphrase: Bool) throws(VaultError) {
        store = configuration.storePath
        nodeKey = configuration.nodeKeyPath
        if hasPassphrase {
            rootKey = nil
        } else {
            guard case .file(let path) = configuration.rootKey else {
                throw .storage("a new store needs a key file or a passphrase")
            }
            rootKey = path
        }
        for path in [store, store + "-wal"] where FileDescriptor.exists(path) { throw .fileExists(path) }
        let keys = [nodeKey, rootKey].compactMap { $0 }
        let isWhole = FileDescriptor.exists(store + Self.ending) && Self.isWhole(store, nodeKey, rootKey)
        if !isWhole {
            for path in keys where FileDescriptor.exists(path) { throw .fileExists(path) }
        }
        self.isWhole = isWhole
    }

    /// Whether the store under its first name is whole, and the keys are its keys, under their first names or their own.
    private static func isWhole(_ store: String, _ nodeKey: String, _ rootKey: String?) -> Bool {
        do throws(VaultError) {
            let identity = try Self.identity(store, try KeyFile.read(place(of: nodeKey)))
            guard let rootKey else { return identity.passphrase != nil }
            let key = try KeyFile.read(place(of: rootKey))
            return try identity.rootPublicKey == sodium { () throws(SodiumError) in try Keyring.publicKey(ofRootKey: key) }
        } catch { return false }
    }

    private static func place(of path: String) -> String {
        FileDescriptor.exists(path) ? path : path + ending
    }

    /// The `store` row of the store under its first name, all of it in the one file.
    private static func identity(_ store: String, _ nodeKey: consuming SecretBytes) throws(VaultError) -> StoreRow {
        let key = nodeKey
        let seals = try sodium { () throws(SodiumError) in try Seals(nodeKey: key) }
        return try Store.finish(path: store + ending, seals: seals)
    }

    /// Finishes what an earlier call has left whole; false if there is nothing of the kind.
    func resume(with passphrase: SecretBox?) throws(VaultError) -> Bool {
        guard isWhole else { return false }
        if rootKey == nil {
            let identity = try Self.identity(store, try KeyFile.read(Self.place(of: nodeKey)))
            guard let row = identity.passphrase, let key = try Self.key(passphrase, row),
                try identity.rootPublicKey == sodium({ () throws(SodiumError) in try Keyring.publicKey(ofRootKey: key) })
            else {
                throw .storage(
                    """
                    \(store + Self.ending): an init that was cut short has made it with another passphrase: give that one, or remove \
                    this file and \(Self.place(of: nodeKey))
                    """)
            }
        }
        try place()
        return true
    }

    /// Makes everything under its first name.
    func begin(with passphrase: SecretBox?) throws(VaultError) {
        removeUnfinished()
        guard let rootKey else {
            let row = StoreRow.PassphraseRow(
                salt: Random.bytes(PasswordHash.saltLength), operations: Int64(PasswordHash.usualOpslimit),
                memory: Int64(PasswordHash.usualMemlimit))
            guard let key = try Self.key(passphrase, row) else { throw .storage("a new store needs a key file or a passphrase") }
            return try begin(rootKey: key, row)
        }
        let key = try sodium { () throws(SodiumError) in try SecretBytes(random: KeyFile.keyLength) }
        try KeyFile.create(rootKey + Self.ending, key)
        try begin(rootKey: key, nil)
    }

    private static func key(_ passphrase: SecretBox?, _ row: StoreRow.PassphraseRow) throws(VaultError) -> SecretBytes? {
        guard let passphrase else { return nil }
        return try Vault.rootKey(from: try sodium { () throws(SodiumError) in try passphrase.bytes.copy() }, row)
    }

    private func begin(rootKey: borrowing SecretBytes, _ passphrase: StoreRow.PassphraseRow?) throws(VaultError) {
        let key = try sodium { () throws(SodiumError) in try SecretBytes(random: KeyFile.keyLength) }
        try KeyFile.create(nodeKey + Self.ending, key)
        let path = store + Self.ending
        // SQLite gives its log and index the mode of the file, so that is made first: an empty file is an empty database.
        _ = try system(path) { () throws(Errno) in
            try FileDescriptor.open(path, [.readWrite, .create, .exclusive, .noFollow], permissions: 0o600)
        }
        let seals = try sodium { () throws(SodiumError) in try Seals(nodeKey: key) }
        let publicKey = try sodium { () throws(SodiumError) in try Keyring.publicKey(ofRootKey: rootKey) }
        try Store.create(
            path: path, seals: seals, rootPublicKey: publicKey, passphrase: passphrase, uuid: NodeRow.newUUID(), now: SystemClock.now())
    }

    /// Gives everything its name. Nothing that has it already is replaced. What SQLite left beside the store goes.
    func place() throws(VaultError) {
        for path in [rootKey, nodeKey, store].compactMap({ $0 }) {
            let folder = FileDescriptor.folder(of: path)
            try system(path) { () throws(Errno) in
                // The file first, and the keys before the store.
                try FileDescriptor.syncFolder(folder)
                if path == store || !FileDescriptor.exists(path) { try FileDescriptor.rename(path + Self.ending, toNew: path) }
                try FileDescriptor.syncFolder(folder)
            }
        }
        removeUnfinished()
    }

    /// Removes what has no name yet.
    func removeUnfinished() {
        let store = Self.companions.map { self.store + Self.ending + $0 }
        let keys = [nodeKey, rootKey].compactMap { $0.map { $0 + Self.ending } }
        for path in store + keys { try? FileDescriptor.unlink(path) }
    }
}
