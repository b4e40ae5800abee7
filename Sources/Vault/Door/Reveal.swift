// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets
internal import Sodium

/// One version of an item, decrypted. Its bytes lie in locked memory and are wiped when the last owner lets go.
package struct Snapshot: Sendable {
    let value: SecretBox
    /// The version's number; 0 for `env`, which has as many as it has variables.
    package let version: Int64
    /// Nil for what only a job has.
    package let identity: ValueIdentity?

    init(value: SecretBox, version: Int64, identity: ValueIdentity? = nil) {
        self.value = value
        self.version = version
        self.identity = identity
    }

    /// Bytes.
    package var length: Int { value.bytes.count }

    /// Bytes of locked memory that it takes up.
    package var footprint: Int { SecretBytes.footprint(of: length) }

    /// Whether all who have this version open have the same copy.
    package var isShared: Bool { length >= OpenCopies.smallest }

    /// The identity of the copy in memory: snapshots that share a copy have the same.
    package var copy: ObjectIdentifier { ObjectIdentifier(value) }

    /// Lends the bytes.
    package func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try value.bytes.withBytes(body)
    }
}

/// The sealed form of a value, as the store has it.
enum Sealed {
    /// The verified rows of an item or of an `env`.
    case sound(Contents)
    /// The damage of these rows: only a caller who may read is told of it.
    case damaged(String)

    /// Runs `body`, which reads the rows, and keeps a `corrupt` that it throws as their damage.
    static func reading(_ body: () throws(VaultError) -> Contents) throws(VaultError) -> Sealed {
        do throws(VaultError) { return .sound(try body()) } catch .corrupt(let what) { return .damaged(what) }
    }
}

/// Revealing: the only place in the program where a value is decrypted. (A test over the sources sees to that.)
extension Vault {
    /// Decrypts an item, or all variables of an `env`, for a caller whom the decision allows it, after the line in the log.
    ///
    /// In a change the line is part of it, and what is revealed must not leave the vault.
    /// - Parameters:
    ///   - number: of the version, for the log; nil for `env`.
    ///   - reason: what the log says of why it was allowed.
    ///   - isHeld: told after the line in the log which value it is: true where that need not be decrypted, since it is handed to the
    ///     caller from where it is in the clear already.
    /// - Returns: nil where it is held.
    /// - Throws: `locked`, `corrupt` (both are logged), `audit`.
    func reveal(
        _ sealed: Sealed, version number: Int64?, at place: Place, reason: String, for caller: Caller,
        unless isHeld: (ValueIdentity) -> Bool
    ) throws(VaultError) -> SecretBytes? {
        if keyring.isLocked {
            try log(caller, place.reference, version: number, allowed: false, reason: "locked")
            throw .locked
        }
        do throws(VaultError) {
            guard case .sound(let contents) = sealed else { throw .corrupt(sealed.damage) }
            try log(caller, place.reference, version: number, allowed: true, reason: reason)
            noteOpening(of: place, by: caller)
            if isHeld(contents.identity) { return nil }
            return try place.isEnvironment ? environment(of: contents.items) : decrypted(try contents.only)
        } catch {
            guard case .corrupt(let what) = error else { throw error }
            try log(caller.doing("verify"), place.reference, allowed: false, reason: what)
            throw .corrupt("\(place.reference): \(what)")
        }
    }

    /// The same for what nobody holds in the clear.
    func reveal(
        _ sealed: Sealed, version number: Int64?, at place: Place, reason: String, for caller: Caller
    ) throws(VaultError) -> SecretBytes {
        let value = try reveal(sealed, version: number, at: place, reason: reason, for: caller, unless: { _ in false })
        guard let value else { throw .corrupt("\(place.reference): it was not decrypted") }
        return value
    }

    /// Whether a version opens, for `doctor`: nobody is shown it. Throws `locked`, `corrupt`.
    func check(_ item: Contents.Item) throws(VaultError) {
        _ = try decrypted(item)
    }

    private func decrypted(_ item: Contents.Item) throws(VaultError) -> SecretBytes {
        let version = item.version
        let key = try keyring.dataKey(of: version, sealedTo: item.key)
        let value = try Envelope.open(version, with: key, store: store.identity.uuid, item: item.node.uuid)
        // The node's seal covers its length: with it a row of another version can't take the current one's place.
        guard Int64(value.count) == version.length, version.number != item.node.current || version.length == item.node.length else {
            throw .corrupt("version \(version.number): its length is not that of the item")
        }
        return value
    }

    private func environment(of variables: [Contents.Item]) throws(VaultError) -> SecretBytes {
        var text = try EnvironmentText(length: variables.reduce(0) { $0 + Int(clamping: $1.node.shownLength) })
        for variable in variables {
            let value = try decrypted(variable)
            let written = value.withBytes { text.append(name: variable.node.name, value: $0) }
            guard let written, Int64(written) == variable.node.line else {
                throw .corrupt("version \(variable.version.number): its line in env has another length")
            }
        }
        return text.finished()
    }

    /// A job is known to have used a value when it has: in a change, after its commit.
    private func noteOpening(of place: Place, by caller: Caller) {
        guard let job = caller.job?.job else { return }
        if let draft = caller.draft { draft.addOpening(of: place, in: job) } else { job.noteOpened(place) }
    }
}

extension Sealed {
    fileprivate var damage: String {
        if case .damaged(let what) = self { what } else { "" }
    }
}

extension Contents {
    fileprivate var only: Item {
        get throws(VaultError) {
            guard let item = items.first else { throw .corrupt("its version is missing") }
            return item
        }
    }
}
