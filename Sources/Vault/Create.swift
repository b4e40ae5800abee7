internal import Linux
internal import Secrets
internal import Sodium

/// Making a store and its keys (`tacit init`).
extension Vault {
    /// Makes the store, the node key, and either a root key file or, with a passphrase, none.
    ///
    /// Refuses to touch anything that exists. What it made is removed again if it can't finish. Throws `storage`, naming the file.
    package static func create(
        _ configuration: VaultConfiguration, passphrase: consuming SecretBuffer?
    ) throws(VaultError) {
        var made: [String] = []
        do throws(VaultError) {
            try create(configuration, passphrase: passphrase, made: &made)
        } catch {
            for path in made.reversed() { try? FileDescriptor.unlink(path) }
            throw error
        }
    }

    private static func create(
        _ configuration: VaultConfiguration, passphrase: consuming SecretBuffer?, made: inout [String]
    ) throws(VaultError) {
        var paths = [configuration.storePath, configuration.nodeKeyPath, configuration.storePath + "-wal"]
        if case .file(let path) = configuration.rootKey, passphrase == nil { paths.append(path) }
        for path in paths where FileDescriptor.exists(path) { throw .storage("\(path): exists already, and is not touched") }

        switch consume passphrase {
        case .some(let passphrase):
            let row = StoreRow.PassphraseRow(
                salt: Random.bytes(PasswordHash.saltLength), operations: Int64(PasswordHash.usualOpslimit),
                memory: Int64(PasswordHash.usualMemlimit))
            try create(configuration, rootKey: try Self.rootKey(from: passphrase.finished(), row), row, made: &made)
        case nil:
            guard case .file(let path) = configuration.rootKey else {
                throw .storage("a new store needs a key file or a passphrase")
            }
            let rootKey = try sodium { () throws(SodiumError) in try SecretBytes(random: KeyFile.keyLength) }
            try KeyFile.create(path, rootKey)
            made.append(path)
            try create(configuration, rootKey: rootKey, nil, made: &made)
        }
    }

    private static func create(
        _ configuration: VaultConfiguration, rootKey: consuming SecretBytes, _ passphrase: StoreRow.PassphraseRow?,
        made: inout [String]
    ) throws(VaultError) {
        let nodeKey = try sodium { () throws(SodiumError) in try SecretBytes(random: KeyFile.keyLength) }
        try KeyFile.create(configuration.nodeKeyPath, nodeKey)
        made.append(configuration.nodeKeyPath)
        try createEmpty(configuration.storePath)
        made += ["", "-wal", "-shm"].map { configuration.storePath + $0 }
        let seals = try sodium { () throws(SodiumError) in try Seals(nodeKey: nodeKey) }
        let publicKey = try sodium { () throws(SodiumError) in try Keyring.publicKey(ofRootKey: rootKey) }
        try Store.create(
            path: configuration.storePath, seals: seals, rootPublicKey: publicKey, passphrase: passphrase, uuid: NodeRow.newUUID(),
            now: Clock.now())
        for folder in Set(made.map { FileDescriptor.folder(of: $0) }) {
            try system(folder) { () throws(Errno) in try FileDescriptor.syncFolder(folder) }
        }
    }

    /// SQLite gives its log and index the mode of the file, so that is made first: an empty file is an empty database.
    private static func createEmpty(_ path: String) throws(VaultError) {
        _ = try system(path) { () throws(Errno) in
            try FileDescriptor.open(path, [.readWrite, .create, .exclusive, .noFollow], permissions: 0o600)
        }
    }
}
