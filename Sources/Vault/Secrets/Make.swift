// SPDX-License-Identifier: MIT

package import Secrets

/// Making and moving places by their references: what mkdir(2) and rename(2) do, for the control socket.
extension Vault {
    /// Makes an organization, a project, a target or a secret, whichever has such a reference; what it lies in must be there. With
    /// `kind`, throws `invalidName` if the reference is that of another. Throws what `mkdir` does.
    package func make(
        _ reference: Reference, _ kind: NodeKind?, by caller: Caller
    ) throws(VaultError) -> (inode: Inode, kind: NodeKind) {
        guard let name = reference.components.last else { throw .exists }
        let parent = try resolve(Reference(components: reference.components.dropLast()), for: caller)
        let made = try self.kind(ofNew: name, in: try place(parent))
        if let kind, kind != made {
            throw .invalidName("\(reference) would be a \(made.word), and not a \(kind.word)")
        }
        return (try mkdir(name, in: parent, by: caller).inode, made)
    }

    /// Gives a place another name. What is there already is not replaced. Throws what `rename` does, and `exists`.
    @discardableResult
    package func move(_ from: Reference, to: Reference, by caller: Caller) throws(VaultError) -> ChangeSet {
        let place = try concerning(from) { () throws(VaultError) in try self.place(try resolve(from, for: caller)) }
        guard let name = place.path.last, let newName = to.components.last, from.components.count > 1 || place.kind == .organization else {
            throw .about(from, .notPermitted("a \(place.kind.word) keeps its name"))
        }
        let parent = try concerning(to) { () throws(VaultError) in
            try resolve(Reference(components: to.components.dropLast()), for: caller)
        }
        do throws(VaultError) {
            return try rename(name, in: place.parent, to: newName, in: parent, replace: false, by: caller).changes
        } catch {
            switch error {
            case .exists, .notEmpty, .invalidName, .nameTooLong: throw error.concerning(to)
            default: throw error.concerning(from)
            }
        }
    }
}
