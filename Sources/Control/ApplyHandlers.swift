internal import ControlAPI
internal import Secrets
internal import Vault

/// Changing several values at once: all of it or nothing.
enum ApplyHandlers {
    static func apply(_ call: Call) throws(Refused) -> Reply {
        let request = try call.body { text throws(JSONError) in try ApplyRequest(head: text) }
        guard let values = call.takeOctets() else { throw .invalid("the body is missing") }
        guard values.count == request.valuesLength else {
            throw .invalid("the head names \(request.valuesLength) bytes of values, and \(values.count) came")
        }
        var changes: [SecretChange] = []
        var offset = 0
        for (number, secret) in request.secrets.enumerated() {
            changes.append(try change(secret, number, &offset))
        }
        let first = changes.first?.reference ?? Reference(components: [])
        return try apply(changes, values, about: first, call, call.peer.acting("apply"))
    }

    /// Makes changes, and answers with the versions.
    /// - Parameter reference: what the changes are about, where the vault does not say it.
    static func apply(
        _ changes: [SecretChange], _ values: borrowing SecretBuffer, about reference: Reference, _ call: Call, _ actor: Actor
    ) throws(Refused) -> Reply {
        let applied = try values.withBytes { values throws(Refused) in
            try call.service.ask(about: reference, for: actor) { () throws(VaultError) in
                try call.vault.apply(changes, values: values, by: actor)
            }
        }
        return try reply(applied, call)
    }

    static func reply(_ applied: Applied, _ call: Call) throws(Refused) -> Reply {
        try Reply(
            VersionsReply(
                versions: applied.versions.map { VersionsReply.Version(ref: $0.item.description, version: $0.version) }))
    }

    /// `offset` is where the values of this secret begin, and then where they end.
    private static func change(
        _ secret: ApplyRequest.Secret, _ number: Int, _ offset: inout Int
    ) throws(Refused) -> SecretChange {
        let reference: Reference
        do { reference = try Reference.parse(secret.ref) } catch { throw .invalid("field secrets[\(number)].ref: \(error)") }
        var change = SecretChange(reference, mode: SecretChange.Mode(secret.mode))
        change.description = secret.description.map { Array($0.utf8) }
        change.replacesItems = secret.replaceItems ?? false
        change.policy = secret.policy.map { $0.change }
        for (place, item) in secret.items.enumerated() {
            guard let name = OctetText.name(item.name, encoded: item.encoded) else {
                throw .invalid("field secrets[\(number)].items[\(place)].encoded is not percent-encoded")
            }
            var action = ItemChange.Action.remove
            if let length = item.length {
                action = .set(offset..<offset + length)
                offset += length
            }
            change.items.append(ItemChange(name, action, expected: item.expect))
        }
        return change
    }
}

extension SecretChange.Mode {
    fileprivate init(_ mode: ApplyRequest.Mode) {
        self =
            switch mode {
            case .create: .create
            case .update: .update
            case .either: .either
            }
    }
}
