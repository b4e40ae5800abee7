// SPDX-License-Identifier: MIT

import Linux
import SecretFS
import Vault

/// The plan of a run, from the options and the environment: every path whole, every choice made.
struct Plan {
    let mountpoint: String
    /// Whether it may be mounted on a folder that is not empty.
    let mayCover: Bool
    let socket: String
    /// Whether everybody may connect: to root's daemon, since the kernel tells who a peer is; and to a user's nobody but that user.
    let socketMode: UInt32
    let vault: VaultConfiguration
    /// For how long the kernel keeps a value after its last close. Milliseconds.
    let lingering: Int
    /// Bytes of memory for values that the kernel reads by itself; 0 if it is not to.
    let backed: Int

    init(_ options: Options, _ environment: Environment) throws(StartError) {
        let locations = try Locations(environment)
        let whole = { (path: String) in Path.whole(path, in: environment.workingFolder) }
        mountpoint = try Path.mountpoint(whole(options.mountpoint ?? ""))
        mayCover = options.nonempty
        guard let socket = options.socket.map(whole) ?? locations.socket else {
            throw StartError("there is no place for the control socket", hint: "set HOME, or give --socket")
        }
        self.socket = socket
        lingering = options.keepPages ?? SecretFileSystem.usualLingering
        backed = options.passthrough ? SecretFileSystem.backed : 0
        socketMode = environment.uid == 0 ? 0o666 : 0o600
        let store = options.store.map(whole) ?? locations.store
        guard FileDescriptor.exists(store) else { throw StartError("there is no store at \(store)", hint: "tacit init makes one") }
        var vault = VaultConfiguration(
            storePath: store,
            nodeKeyPath: options.nodeKey.map(whole) ?? Path.beside(store, locations.nodeKey, usual: locations.store),
            auditPath: options.audit.map(whole) ?? Path.beside(store, locations.audit, usual: locations.store),
            rootKey: Self.rootKey(options, locations, whole),
            maxValue: options.maxValue ?? VaultConfiguration.usualValue,
            ownerUID: environment.uid)
        // The kernel lets no other user into the mount of an ordinary user, and the mode of its socket keeps them out too.
        vault.isPersonal = environment.uid != 0
        vault.shares = options.shares
        vault.reserve = options.reserve
        self.vault = vault
    }

    /// The source that was asked for, or the one found in the usual places. None is no error: the vault starts locked.
    private static func rootKey(
        _ options: Options, _ locations: Locations, _ whole: (String) -> String
    ) -> RootKeySource {
        if let file = options.keyFile { return .file(whole(file)) }
        if let command = options.keyCommand { return .command(command) }
        let usual = [locations.credential, locations.rootKey].compactMap { $0 }
        return usual.first { FileDescriptor.exists($0) }.map { .file($0) } ?? .none
    }
}
