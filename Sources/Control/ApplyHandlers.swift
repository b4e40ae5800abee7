// SPDX-License-Identifier: MIT

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
        return try apply(changes, values, about: first, verbatim: request.verbatim ?? false, call, call.peer.acting("apply"))
    }

    /// Makes changes, and answers with the versions.
    /// - Parameters:
    ///   - reference: what the changes are about, where the vault does not say it.
    ///   - verbatim: whether white space around values is worth no warning.
    static func apply(
        _ changes: [SecretChange], _ values: borrowing SecretBuffer, about reference: Reference, verbatim: Bool, _ call: Call,
        _ caller: Caller
    ) throws(Refused) -> Reply {
        // Of what the caller has sent, and of nothing that they may not read.
        let told: [Notice] = values.withBytes { notices(changes, $0, verbatim: verbatim) }
        let applied = try values.withBytes { values throws(Refused) in
            try call.service.ask(about: reference, for: caller, making: true) { () throws(VaultError) in
                try call.vault.apply(changes, values: values, by: caller)
            }
        }
        return try reply(applied, told, call)
    }

    /// The notices about the variables that get values.
    private static func notices(_ changes: [SecretChange], _ values: RawSpan, verbatim: Bool) -> [Notice] {
        var names: [[UInt8]] = []
        var surrounded: [[UInt8]] = []
        for item in changes.lazy.flatMap(\.items) where item.name.starts(with: TreeName.inVars) {
            guard case .set(let range) = item.action else { continue }
            let name = Array(item.name.dropFirst(TreeName.inVars.count))
            names.append(name)
            // Bytes that are not among the values are refused by the vault.
            let value = values.extracting(range.clamped(to: 0..<values.byteCount))
            if !verbatim, Notice.isSurroundedByWhiteSpace(value) { surrounded.append(name) }
        }
        return Notice.whiteSpace(surrounded) + ShellNames.notices(names)
    }

    static func reply(_ applied: Applied, _ notices: [Notice], _ call: Call) throws(Refused) -> Reply {
        try Reply(
            VersionsReply(
                versions: applied.versions.map { VersionsReply.Version(ref: $0.item, version: $0.version) },
                warnings: notices.map(VersionsReply.Warning.init)))
    }

    /// `offset` is where the values of this secret begin, and then where they end.
    private static func change(
        _ secret: ApplyRequest.Secret, _ number: Int, _ offset: inout Int
    ) throws(Refused) -> SecretChange {
        var change = SecretChange(secret.ref, mode: SecretChange.Mode(secret.mode))
        change.description = secret.description.map { Array($0.utf8) }
        change.type = secret.type.map { Array($0.utf8) }
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

extension VersionsReply.Warning {
    init(_ notice: Notice) { self.init(warning: notice.text, hint: notice.hint) }
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
