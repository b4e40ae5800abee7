// SPDX-License-Identifier: MIT

import ControlAPI
import Secrets

/// A reference taken apart at the secret that it is in. That is told by the form alone: the third name of `acme/web/db`, the second
/// of `user/mail`.
struct SecretPlace: Equatable {
    /// The names down to the secret.
    let secret: [[UInt8]]
    /// The names below: `vars`, `PASSWORD`; none for the secret itself.
    let below: [[UInt8]]

    /// Nil for a place above all secrets.
    init?(_ reference: Reference) {
        let names = reference.components
        let isHome = names.first == TreeName.user
        let depth = isHome ? 2 : 3
        guard names.count >= depth else { return nil }
        secret = Array(names.prefix(depth))
        below = Array(names.dropFirst(depth))
    }

    /// The secret's own name.
    var name: [UInt8] { secret.last ?? [] }

    /// The secret itself.
    var secretReference: Reference { Reference(components: secret) }

    /// The secret as the daemon takes it in a query.
    var reference: [UInt8] { secretReference.bytes }

    /// The whole reference, as the daemon takes it in a query.
    var whole: [UInt8] { Reference(components: secret + below).bytes }

    /// Which item of the secret it is: `vars/PASSWORD`; nil for the secret itself.
    var item: [UInt8]? { below.isEmpty ? nil : Reference(components: below).bytes }

    /// Whether that is a variable, whose value is text that people type.
    var isVariable: Bool { below.first == TreeName.vars }

    /// The item that a secret of a single value has: the variable of its own name, or the file, if no variable can have that name.
    static func onlyItem(of name: [UInt8]) -> [UInt8] {
        let isVariable = (try? Name.check(name, as: .variable)) != nil
        return (isVariable ? TreeName.inVars : TreeName.inFiles) + name
    }
}

extension Invocation {
    /// The operand at `index` as a reference to a secret or to what is in one. A name alone is a secret of the scope.
    func secretPlace(_ index: Int = 0) throws(Failure) -> SecretPlace {
        let bytes = try secretReference(index)
        let reference = try parsed(bytes)
        guard let place = SecretPlace(reference) else {
            throw Failure(
                .usage, "\(text(bytes)) is no secret", hint: "a secret is acme/web/db, or user/mail for one of your own")
        }
        return place
    }

    /// The same as the daemon takes it, whatever it is a reference to.
    func secretReference(_ index: Int = 0) throws(Failure) -> [UInt8] {
        let bytes = try reference(index)
        // The word is not told: it may have a value in it.
        if isNameAlone(index), DeletedID(operand(index) ?? []) == nil, operand(index)?.contains(UInt8(ascii: "=")) == true {
            throw Failure(
                .usage, "a word with = in it stands where a reference belongs", hint: "the secret comes first: acme/web/db VAR=VALUE")
        }
        // A project that is none is told also where the reference is whole.
        guard isNameAlone(index) || project != nil else { return bytes }
        let scope = try NameScope(self)
        return !isNameAlone(index) ? bytes : Reference(components: scope.folder.components + (try parsed(bytes).components)).bytes
    }

    /// The operand at `index` as a reference to any part of the tree. A name alone is a secret of the scope, if that has one of the name,
    /// else what the root has: an organization. Throws a usage failure where it can be either.
    func placeReference(_ index: Int = 0) throws(Failure) -> [UInt8] {
        let bytes = try reference(index)
        guard isNameAlone(index), let name = try parsed(bytes).components.first, name != TreeName.user else { return bytes }
        let scope = try NameScope(self)
        let secret = scope.secret(name)
        func isOrganization() throws(Failure) -> Bool {
            try isThere(DaemonRequest("GET", Endpoint.entries, query: [(name: "ref", value: bytes)]))
        }
        guard try isThere(DaemonRequest("GET", Endpoint.secret, query: [(name: "ref", value: secret.bytes)])) else {
            guard scope.isChosen, try !isOrganization() else { return bytes }
            throw Failure(
                .notFound, "there is neither a secret \(text(secret)) nor an organization \(text(name)), or none that you may see",
                hint: "acme/web/db names a secret from everywhere")
        }
        guard try !isOrganization() else {
            throw Failure(
                .usage, "\(text(name)) is a secret of \(text(scope.folder)), and an organization too",
                hint: "\(text(secret)) and tacit://\(text(name)) tell them apart")
        }
        return secret.bytes
    }

    private func isThere(_ request: DaemonRequest) throws(Failure) -> Bool {
        do throws(Failure) { _ = try Daemon.ask(request) } catch {
            guard error.exitCode == .notFound || error.exitCode == .denied else { throw error }
            return error.exitCode == .denied
        }
        return true
    }

    private func parsed(_ bytes: [UInt8]) throws(Failure) -> Reference {
        do { return try Reference.parse(bytes) } catch { throw Failure(.usage, "\(error)") }
    }

    /// Whether the operand at `index` is a name alone, which is that of a secret of the caller's own.
    func isNameAlone(_ index: Int = 0) -> Bool {
        let word = operand(index) ?? []
        return !word.contains(UInt8(ascii: "/")) && !ReferenceArgument.isFromHere(word)
    }
}
