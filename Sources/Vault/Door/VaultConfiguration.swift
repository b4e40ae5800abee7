// SPDX-License-Identifier: MIT

/// The source of the root key.
package enum RootKeySource: Sendable {
    /// A file with the key, or with the passphrase of a store that has one.
    case file(String)
    /// A command that prints it, run by `sh -c`.
    case command(String)
    /// Nowhere: the vault starts locked and waits for `unlock`.
    case none
}

/// Where a vault's files are, and its limits.
package struct VaultConfiguration: Sendable {
    package var storePath: String
    package var nodeKeyPath: String
    package var auditPath: String
    package var rootKey: RootKeySource
    /// The most bytes of a value: 1 MiB unless the mount says otherwise, at most `greatestValue`.
    package var maxValue: Int
    /// How many versions of an item are kept before the oldest is destroyed with its key.
    package var versionLimit: Int
    /// The uid that owns the store: it may do what only root may otherwise.
    package var ownerUID: UInt32
    /// Whether the mount is for its owner alone. They need no grants in it then.
    package var isPersonal = false
    /// The share of the daemon that one user may take up.
    package var shares = Shares()
    /// Bytes of room that are kept for what must succeed on a full disk; nil for none.
    package var reserve: Int?

    #if DEBUG
        /// The rules that a test has taken out.
        package var openHoles: Set<Hole> = []
    #endif

    package static let usualValue = 1 << 20
    package static let greatestValue = 16 << 20
    package static let usualVersions = 10

    package init(
        storePath: String, nodeKeyPath: String, auditPath: String, rootKey: RootKeySource,
        maxValue: Int = usualValue, versionLimit: Int = usualVersions, ownerUID: UInt32
    ) {
        self.storePath = storePath
        self.nodeKeyPath = nodeKeyPath
        self.auditPath = auditPath
        self.rootKey = rootKey
        self.maxValue = min(max(maxValue, 1), Self.greatestValue)
        self.versionLimit = max(versionLimit, 1)
        self.ownerUID = ownerUID
    }
}
