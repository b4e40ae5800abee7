// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Secrets
internal import Vault

/// Values, one by one or all of a secret at once.
enum ValueHandlers {
    /// One value, or the text of `env`, as octets.
    static func get(_ call: Call) throws(Refused) -> Reply {
        let reference = try call.reference()
        let caller = call.peer.acting("get")
        let (vault, service) = (call.vault, call.service)
        let size: Int64
        let open: () throws(VaultError) -> Snapshot
        if let (job, place) = vault.placeInJob(reference, for: caller) {
            size = try service.ask(about: reference, for: caller) { () throws(VaultError) in try vault.attributes(of: place, in: job).size }
            open = { () throws(VaultError) in try vault.open(place, of: job, for: caller) }
        } else {
            let inode = try service.resolve(reference, item: true, for: caller)
            let kind = try service.ask(about: reference, for: caller) { () throws(VaultError) in try vault.kind(of: inode) }
            if !kind.isItem, inode.facet != .env { throw kind == .secret ? service.notOneItem(reference, for: caller) : .noItem(reference) }
            size = try service.ask(about: reference, for: caller) { () throws(VaultError) in try vault.attributes(of: inode).size }
            open = { () throws(VaultError) in try vault.open(inode, .read, for: caller) }
        }
        let share = try service.share(of: Int(clamping: size), for: call.peer)
        let value = try service.ask(about: reference, for: caller, open)
        // Another version than the one that was measured.
        let length = value.withBytes { $0.byteCount }
        let rest = try call.service.share(of: length > Int(clamping: size) ? length : 0, for: call.peer)
        return .value(Octets(values: [value], shares: [share, rest]), version: value.version)
    }

    /// All values of a secret, as they are at one instant.
    static func all(_ call: Call) throws(Refused) -> Reply {
        let reference = try call.reference()
        let caller = call.peer.acting("get")
        let view = try EntryHandlers.view(of: reference, call, caller)
        guard view.kind == .secret else {
            throw Refused(409, "\(reference) is no secret", hint: "a single value is asked for by itself", code: .conflict)
        }
        let length = view.items.reduce(0) { $0 + Int(clamping: $1.length) }
        guard length < ValueBundle.longest, view.items.count <= ValueBundle.mostItems else {
            throw Refused(
                413, "\(reference) holds more than \(ValueBundle.longest) bytes or \(ValueBundle.mostItems) items",
                hint: "ask for its values one by one", code: .tooLarge)
        }
        let share = try call.service.share(of: length, for: call.peer)
        let values = try call.service.ask(about: reference, for: caller) { () throws(VaultError) -> [(name: [UInt8], value: Snapshot)]? in
            do throws(VaultError) {
                return try call.vault.openAll(reference, limit: max(length, Limits.smallValue), for: caller)
            } catch .tooLarge {
                return nil
            }
        }
        guard let values, values.count <= ValueBundle.mostItems else { throw .busy("\(reference) grows while it is read") }
        let items = values.map { value in
            ValuesHead.Item(name: value.name, version: value.value.version, length: value.value.withBytes { $0.byteCount })
        }
        guard
            let head = JSONLine.bytes(
                of: ValuesHead(ref: view.reference, type: view.type.map { String(decoding: $0, as: UTF8.self) }, items: items))
        else {
            throw Refused(500, "the answer can't be written", code: .storage)
        }
        return .bundle(Octets(head: head, values: values.map(\.value), shares: [share]))
    }

    /// A new value, exactly these bytes; of `env`, the assignments that become its variables.
    static func put(_ call: Call) throws(Refused) -> Reply {
        let reference = try call.reference()
        let expected = try call.number("expect", in: 0...Int64.max)
        let caller = call.peer.acting("set")
        let mayBeEmpty = try call.flag("empty")
        let verbatim = try call.flag("verbatim")
        guard let value = call.takeOctets() else { throw .invalid("the body is missing") }
        let (secret, item) = try call.service.item(reference, for: caller)
        guard item != TreeName.env else {
            guard expected == nil, !mayBeEmpty else {
                throw .invalid("parameter \(mayBeEmpty ? "empty" : "expect") goes with a single item, not with env")
            }
            guard value.count > 0 else { throw .empty() }
            return try putEnvironment(value, of: reference, verbatim: verbatim, call, caller)
        }
        guard value.count > 0 || mayBeEmpty else {
            throw .empty(hint: "empty=true stores an empty value")
        }
        let change = SecretChange(secret, mode: .update, items: [ItemChange(item, .set(0..<value.count), expected: expected)])
        return try ApplyHandlers.apply([change], value, about: secret, verbatim: verbatim, call, caller)
    }

    private static func putEnvironment(
        _ text: borrowing SecretBuffer, of reference: Reference, verbatim: Bool, _ call: Call, _ caller: Caller
    ) throws(Refused) -> Reply {
        let inode = try call.service.resolve(reference, for: caller)
        let commit = try text.withBytes { text throws(Refused) in
            try call.service.ask(about: reference, for: caller) { () throws(VaultError) in
                try call.vault.commit(text, to: .environment(inode, merge: false), superseding: [:], by: caller)
            }
        }
        let notices = text.withBytes { text in
            // It was read just now.
            let assignments = (try? EnvText.parse(text, final: true))?.assignments ?? []
            return EnvText.notices(assignments, in: text, except: verbatim ? [.blanks] : [])
                + ShellNames.notices(assignments.map { EnvText.name(of: $0, in: text) })
        }
        var versions: [VersionsReply.Version] = []
        for (node, version) in commit.versions.sorted(by: { $0.key < $1.key }) {
            let item = try asking { () throws(VaultError) in try call.vault.reference(of: Inode(node)) }
            versions.append(VersionsReply.Version(ref: item, version: version))
        }
        return try Reply(VersionsReply(versions: versions, warnings: notices.map(VersionsReply.Warning.init)))
    }
}
