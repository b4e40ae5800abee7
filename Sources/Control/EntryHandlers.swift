// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Linux
internal import Secrets
internal import Vault

/// Looking at the tree: what is there, without a value.
enum EntryHandlers {
    /// A page of what is in a place.
    static func entries(_ call: Call) throws(Refused) -> Reply {
        let reference = try call.optionalReference("ref") ?? Reference(components: [])
        let after = try call.number("after", in: 0...UInt64.max) ?? 0
        let limit = try call.number("limit", in: 1...Limits.page) ?? Limits.page
        let caller = call.peer.acting("ls")
        let found = try call.service.ask(about: reference, for: caller) { () throws(VaultError) in
            try call.vault.entries(of: reference, after: after, limit: limit, for: caller)
        }
        return try Reply(
            EntriesReply(entries: found.entries.map { EntriesReply.Entry($0, in: reference) }, next: found.next.map { "\($0)" }))
    }

    static func deleted(_ call: Call) throws(Refused) -> Reply {
        let reference = try call.optionalReference("ref")
        let caller = call.peer.acting("ls")
        let found = try call.service.ask(about: reference ?? Reference(components: []), for: caller) { () throws(VaultError) in
            try call.vault.deleted(below: reference, for: caller)
        }
        return try Reply(DeletedReply(deleted: found.map(DeletedReply.Item.init)))
    }

    static func secret(_ call: Call) throws(Refused) -> Reply {
        let reference = try call.reference()
        let caller = call.peer.acting("show")
        return try Reply(SecretReply(try view(of: reference, call, caller)))
    }

    static func complete(_ call: Call) throws(Refused) -> Reply {
        let prefix = call.bytes("prefix") ?? []
        guard prefix.count <= Reference.maximumLength else {
            throw .invalid("parameter prefix is longer than \(Reference.maximumLength) bytes")
        }
        let limit = try call.number("limit", in: 1...Limits.page) ?? Limits.page
        let names = try asking { () throws(VaultError) in
            try call.vault.complete(prefix, limit: limit, for: call.peer.acting("complete"))
        }
        return try Reply(CompleteReply(names: names))
    }

    static func view(of reference: Reference, _ call: Call, _ caller: Caller) throws(Refused) -> NodeView {
        try call.service.ask(about: reference, for: caller) { () throws(VaultError) in try call.vault.show(reference, for: caller) }
    }
}

extension EntriesReply.Entry {
    fileprivate init(_ entry: EntryView, in folder: Reference) {
        let slash = UInt8(ascii: "/")
        let names = entry.name.split(separator: slash).map { Array($0) }
        self.init(
            name: entry.name, ref: Reference(components: folder.components + names), kind: PlaceKind(entry.kind),
            created: SystemClock.rfc3339(entry.created), changed: SystemClock.rfc3339(entry.changed), length: entry.length,
            dates: entry.dates.map { EntriesReply.Dates(expires: $0.expiry, onExpire: $0.onExpire, rotate: $0.rotation) })
    }
}

extension DeletedReply.Item {
    fileprivate init(_ item: DeletedItem) {
        self.init(
            id: item.id, ref: item.reference, kind: PlaceKind(item.kind),
            deleted: SystemClock.rfc3339(item.deleted), expires: SystemClock.rfc3339(item.expires), by: item.author)
    }
}

extension SecretReply {
    fileprivate init(_ view: NodeView) {
        self.init(
            ref: view.reference, kind: PlaceKind(view.kind),
            description: view.description.map { String(decoding: $0, as: UTF8.self) },
            type: view.type.map { String(decoding: $0, as: UTF8.self) }, created: SystemClock.rfc3339(view.created),
            changed: SystemClock.rfc3339(view.changed), policy: view.policy.map { PolicyRequest($0) },
            items: view.items.map {
                Item(name: $0.name, version: $0.version, length: $0.length, changed: SystemClock.rfc3339($0.changed))
            })
    }
}
