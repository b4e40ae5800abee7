// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Linux
internal import Secrets
internal import Vault

/// The versions of items, without their values.
enum VersionHandlers {
    static func history(_ call: Call) throws(Refused) -> Reply {
        let reference = try call.reference()
        let caller = call.peer.acting("history")
        let versions = try call.service.ask(about: reference, for: caller) { () throws(VaultError) in
            try call.vault.history(reference, for: caller)
        }
        return try Reply(HistoryReply(versions: versions.map(HistoryReply.Version.init)))
    }

    static func rollback(_ call: Call) throws(Refused) -> Reply {
        let reference = try call.reference()
        guard let number = try call.number("version", in: 1...Int64.max) else { throw .invalid("parameter version is missing") }
        let caller = call.peer.acting("rollback")
        let (secret, name) = try call.service.item(reference, for: caller)
        let item = Reference(components: secret.components + name.split(separator: UInt8(ascii: "/")).map { Array($0) })
        let version: Int64
        do {
            version = try call.service.ask(about: item, for: caller) { () throws(VaultError) in
                try call.vault.rollback(item, to: number, by: caller)
            }
        } catch {
            // Where the item is there for the caller to see, it is the version that is not.
            guard error.refusal.code == .notFound, (try? call.vault.resolve(item, for: caller)) != nil else { throw error }
            throw Refused(404, "\(item) has no version \(number)", hint: "tacit history lists them", code: .notFound)
        }
        return try Reply(VersionsReply(versions: [VersionsReply.Version(ref: item, version: version)]))
    }
}

extension HistoryReply.Version {
    fileprivate init(_ version: VersionView) {
        self.init(
            item: version.item.bytes, version: version.number, created: SystemClock.rfc3339(version.created), author: version.author,
            length: version.length, current: version.isCurrent)
    }
}
