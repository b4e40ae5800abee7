internal import Linux
internal import Sodium
internal import Secrets

/// Locked and unlocked. A locked vault takes writes and reads nothing.
extension Vault {
    package var isLocked: Bool { keyring.isLocked }

    /// Whether the root key comes from a passphrase.
    package var hasPassphrase: Bool { store.identity.passphrase != nil }

    /// Unlocks with the contents of a key file, or a passphrase. Only the store's owner may. Logged either way.
    package func unlock(with contents: consuming SecretBuffer, by actor: Actor) throws(VaultError) {
        try authorizeOwner(actor)
        do { try take(contents.finished()) } catch {
            try log(actor, nil, allowed: false, reason: error.lockReason)
            throw error
        }
        try log(actor, nil, allowed: true, reason: "unlocked")
    }

    /// Unlocks by asking the configured source again; throws `notPermitted` if there is none.
    package func unlock(by actor: Actor) throws(VaultError) {
        try authorizeOwner(actor)
        do throws(VaultError) {
            guard let contents = try contentsOfSource() else {
                throw .notPermitted("no key file or command is configured: give the key or the passphrase")
            }
            try take(contents)
        } catch {
            try log(actor, nil, allowed: false, reason: error.lockReason)
            throw error
        }
        try log(actor, nil, allowed: true, reason: "unlocked")
    }

    /// Wipes every key. What is open stays readable through its descriptor. Only the store's owner may.
    package func lock(by actor: Actor) throws(VaultError) {
        try authorizeOwner(actor)
        keyring.lock()
        try log(actor, nil, allowed: true, reason: "locked")
    }

    /// At start: with a key that is there, or not at all. A key that is there and does not fit is an error.
    func unlockAtStart() throws(VaultError) {
        guard let contents = try contentsOfSource() else { return }
        try take(contents)
    }

    /// Refuses, and logs, everybody but the owner of the store.
    func authorizeOwner(_ actor: Actor) throws(VaultError) {
        guard caller(actor).ownsStore else {
            try log(actor, nil, allowed: false, reason: "\(Reason.ownerOnly)")
            throw .denied(.ownerOnly)
        }
    }

    private func contentsOfSource() throws(VaultError) -> SecretBytes? {
        switch configuration.rootKey {
        case .none: return nil
        case .file(let path): return try KeyFile.contents(path)
        case .command(let command):
            var bytes = try sodium { () throws(SodiumError) in try SecretBytes(count: KeyFile.limit) }
            let count = try bytes.withMutableBytes { span throws(VaultError) in
                try system("the key command") { () throws(Errno) in
                    try Spawn.output(of: ["/bin/sh", "-c", command], into: &span)
                }
            }
            return bytes.truncated(to: count)
        }
    }

    private func take(_ contents: consuming SecretBytes) throws(VaultError) {
        let rootKey: SecretBytes
        if let passphrase = store.identity.passphrase {
            rootKey = try Self.rootKey(from: contents, passphrase)
        } else {
            guard let key = try KeyFile.key(from: contents) else { throw .wrongKey }
            rootKey = key
        }
        try keyring.unlock(rootKey: rootKey, publicKey: store.identity.rootPublicKey)
    }

    /// Argon2id over the passphrase, less one final newline.
    static func rootKey(
        from passphrase: consuming SecretBytes, _ row: StoreRow.PassphraseRow
    ) throws(VaultError) -> SecretBytes {
        let count = passphrase.withBytes { ValueRule.lengthWithoutFinalNewline($0) }
        let passphrase = passphrase.truncated(to: count)
        guard count > 0, let operations = UInt64(exactly: row.operations), let memory = Int(exactly: row.memory) else { throw .wrongKey }
        return try sodium { () throws(SodiumError) in
            try PasswordHash.derive(from: passphrase, salt: row.salt, opslimit: operations, memlimit: memory)
        }
    }
}

extension VaultError {
    fileprivate var lockReason: String {
        switch self {
        case .wrongKey: "the key does not belong to this store"
        case .storage(let text), .corrupt(let text), .notPermitted(let text): text
        default: "failed"
        }
    }
}
