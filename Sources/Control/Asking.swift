// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Secrets
internal import Vault

/// Calls the vault, and makes its errors refusals.
func asking<Value: ~Copyable>(_ call: () throws(VaultError) -> Value) throws(Refused) -> Value {
    do { return try call() } catch { throw Refused(error) }
}

/// Questions to the vault about a place: a refusal names it, and where nothing is there it offers what is near.
extension Service {
    /// Calls the vault for `caller`, and makes its errors refusals: about the place that they name, or else about `reference`. With
    /// `making`, a scope that is missing can be made first.
    func ask<Value: ~Copyable>(
        about reference: Reference, for caller: Caller, making: Bool = false, _ call: () throws(VaultError) -> Value
    ) throws(Refused) -> Value {
        do { return try call() } catch { throw refusal(error, about: reference, for: caller, making: making) }
    }

    /// The refusal for an error of the vault, about the place that it names, or else about `reference`.
    func refusal(_ error: VaultError, about reference: Reference, for caller: Caller, making: Bool = false) -> Refused {
        switch error {
        case .about(let subject, .conflict(let problem)): return Refused(.conflict(problem)).about(subject.named(by: caller))
        case .about(let subject, let cause): return refusal(cause, about: subject, for: caller, making: making)
        case .notFound: return missing(reference, for: caller, making: making)
        // These are about more than a place.
        case .locked, .corrupt, .storage, .audit, .conflict, .wrongKey, .noKey, .exhausted, .quota, .noSpace: return Refused(error)
        default: return Refused(error).about(reference.named(by: caller))
        }
    }

    /// The refusal for what is not there, or not for the caller to see: the two look the same.
    func missing(_ reference: Reference, for caller: Caller, making: Bool = false) -> Refused {
        let reference = reference.named(by: caller)
        if reference.components.first == TreeName.job {
            let error = caller.job == nil ? "job: the caller is in no job" : "\(reference): the job has no such item"
            return Refused(404, error, code: .notFound)
        }
        let near = (try? vault.suggestions(for: reference, caller: caller)) ?? []
        let absent = absent(of: reference, for: caller)
        let hint: String? =
            switch near.count {
            case 0: making ? absent.making : nil
            case 1: "did you mean \(near[0])?"
            default: "did you mean \(near.dropLast().joined(separator: ", ")) or \(near[near.count - 1])?"
            }
        return Refused(404, "\(absent): no such \(absent.noun)", hint: hint, code: .notFound)
    }

    /// A reference up to the first name that is not there, or not for the caller to see.
    private func absent(of reference: Reference, for caller: Caller) -> Reference {
        let isBelowHomes = reference.components.first == TreeName.users
        var parts = reference.components.indices.dropFirst(isBelowHomes ? 1 : 0).map { last in
            Reference(components: Array(reference.components[...last]))
        }
        // A target is one of a project, which lies beside it.
        if parts.count > 1, parts[1].noun == "target", let project = parts[1].components.last?.prefix(while: { $0 != UInt8(ascii: "@") }) {
            parts.insert(Reference(components: parts[0].components + [Array(project)]), at: 1)
        }
        return parts.first { (try? vault.resolve($0, for: caller)) == nil } ?? reference
    }

    /// The inode of a reference. With `item`, a secret that holds exactly one item stands for that item.
    func resolve(_ reference: Reference, item: Bool = false, for caller: Caller) throws(Refused) -> Inode {
        try ask(about: reference, for: caller) { () throws(VaultError) in
            try vault.resolve(reference, item: item, for: caller)
        }
    }

    /// The item of a secret, as the vault's changes name it: `vars/PASSWORD` of `acme/web/db`. A secret that holds exactly one item
    /// stands for that item. Throws a refusal for anything else.
    func item(_ reference: Reference, for caller: Caller) throws(Refused) -> (secret: Reference, name: [UInt8]) {
        var parts = Vault.split(reference)
        if let secret = parts, secret.item == nil {
            let inode = try resolve(reference, item: true, for: caller)
            let only = try asking { () throws(VaultError) in try vault.reference(of: inode) }
            parts = Vault.split(only)
        }
        guard let parts else { throw .noItem(reference) }
        guard let item = parts.item else { throw notOneItem(reference, for: caller) }
        return (parts.secret, item)
    }

    /// The refusal for the reference of a secret, where an item is asked for: it lists those that the caller may list.
    func notOneItem(_ reference: Reference, for caller: Caller) -> Refused {
        let names = ((try? vault.show(reference, for: caller).items) ?? []).map { item in
            "\(Reference(components: reference.components + item.name.split(separator: UInt8(ascii: "/")).map { Array($0) }))"
        }
        guard !names.isEmpty else {
            return Refused(
                409, "\(reference) has no single item that you may see", hint: "name one, such as \(reference)/vars/NAME",
                code: .conflict)
        }
        let shown = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
        return Refused(409, "\(reference) has \(names.count) items", hint: "name one: \(shown)", code: .conflict)
    }
}

extension Refused {
    /// The reference of something above a secret, where an item is asked for.
    static func noItem(_ reference: Reference) -> Refused {
        Refused(409, "\(reference) holds no value", hint: "values lie in the vars and files of a secret", code: .conflict)
    }

    /// With what it is about in front.
    fileprivate func about(_ reference: Reference) -> Refused {
        Refused(status, "\(reference): \(refusal.error)", hint: refusal.hint, code: refusal.code)
    }
}

extension Reference {
    /// The same place as the caller names it: their own home is `user`.
    fileprivate func named(by caller: Caller) -> Reference {
        guard components.starts(with: [TreeName.users, Array("\(caller.uid)".utf8)]) else { return self }
        return Reference(components: [TreeName.user] + components.dropFirst(2))
    }

    /// The command that makes it, if it is a scope.
    fileprivate var making: String? {
        let command: String
        switch noun {
        case "organization": command = "org"
        case "project", "target": command = noun
        default: return nil
        }
        return "tacit \(command) create \(self) makes it"
    }

    /// The word for the kind of place that has such a reference.
    fileprivate var noun: String {
        let home = components.first == TreeName.user ? 1 : components.first == TreeName.users ? 2 : nil
        // In a home secrets lie one level higher than in an organization.
        let depth = components.count + (home.map { 2 - $0 } ?? 0)
        switch depth {
        case 0: return "place"
        case 1: return "organization"
        case 2 where home != nil: return "home"
        case 2 where components[1] == TreeName.shared: return "place"
        case 2: return components[1].contains(UInt8(ascii: "@")) ? "target" : "project"
        case 3: return "secret"
        default:
            let facet = components[components.count - depth + 3]
            return facet == TreeName.vars ? "variable" : facet == TreeName.files ? "file" : "item"
        }
    }
}
