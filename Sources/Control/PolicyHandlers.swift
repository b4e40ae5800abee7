// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Secrets
internal import Vault

/// The policies of secrets: showing and changing them.
enum PolicyHandlers {
    static func get(_ call: Call) throws(Refused) -> Reply {
        try reply(try call.reference(), call, call.peer.acting("policy"))
    }

    static func set(_ call: Call) throws(Refused) -> Reply {
        let reference = try call.reference()
        let request = try call.body { text throws(JSONError) in try PolicyRequest(try JSONNode.parse(text)) }
        let caller = call.peer.acting("policy")
        var change = SecretChange(reference, mode: .update)
        change.policy = request.change
        _ = try call.service.ask(about: reference, for: caller) { () throws(VaultError) in
            try call.vault.apply([change], values: unsafe [UInt8]().span.bytes, by: caller)
        }
        return try reply(reference, call, caller)
    }

    private static func reply(_ reference: Reference, _ call: Call, _ caller: Caller) throws(Refused) -> Reply {
        let view = try EntryHandlers.view(of: reference, call, caller)
        guard view.kind == .secret else { throw Refused(409, "\(reference) is no secret", code: .conflict) }
        guard let policy = view.policy else {
            throw Refused(403, "permission denied: you may see only part of \(reference)", code: .denied)
        }
        return try Reply(PolicyReply(ref: view.reference, policy: policy))
    }
}
