// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Secrets
internal import Vault

/// Changing the tree: making, removing, restoring, moving, copying.
enum TreeHandlers {
    static func make(_ call: Call) throws(Refused) -> Reply {
        let reference = try call.reference()
        let kind = try kind(call)
        let caller = call.peer.acting("create")
        let made = try call.service.ask(about: reference, for: caller, making: true) { () throws(VaultError) in
            try call.vault.make(reference, kind, by: caller)
        }
        return try place(made.inode, call)
    }

    /// The kind of place to make, if the request names one.
    private static func kind(_ call: Call) throws(Refused) -> NodeKind? {
        guard let word = call.bytes("kind") else { return nil }
        switch String(decoding: word, as: UTF8.self) {
        case "organization": return .organization
        case "project": return .project
        case "target": return .target
        case "secret": return .secret
        default: throw .invalid("parameter kind is none of organization, project, target, secret")
        }
    }

    static func remove(_ call: Call) throws(Refused) -> Reply {
        let purge = try call.flag("purge")
        let caller = call.peer.acting(purge ? "purge" : "rm")
        switch (try call.optionalReference("ref"), try call.deletedID()) {
        case (let reference?, nil):
            try call.service.ask(about: reference, for: caller) { () throws(VaultError) in
                _ = try call.vault.remove(reference, purge: purge, by: caller)
            }
        case (nil, let id?):
            guard purge else { throw .invalid("parameter id goes with purge=true: what it names is removed already") }
            try deleted(id) { () throws(VaultError) in _ = try call.vault.purge(id, by: caller) }
        default: throw .invalid("one of the parameters ref and id is needed")
        }
        return try Reply(DoneReply())
    }

    static func restore(_ call: Call) throws(Refused) -> Reply {
        guard let id = try call.deletedID() else { throw .invalid("parameter id is missing") }
        let destination = try call.optionalReference("to")
        let caller = call.peer.acting("restore")
        let restored: Reference
        do throws(VaultError) { restored = try call.vault.restore(id, to: destination, by: caller) } catch {
            switch error {
            case .notFound: throw notDeleted(id)
            case .about(let reference, .notFound):
                let missing = call.service.missing(reference, for: caller).refusal
                throw Refused(404, missing.error, hint: missing.hint ?? "tacit restore --to REF puts it elsewhere", code: missing.code)
            default: throw Refused(error)
            }
        }
        return try place(restored, call, caller)
    }

    private static func notDeleted(_ id: DeletedID) -> Refused {
        Refused(404, "\(id): nothing deleted has this id", hint: "tacit ls --deleted lists what can be restored", code: .notFound)
    }

    /// Calls the vault about something deleted.
    private static func deleted<Value>(_ id: DeletedID, _ call: () throws(VaultError) -> Value) throws(Refused) -> Value {
        do { return try call() } catch .notFound { throw notDeleted(id) } catch { throw Refused(error) }
    }

    static func move(_ call: Call) throws(Refused) -> Reply {
        let (source, destination) = (try call.reference("from"), try call.reference("to"))
        let caller = call.peer.acting("mv")
        try call.service.ask(about: source, for: caller, making: true) { () throws(VaultError) in
            _ = try call.vault.move(source, to: destination, by: caller)
        }
        return try place(destination, call, caller)
    }

    static func copy(_ call: Call) throws(Refused) -> Reply {
        let (source, destination) = (try call.reference("from"), try call.reference("to"))
        let overwrite = try call.flag("overwrite")
        let caller = call.peer.acting("copy")
        let applied = try call.service.ask(about: source, for: caller, making: true) { () throws(VaultError) in
            try call.vault.copy(source, to: destination, overwrite: overwrite, by: caller)
        }
        return try ApplyHandlers.reply(applied, [], call)
    }

    /// Where something is now. Who made it or moved it may know, whatever else they may see there.
    private static func place(_ reference: Reference, _ call: Call, _ caller: Caller) throws(Refused) -> Reply {
        guard let inode = try? call.vault.resolve(reference, for: caller) else { return try Reply(DoneReply()) }
        return try place(inode, call)
    }

    private static func place(_ inode: Inode, _ call: Call) throws(Refused) -> Reply {
        let (reference, kind) = try asking { () throws(VaultError) in
            (try call.vault.reference(of: inode), try call.vault.kind(of: inode))
        }
        return try Reply(PlaceReply(ref: reference, kind: PlaceKind(kind)))
    }
}
