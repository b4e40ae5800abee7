// SPDX-License-Identifier: MIT

internal import Secrets

/// One secret's part of a change of several, after everything about it was decided.
struct ApplyPlan {
    /// Where it lies, or is to be.
    let folder: Place
    let name: [UInt8]
    /// Nil if it is made.
    let secret: NodeRow?
    let change: SecretChange
    /// The items of the change, with their names read.
    let items: [(path: ItemPath, change: ItemChange)]
    /// Items that are there and are not named, if the change replaces all.
    let left: [ItemPath]
}

/// Deciding about a change of several secrets. All of it comes before anything is done, so that a refusal finds nothing to take back.
extension Vault {
    func plan(_ change: SecretChange, values: RawSpan, for caller: Caller, _ store: StoreConnection) throws(VaultError) -> ApplyPlan {
        let path = Self.path(change.reference, for: caller)
        guard let name = path.last else { throw .invalidName("a secret has a name") }
        if let description = change.description { try Self.check("a description", description, limit: Self.maximumDescription) }
        if let type = change.type { try Self.check("a type", type, limit: Self.maximumType) }
        var items: [(path: ItemPath, change: ItemChange)] = []
        for item in change.items {
            items.append((try concerning(change.reference(to: item.name)) { () throws(VaultError) in try ItemPath(item.name) }, item))
        }
        let named = Set(items.map(\.path))
        guard named.count == items.count else { throw .invalidName("an item is named twice") }
        for item in items {
            try concerning(change.reference(to: item.change.name)) { () throws(VaultError) in
                try checkValue(of: item.change, item.path.kind, values)
            }
        }

        let folder = try seen(Array(path.dropLast()), for: caller, store)
        guard folder.holdsSecrets else {
            throw .notPermitted("a secret lies in a project, a target, @org or a home")
        }
        try Name.checking(name, as: .secret)
        let existing = try store.child(of: folder.inode.node, named: name, variable: false)
        guard let secret = existing, let place = try store.place(Inode(secret.id)) else {
            try authorizeMaking(change, name, in: folder, for: caller)
            return ApplyPlan(folder: folder, name: name, secret: nil, change: change, items: items, left: [])
        }
        guard try maySee(place, caller, store) else {
            // A place that the caller may not see is refused like one that is not there.
            if change.mode == .update { throw .notFound }
            try authorize(.write, on: folder, for: caller, reference: folder.reference(to: name))
            throw .exists
        }
        if change.mode == .create { throw .exists }
        var left: [ItemPath] = []
        if change.replacesItems {
            // A caller who sees only some of the items must not learn by the outcome whether there are others.
            try authorize(.list, on: place, for: caller)
            for item in try store.items(in: place) {
                let path = try ItemPath(item.name)
                if !named.contains(path) { left.append(path) }
            }
        }
        try authorize(change, items: items, left: left, of: place, for: caller, store)
        return ApplyPlan(folder: folder, name: name, secret: secret, change: change, items: items, left: left)
    }

    /// A new secret takes what mkdir(2) takes, and `write` if there are items to put in. A policy can only narrow what it would have been.
    private func authorizeMaking(
        _ change: SecretChange, _ name: [UInt8], in folder: Place, for caller: Caller
    ) throws(VaultError) {
        if change.mode == .update { throw .notFound }
        let rights: [Rights] = folder.subject.realm == .tree && change.items.isEmpty ? [.write, .manage] : [.write]
        try authorize(anyOf: rights, on: folder, for: caller, reference: folder.reference(to: name))
        for item in change.items {
            try concerning(change.reference(to: item.name)) { () throws(VaultError) in
                if case .remove = item.action { throw .notFound }
                try Self.check(expected: item.expected, current: 0)
            }
        }
    }

    private func authorize(
        _ change: SecretChange, items: [(path: ItemPath, change: ItemChange)], left: [ItemPath], of secret: Place, for caller: Caller,
        _ store: StoreConnection
    ) throws(VaultError) {
        if change.policy != nil { try authorize(.manage, on: secret, for: caller) }
        if change.description != nil || change.type != nil { try authorize(anyOf: [.write, .manage], on: secret, for: caller) }
        for item in items {
            try concerning(change.reference(to: item.change.name)) { () throws(VaultError) in
                try authorize(item.change, at: item.path, of: secret, for: caller, store)
            }
        }
        for path in left {
            let (existing, folder) = try locate(path, in: secret, store)
            if let existing { try authorizeRemoval(of: existing, from: folder, for: caller, store) }
        }
    }

    private func authorize(
        _ change: ItemChange, at path: ItemPath, of secret: Place, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) {
        let (existing, folder) = try locate(path, in: secret, store)
        let place = try existing.flatMap { item throws(VaultError) in try store.place(Inode(item.id)) }
        switch (change.action, existing, place) {
        case (.set, nil, _): try authorize(.write, on: folder, for: caller, reference: secret.reference(to: path))
        case (.set, _, let place?): try authorize(.write, on: place, for: caller)
        case (.remove, let item?, let place?):
            try refuseUnseen(place, for: caller, store)
            try authorizeRemoval(of: item, from: folder, for: caller, store)
        default: throw .notFound
        }
        try Self.check(expected: change.expected, current: existing?.current ?? 0)
    }

    /// The item of that name, if there is one, and the folder that it lies in, or the deepest on the way to it that there is.
    func locate(_ path: ItemPath, in secret: Place, _ store: StoreConnection) throws(VaultError) -> (item: NodeRow?, folder: Place) {
        var inode = Inode(secret.inode.node, path.facet)
        var isThere = true
        for name in path.folders {
            guard let folder = try store.child(of: inode.node, named: name, variable: false), folder.kind == .folder else {
                isThere = false
                break
            }
            inode = Inode(folder.id)
        }
        guard let folder = try store.place(inode) else { throw .notFound }
        let found = isThere ? try store.child(of: inode.node, named: path.name, variable: path.facet == .vars) : nil
        return (found.flatMap { $0.kind.isItem ? $0 : nil }, folder)
    }

    private func checkValue(of item: ItemChange, _ kind: NodeKind, _ values: RawSpan) throws(VaultError) {
        guard case .set(let range) = item.action else { return }
        guard range.lowerBound >= 0, range.upperBound <= values.byteCount else {
            throw .invalidValue("its bytes are not among the values")
        }
        try check(values.extracting(range), of: kind)
    }

    /// Whether bytes can be the value of an item of that kind, exactly as they are.
    func check(_ value: RawSpan, of kind: NodeKind) throws(VaultError) {
        guard value.byteCount <= maxValue else { throw .tooLarge(limit: maxValue) }
        if kind == .variable, ValueRule.containsNUL(value) { throw .invalidValue("a variable holds no NUL byte") }
    }

    private static func check(expected: Int64?, current: Int64) throws(VaultError) {
        guard let expected, expected != current else { return }
        if expected == 0 { throw .conflict("it was made in the meantime, and has version \(current)") }
        throw .conflict(current == 0 ? "it is not there any more" : "it has version \(current) now, and not \(expected)")
    }

    private static func check(_ what: String, _ text: [UInt8], limit: Int) throws(VaultError) {
        guard text.count <= limit else { throw .tooLarge(limit: limit) }
        guard !text.contains(0), String(validating: text, as: UTF8.self) != nil else {
            throw .invalidValue("\(what) is UTF-8 without NUL")
        }
    }

    /// The place of these names, as far as the caller may see it. Throws `notFound` else: what may not be seen is refused as what is
    /// not there, and that is logged.
    func seen(_ path: [[UInt8]], for caller: Caller, _ store: StoreConnection) throws(VaultError) -> Place {
        guard let inode = try store.find(path, for: caller), let place = try store.place(inode) else { throw .notFound }
        try refuseUnseen(place, for: caller, store)
        return place
    }

    /// Throws `notFound` (logged) for a place that the caller may not see.
    func refuseUnseen(_ place: Place, for caller: Caller, _ store: StoreConnection) throws(VaultError) {
        // `.users` is there for everybody, and lists nothing.
        if place.kind == .users { return }
        if try maySee(place, caller, store) { return }
        try log(caller, place.reference, allowed: false, reason: "\(decision(.list, on: place, for: caller).reason)")
        throw .notFound
    }
}

extension Place {
    /// Whether variables, or files and their folders, lie in it.
    var holdsItems: Bool { inode.facet == .vars || inode.facet == .files || kind == .folder }

    /// Whether secrets lie in it.
    var holdsSecrets: Bool {
        switch kind {
        case .project, .target, .shared, .home: true
        default: false
        }
    }

    /// An item of this secret as a reference.
    func reference(to item: ItemPath) -> String { Self.reference(path + item.components) }
}
