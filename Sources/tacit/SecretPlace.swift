// SPDX-License-Identifier: MIT

import ControlAPI
import Glibc
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
    func secretReference(_ index: Int = 0) throws(Failure) -> [UInt8] { try secretReference(named: operand(index) ?? []) }

    /// The same of a word that is no operand.
    func secretReference(named word: [UInt8]) throws(Failure) -> [UInt8] {
        let bytes = try ReferenceArgument.parse(word)
        try refuseAssignment(word)
        guard isNameAlone(word) else { return bytes }
        let scope = try NameScope(self)
        return Reference(components: scope.folder.components + (try parsed(bytes).components)).bytes
    }

    /// The operand at `index` as a reference to any part of the tree. A name alone is a secret of the scope, if that has one of the name,
    /// else what the root has: an organization. Throws a usage failure where it can be either.
    func placeReference(_ index: Int = 0) throws(Failure) -> [UInt8] { try placeReference(named: operand(index) ?? []) }

    /// The same of a word that is no operand.
    func placeReference(named word: [UInt8]) throws(Failure) -> [UInt8] {
        try refuseAssignment(word)
        let bytes = try ReferenceArgument.parse(word)
        guard isNameAlone(word), let name = try parsed(bytes).components.first, name != TreeName.user else { return bytes }
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

    /// Throws a usage failure for a word that may have a value in it, which is not told.
    private func refuseAssignment(_ word: [UInt8]) throws(Failure) {
        guard isNameAlone(word), DeletedID(word) == nil, word.contains(UInt8(ascii: "=")) else { return }
        throw Failure(
            .usage, "a word with = in it stands where a reference belongs",
            hint: "the secret comes first, then VAR=VALUE; tacit add NAME VALUE stores a single value")
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

    /// Tells on a terminal where a name alone was stored, since what said so may be a file that one does not think of; and that an item is
    /// a file which nobody has called one.
    func tellStored(_ place: SecretPlace, item: [UInt8]? = nil) {
        let isFile = place.item == nil && item?.starts(with: TreeName.inFiles) == true
        guard isNameAlone() || isFile, isatty(STDERR_FILENO) == 1 else { return }
        complain("tacit: stored \(text(place.whole))" + (isFile ? " as a file: no variable can have that name" : ""))
    }

    /// Whether the operand at `index` is a name alone.
    func isNameAlone(_ index: Int = 0) -> Bool { isNameAlone(operand(index) ?? []) }

    private func isNameAlone(_ word: [UInt8]) -> Bool {
        !word.contains(UInt8(ascii: "/")) && !ReferenceArgument.isFromHere(word)
    }
}
