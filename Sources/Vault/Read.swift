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
    /// To change it in place or append to it, unseen: the caller gets none of it.
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
        return try store.read { store throws(VaultError) in
            try store.snapshot { () throws(VaultError) in
                guard let node = try store.node(inode.node) else { throw .notFound }
                let number = place.isEnvironment ? nil : node.current
                let decision = try self.authorize(purpose.right, on: place, for: actor, version: number)
                if self.keyring.isLocked {
                    try self.log(actor, place.reference, version: number, allowed: false, reason: "locked")
                    throw .locked
                }
                try self.log(actor, place.reference, version: number, allowed: true, reason: purpose.reason(decision.reason))
                return try self.decrypt(node, of: place, in: store, for: actor)
            }
        }
    }

    /// Decides about reading without reading, for who opens a file to write it anew and read it back.
    package func authorizeRead(_ inode: Inode, for actor: Actor) throws(VaultError) {
        try authorize(.read, on: try place(inode), for: actor)
    }

    private struct Item {
        let node: NodeRow
        let version: VersionRow
    }

    /// The rows of what is to be opened: one item, or all variables of a secret.
    private func items(_ node: NodeRow, of place: Place, in store: StoreConnection) throws(VaultError) -> [Item] {
        var nodes = [node]
        if place.isEnvironment {
            nodes = try store.children(of: node.id, kind: .variable)
            // Without one of its variables `env` would say something else.
            guard nodes.reduce(0, { $0 + $1.line }) == node.line else {
                throw .corrupt("a variable is missing")
            }
        }
        var items: [Item] = []
        for node in nodes {
            guard let version = try store.version(node.current, of: node.id) else {
                throw .corrupt("version \(node.current) is missing")
            }
            items.append(Item(node: node, version: version))
        }
        return items
    }

    private func decrypt(
        _ node: NodeRow, of place: Place, in store: StoreConnection, for actor: Actor
    ) throws(VaultError) -> Snapshot {
        do {
            let items = try items(node, of: place, in: store)
            if !place.isEnvironment, let item = items.first {
                return Snapshot(value: SecretBox(try decrypt(item, in: store)), version: item.version.number)
            }
            return Snapshot(value: SecretBox(try environment(items, in: store)), version: 0)
        } catch .corrupt(let what) {
            try log(actor.doing("verify"), place.reference, allowed: false, reason: what)
            throw .corrupt("\(place.reference): \(what)")
        }
    }

    private func decrypt(_ item: Item, in store: StoreConnection) throws(VaultError) -> SecretBytes {
        let key = try keyring.dataKey(of: item.version) { () throws(VaultError) in try store.verify(item.version, of: item.node) }
        let value = try Envelope.open(item.version, with: key, store: store.identity.uuid, item: item.node.uuid)
        // The node's seal covers these: with them a row of another version can't take the current one's place.
        guard Int64(value.count) == item.node.length, item.version.length == item.node.length else {
            throw .corrupt("version \(item.version.number): its length is not that of the item")
        }
        return value
    }

    /// The text of `env`: the variables in the order of their names.
    private func environment(_ items: [Item], in store: StoreConnection) throws(VaultError) -> SecretBytes {
        let sorted = items.sorted { $0.node.name.lexicographicallyPrecedes($1.node.name) }
        let length = sorted.reduce(0) { $0 + $1.node.line }
        var text = try sodium { () throws(SodiumError) in try SecretBytes(count: Int(length)) }
        var written = 0
        for item in sorted {
            let value = try decrypt(item, in: store)
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
