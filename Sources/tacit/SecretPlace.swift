// SPDX-License-Identifier: MIT

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
    /// The operand at `index` as a reference to a secret or to what is in one. A name alone is one of the caller's own secrets:
    /// `KEY` is `user/KEY`.
    func secretPlace(_ index: Int = 0) throws(Failure) -> SecretPlace {
        let bytes = try secretReference(index)
        let reference: Reference
        do { reference = try Reference.parse(bytes) } catch { throw Failure(.usage, "\(error)") }
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
        return isNameAlone(index) ? TreeName.user + [UInt8(ascii: "/")] + bytes : bytes
    }

    /// Whether the operand at `index` is a name alone, which is that of a secret of the caller's own.
    func isNameAlone(_ index: Int = 0) -> Bool {
        let word = operand(index) ?? []
        return !word.contains(UInt8(ascii: "/")) && !ReferenceArgument.isFromHere(word)
    }
}
