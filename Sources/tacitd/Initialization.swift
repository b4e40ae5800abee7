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
        try Hardening.applyOrFail()
        for path in [store, nodeKey, rootKey].compactMap({ $0 }) {
            guard !Path.exists(path) else { throw StartError("\(path) exists already, and is not touched") }
        }
        let passphrase = options.passphrase ? try readPassphrase() : nil
        for path in [store, nodeKey, rootKey].compactMap({ $0 }) { try Path.makeFolder(for: path) }
        let configuration = VaultConfiguration(
            storePath: store, nodeKeyPath: nodeKey, auditPath: locations.audit, rootKey: rootKey.map { .file($0) } ?? .none,
            ownerUID: environment.uid)
        do { try Vault.create(configuration, passphrase: passphrase) } catch { throw StartError(error) }
        report(InitReply(store: store, nodeKey: nodeKey, rootKey: rootKey), json: options.json)
    }

    private static func readPassphrase() throws(StartError) -> SecretBuffer {
        do throws(Passphrase.Failure) {
            let typed = try Passphrase.read(
                prompt: "passphrase for the root key: ", again: "the same again: ", limit: longestKey)
        } catch {
            throw StartError("\(error)")
        }
    }
}
