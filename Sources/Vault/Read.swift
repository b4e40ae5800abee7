package import Secrets
internal import Sodium

/// One version of an item, decrypted. Its bytes lie in locked memory and are wiped when the last owner lets go.
package struct Snapshot: Sendable {
    let value: SecretBox
    /// The version's number; 0 for `env`, which has as many as it has variables.
    package let version: Int64

    /// Bytes.
    package var length: Int { value.bytes.count }

    /// Lends the bytes.
    package func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try value.bytes.withBytes(body)
    }
}

/// Why a value is decrypted.
package enum Purpose: Sendable {
    /// To hand it to the caller.
    case read
    /// To change it in place or append to it, unseen: the caller gets none of it. Of `env` and variables this takes `read` too.
    case modify

    var right: Rights { self == .read ? .read : .write }
}

/// Reading: the only place in the program where a value is decrypted.
extension Vault {
    /// The current value of an item, or the text of `env`, for the actor.
    ///
    /// Decides, writes the line in the audit log, then decrypts. Throws `denied`, `locked`, `notFound`, `isAFolder`, `corrupt`,
    /// `audit`; each but `notFound` and `isAFolder` is in the log.
    package func open(_ inode: Inode, _ purpose: Purpose, for actor: Actor) throws(VaultError) -> Snapshot {
        let place = try place(inode)
        guard place.isItem else { throw .isAFolder }
        let found = try contents(of: place)
        let number = place.isEnvironment ? nil : found.contents?.node.current
        let decision = try authorize(purpose.right, on: place, for: actor, version: number)
        if purpose == .modify { try authorizeKeeping(place, for: actor, version: number) }
        if keyring.isLocked {
            try log(actor, place.reference, version: number, allowed: false, reason: "locked")
            throw .locked
        }
        do throws(VaultError) {
            guard let contents = found.contents else { throw .corrupt(found.damage) }
            try log(actor, place.reference, version: number, allowed: true, reason: purpose.reason(decision.reason))
            actor.job?.job.noteOpened(place)
            return try decrypt(contents, of: place)
        } catch .corrupt(let what) {
            try log(actor.doing("verify"), place.reference, allowed: false, reason: what)
            throw .corrupt("\(place.reference): \(what)")
        }
    }

    /// Decides about reading without reading, for who opens a file to write it anew and read it back.
    package func authorizeRead(_ inode: Inode, for actor: Actor) throws(VaultError) {
        try authorize(.read, on: try place(inode), for: actor)
    }

    /// What an open needs of the store, or what is wrong with it: that is told only to whom the decision lets.
    private func contents(of place: Place) throws(VaultError) -> (contents: Contents?, damage: String) {
        if let kept = store.contents.contents(place.inode) { return (kept, "") }
        let generation = store.contents.generation
        do throws(VaultError) {
            let contents = try store.read { store throws(VaultError) in
                try store.snapshot { () throws(VaultError) in try store.contents(of: place) }
            }
            store.contents.keep(contents, of: place.inode, generation: generation)
            return (contents, "")
        } catch .corrupt(let what) { return (nil, what) }
    }

    private func decrypt(_ contents: Contents, of place: Place) throws(VaultError) -> Snapshot {
        if !place.isEnvironment, let item = contents.items.first {
            return Snapshot(value: SecretBox(try decrypt(item)), version: item.version.number)
        }
        return Snapshot(value: SecretBox(try environment(contents.items)), version: 0)
    }

    private func decrypt(_ item: Contents.Item) throws(VaultError) -> SecretBytes {
        let key = try keyring.dataKey(of: item.version, sealedTo: item.key)
        let value = try Envelope.open(item.version, with: key, store: store.identity.uuid, item: item.node.uuid)
        // The node's seal covers these: with them a row of another version can't take the current one's place.
        guard Int64(value.count) == item.node.length, item.version.length == item.node.length else {
            throw .corrupt("version \(item.version.number): its length is not that of the item")
        }
        return value
    }

    /// The text of `env`: the variables in the order of their names.
    private func environment(_ items: [Contents.Item]) throws(VaultError) -> SecretBytes {
        let length = items.reduce(0) { $0 + $1.node.line }
        var text = try sodium { () throws(SodiumError) in try SecretBytes(count: Int(length)) }
        var written = 0
        for item in items {
            let value = try decrypt(item)
            let line = value.withBytes { EnvText.lineLength(name: item.node.name, value: $0) }
            guard line == item.node.line, written + line <= text.count else {
                throw .corrupt("version \(item.version.number): its line in env has another length")
            }
            text.withMutableBytes { text in
                value.withBytes { value in
                    var rest = text._mutatingExtracting(written..<(written + line))
                    _ = EnvText.writeLine(name: item.node.name, value: value, into: &rest)
                }
            }
            written += line
        }
        return text
    }
}

extension Purpose {
    fileprivate func reason(_ reason: Reason) -> String {
        self == .read ? reason.description : "\(reason), to change it unseen"
    }
}
