// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Linux
internal import Vault

/// How the daemon is; locking and unlocking.
enum StatusHandlers {
    static func status(_ call: Call) throws(Refused) -> Reply {
        try reply(call)
    }

    static func lock(_ call: Call) throws(Refused) -> Reply {
        try asking { () throws(VaultError) in try call.vault.lock(by: call.peer.acting("lock")) }
        return try reply(call)
    }

    /// With the key or passphrase that came, or else with what the daemon's own source gives.
    static func unlock(_ call: Call) throws(Refused) -> Reply {
        let caller = call.peer.acting("unlock")
        try asking { () throws(VaultError) in
            guard let key = call.takeOctets() else { return try call.vault.unlock(by: caller) }
            try call.vault.unlock(with: key, by: caller)
        }
        return try reply(call)
    }

    private static func reply(_ call: Call) throws(Refused) -> Reply {
        let status = try asking { () throws(VaultError) in try call.vault.status() }
        // Damage is told with names.
        let isOwner = call.vault.isOwner(call.peer.acting("status"))
        return try Reply(
            StatusReply(
                release: release, locked: status.isLocked,
                key: .init(call.service.rootKey, hasPassphrase: status.hasPassphrase), mountpoint: call.service.mountpoint,
                store: status.storePath, audit: status.auditPath, started: SystemClock.rfc3339(status.started), nodes: status.nodes,
                versions: status.versions, damage: isOwner ? status.damage : nil))
    }
}

extension StatusReply.KeySource {
    fileprivate init(_ source: RootKeySource, hasPassphrase: Bool) {
        self =
            switch source {
            case .file: .file
            case .command: .command
            case .none: hasPassphrase ? .passphrase : .none
            }
    }
}
