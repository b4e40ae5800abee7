// SPDX-License-Identifier: MIT

internal import Linux
internal import Sodium
internal import Secrets

/// Locked and unlocked. A locked vault takes writes and reads nothing.
extension Vault {
    package var isLocked: Bool { keyring.isLocked }

    /// Whether the root key comes from a passphrase.
    package var hasPassphrase: Bool { store.identity.passphrase != nil }

    /// Unlocks with the contents of a key file, or a passphrase. Only the store's owner may. Logged either way, and before: an unlock that
    /// can't be logged does not happen.
    package func unlock(with contents: consuming SecretBuffer, by caller: Caller) throws(VaultError) {
        try authorizeOwner(caller)
        let root: Keyring.KeyPair
        do { root = try rootPair(from: contents.finished()) } catch {
            try log(caller, nil, allowed: false, reason: error.words)
            throw error
        }
        try unlock(with: root, by: caller)
    }

    /// Unlocks by asking the configured source again; throws `noKey` if there is none, or it gives none.
    package func unlock(by caller: Caller) throws(VaultError) {
        try authorizeOwner(caller)
        let root: Keyring.KeyPair
        do throws(VaultError) {
            guard let contents = try contentsOfSource() else {
                throw .noKey("no key file or command is configured: give the key or the passphrase")
            }
            root = try rootPair(from: contents)
        } catch {
            try log(caller, nil, allowed: false, reason: error.words)
            throw error
        }
        try unlock(with: root, by: caller)
    }

    private func unlock(with root: Keyring.KeyPair, by caller: Caller) throws(VaultError) {
        try log(caller, nil, allowed: true, reason: "unlocked")
        keyring.unlock(with: root)
    }

    /// Wipes every key. What is open stays readable through its descriptor. Only the store's owner may.
    ///
    /// Logged before, and done even if that fails: throws `audit` then, with the keys wiped.
    package func lock(by caller: Caller) throws(VaultError) {
        try authorizeOwner(caller)
        defer {
            keyring.lock()
            caches.observer?.forgetValues()
        }
        // On a full disk too.
        let line = ChangeDraft.Line(
            event: event(caller, nil, version: nil, about: nil, allowed: true, reason: "locked"), time: SystemClock.now())
        do { try fromReserve { () throws(VaultError) in try append(line) } } catch {
            throw .audit("locked, but that is not in the audit log: \(error.words)")
        }
    }

    /// At start: with a key that is there, or not at all. A key that is there and does not fit is an error.
    func unlockAtStart() throws(VaultError) {
        guard let contents = try contentsOfSource() else { return }
        keyring.unlock(with: try rootPair(from: contents))
    }

    /// Refuses, and logs, everybody but the owner of the store.
    func authorizeOwner(_ caller: Caller) throws(VaultError) {
        guard identity(of: caller).ownsStore else {
            try log(caller, nil, allowed: false, reason: "\(Reason.ownerOnly)")
            throw .denied(.ownerOnly)
        }
    }

    private func contentsOfSource() throws(VaultError) -> SecretBytes? {
        switch configuration.rootKey {
        case .none: return nil
        case .file(let path):
            do { return try KeyFile.contents(path) } catch .storage(let problem) { throw .noKey(problem) }
        case .command(let command):
            var bytes = try sodium { () throws(SodiumError) in try SecretBytes(count: KeyFile.limit) }
            let count = try bytes.withMutableBytes { span throws(VaultError) in
                do throws(Errno) { return try Spawn.output(of: ["/bin/sh", "-c", command], into: &span) } catch .canceled {
                    throw .noKey("the key command failed")
                } catch .overflow {
                    throw .noKey("the key command printed more than \(KeyFile.limit) bytes")
                } catch .timedOut {
                    throw .noKey("the key command took longer than a minute")
                } catch { throw .noKey("the key command: \(error)") }
            }
            return bytes.truncated(to: count)
        }
    }

    private func rootPair(from contents: consuming SecretBytes) throws(VaultError) -> Keyring.KeyPair {
        let rootKey: SecretBytes
        if let passphrase = store.identity.passphrase {
            rootKey = try Self.rootKey(from: contents, passphrase)
        } else {
            guard let key = try KeyFile.key(from: contents) else { throw .wrongKey }
            rootKey = key
        }
        return try Keyring.rootPair(rootKey, of: store.identity.rootPublicKey)
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
