// SPDX-License-Identifier: MIT

import Control
import ControlAPI
import Linux
import Vault

/// `tacitd --init`: a new store with its keys.
enum Initialization {
    static func run(_ options: Options, _ environment: Environment) throws(StartError) {
        let locations = try Locations(environment)
        let whole = { (path: String) in Path.whole(path, in: environment.workingFolder) }
        let store = options.store.map(whole) ?? locations.store
        let nodeKey = options.nodeKey.map(whole) ?? Path.beside(store, locations.nodeKey, usual: locations.store)
        let rootKey = options.passphrase ? nil : options.keyFile.map(whole) ?? locations.rootKey
        let configuration = VaultConfiguration(
            storePath: store, nodeKeyPath: nodeKey, auditPath: locations.audit, rootKey: rootKey.map { .file($0) } ?? .none,
            ownerUID: environment.uid)
        try Tacitd.harden()
        do {
            try Vault.checkCreation(configuration, hasPassphrase: options.passphrase)
        } catch {
            throw StartError(error).hinting("give another name, or move it away if no store needs it")
        }
        let passphrase = options.passphrase ? try readPassphrase() : nil
        for path in [store, nodeKey, rootKey].compactMap({ $0 }) { try Path.makeFolder(for: path) }
        do { try Vault.create(configuration, passphrase: passphrase) } catch {
            throw StartError(error).hinting("what was made so far is no harm: the same command goes on or begins anew")
        }
        say(InitReply(store: store, nodeKey: nodeKey, rootKey: rootKey), json: options.json)
    }

    private static func readPassphrase() throws(StartError) -> SecretBuffer {
        let typed: LockedBuffer
        do {
            typed = try Passphrase.read(
                prompt: "passphrase for the root key: ", again: "the same again: ", limit: longestKey)
        } catch {
            throw StartError(error)
        }
        do {
            var passphrase = try SecretBuffer()
            try typed.withBytes { bytes throws(VaultError) in try passphrase.write(bytes, at: 0) }
            return passphrase
        } catch {
            throw StartError(error)
        }
    }

    private static func say(_ made: InitReply, json: Bool) {
        if json { return Console.print(JSONLine.bytes(of: made) ?? []) }
        var text = "store     \(made.store)\nnode key  \(made.nodeKey)\n"
        if let rootKey = made.rootKey {
            text += """
                root key  \(rootKey)

                keep a copy of the root key where this machine can't lose it: without it no value can be read

                """
        }
        Console.print(text)
    }
}
