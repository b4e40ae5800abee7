internal import ControlAPI
internal import Linux
internal import Vault

/// How the daemon is; locking and unlocking.
enum StatusHandlers {
    static func status(_ call: Call) throws(Refused) -> Reply {
        try reply(call)
    }

    static func lock(_ call: Call) throws(Refused) -> Reply {
        try asking { () throws(VaultError) in try call.vault.lock(call.peer.acting("lock")) }
        return try reply(call)
    }

    /// With the key or passphrase that came, or else with what the daemon's own source gives.
    static func unlock(_ call: Call) throws(Refused) -> Reply {
        let actor = call.peer.acting("unlock")
        try asking { () throws(VaultError) in
            guard let key = call.takeSecret() else { return try call.vault.unlock(actor) }
            try key.withBytes { bytes throws(VaultError) in try call.vault.unlock(with: bytes, actor) }
        }
        return try reply(call)
    }

    private static func reply(_ call: Call) throws(Refused) -> Reply {
        let status = try asking { () throws(VaultError) in try call.vault.status(call.peer.acting("status")) }
        return try Reply(
            StatusReply(
                release: release, locked: status.locked, key: .init(status.rootKey), mountpoint: call.service.mountpoint,
                store: status.store, audit: status.audit, started: Clock.rfc3339(status.started), nodes: status.nodes,
                versions: status.versions))
    }
}

extension StatusReply.KeySource {
    fileprivate init(_ source: RootKeySource) {
        self =
            switch source {
            case .file: .file
            case .command: .command
            case .passphrase: .passphrase
            case .none: .none
            }
    }
}
