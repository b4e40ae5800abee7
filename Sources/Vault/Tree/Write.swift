// SPDX-License-Identifier: MIT

internal import Bytes
internal import Linux
package import Secrets
internal import Sodium

/// The target of a writer: what its bytes become when it closes.
package enum WriteTarget: Sendable {
    /// The next version of a variable or file that exists.
    case item(Inode)
    /// A variable or file that does not exist yet, under a number set aside for it. If the writer has removed one of that name within the
    /// last minute, that comes back with the first version, with its own number: until then nothing goes by the number of what is removed.
    case new(Inode, name: [UInt8], in: Inode)
    /// The variables of a secret: all of them, or, merging, those that the text names.
    case environment(Inode, merge: Bool)

    /// The inode that is written to: of an item that does not exist yet, the one it will have.
    package var inode: Inode {
        switch self {
        case .item(let inode), .new(let inode, _, _), .environment(let inode, _): inode
        }
    }
}

/// The stored bytes of an item that a writer has kept as they were.
package enum Kept: Sendable {
    case nothing
    /// Some, but not the last one.
    case some
    /// The last one, and maybe others: a newline there is dropped no more.
    case end
}

/// The result of a commit.
package struct Commit: Sendable {
    /// The inode that was written: another than asked for, if somebody else created the same name first, or if what the writer had
    /// removed by this name came back.
    package internal(set) var inode: Inode
    /// The versions made, by item: what a later commit of the same handle supersedes.
    package internal(set) var versions: [NodeID: Int64] = [:]
    /// The changes that were committed.
    package internal(set) var changes = ChangeSet()
}

/// Writing: a version is sealed with public keys only, so that a locked daemon takes writes and can read none.
extension Vault {
    /// The most bytes a value may have.
    package var maxValue: Int { configuration.maxValue }
    /// The most bytes a text of `env` may have: enough for the largest value in its longest form.
    package var maxEnvironment: Int { max(configuration.maxValue * 2, 16 << 20) }

    /// At open(2) for writing: whether the caller may write here. Throws `denied` (logged), `notFound`, `isAFolder`.
    package func authorizeWrite(to inode: Inode, by caller: Caller) throws(VaultError) {
        let place = try place(inode)
        guard place.isItem else { throw .isAFolder }
        try authorize(.write, on: place, for: caller)
    }

    /// Whether the caller could as well remove an item, and make another in its place.
    package func mayReplace(_ item: Inode, by caller: Caller) -> Bool {
        guard let place = try? place(item), let folder = try? self.place(place.parent) else { return false }
        return allows(.write, on: folder, for: caller)
    }

    /// At creat(2): whether the caller may make an item of that name. Gives what is to be written to: a new item, whose number is never
    /// used again, whether it comes to be or not. Throws `denied` (logged), `invalidName`, `notPermitted`, `exists`.
    package func authorizeCreate(_ name: [UInt8], in parent: Inode, by caller: Caller) throws(VaultError) -> WriteTarget {
        let place = try place(parent)
        try Self.checkItemName(name, in: place)
        try authorize(.write, on: place, for: caller, reference: place.reference(to: name))
        let isVariable = parent.facet == .vars
        let item = try store.read { store throws(VaultError) in
            guard try store.child(of: parent.node, named: name, variable: isVariable) == nil else { throw .exists }
            return try newItem(name, isVariable ? .variable : .file, in: parent, for: caller, store)
        }
        // What comes back is counted already.
        if case .fresh = item {
            try checkRoomForItem(in: parent, for: caller)
            if isVariable { try checkRoomForVariable(in: Inode(parent.node), for: caller) }
        }
        return .new(Inode(try store.newNodeID()), name: name, in: parent)
    }

    /// Whether the caller may do something to a name that is being made, and has nothing stored yet. Throws `denied` (logged), `notFound`.
    package func authorizePending(_ name: [UInt8], in parent: Inode, by caller: Caller) throws(VaultError) {
        let place = try place(parent)
        try authorize(.write, on: place, for: caller, reference: place.reference(to: name))
    }

    /// Whether the caller may remove a name that is being made. Logged if another user makes it: what they write comes to nothing. Throws
    /// `denied` (logged), `notFound`, `audit`.
    package func removePending(_ name: [UInt8], in parent: Inode, madeBy maker: UInt32?, by caller: Caller) throws(VaultError) {
        try authorizePending(name, in: parent, by: caller)
        guard let maker, maker != caller.uid else { return }
        let reference = try place(parent).reference(to: name)
        try log(caller, reference, allowed: true, reason: "removed while uid:\(maker) was making it: nothing was stored")
    }

    /// Makes the bytes the current version, durably, and logs it. Throws what `authorizeWrite` does, and `invalidValue`, `tooLarge`,
    /// `audit`, `storage`; nothing is changed then.
    ///
    /// - Parameters:
    ///   - bytes: as they were written: of a variable the final newline is dropped here.
    ///   - keeping: what of an item's bytes was not written but stored before.
    ///   - superseding: the versions an earlier commit of the same handle made; they are destroyed.
    ///   - modified: the time that was given for an item, nanoseconds since the epoch; nil: now.
    package func commit(
        _ bytes: RawSpan, to target: WriteTarget, keeping: Kept = .nothing, superseding: [NodeID: Int64], modified: Int64? = nil,
        by caller: Caller
    ) throws(VaultError) -> Commit {
        switch target {
        case .item(let inode):
            try commitItem(bytes, inode, keeping: keeping, superseding[inode.node], modified, caller)
        case .new(let inode, let name, let parent): try commitNew(bytes, inode, name, parent, modified, caller)
        case .environment(let inode, let merge): try commitEnvironment(bytes, inode, merge: merge, superseding, caller)
        }
    }

    private func commit(
        by caller: Caller, _ body: (StoreConnection, Caller) throws(VaultError) -> Commit
    ) throws(VaultError) -> Commit {
        var (commit, changes) = try change(by: caller, body)
        commit.changes = changes
        return commit
    }

    private func commitItem(
        _ bytes: RawSpan, _ inode: Inode, keeping: Kept, _ superseded: Int64?, _ modified: Int64?, _ caller: Caller
    ) throws(VaultError) -> Commit {
        try commit(by: caller) { store, caller throws(VaultError) in
            guard let place = try store.place(inode), let node = try store.node(inode.node) else { throw .notFound }
            try self.authorize(.write, on: place, for: caller)
            let value = bytes.extracting(first: try self.checkedLength(bytes, of: place.kind, keeping: keeping))
            let change = Change(store: store, caller: caller, now: SystemClock.now(), modified: modified)
            let number = try self.addVersion(value, to: node, of: place, superseding: superseded, isOwn: keeping == .nothing, change)
            return Commit(inode: inode, versions: [node.id: number])
        }
    }

    private func commitNew(
        _ bytes: RawSpan, _ inode: Inode, _ name: [UInt8], _ parent: Inode, _ modified: Int64?, _ caller: Caller
    ) throws(VaultError) -> Commit {
        try commit(by: caller) { store, caller throws(VaultError) in
            guard let folder = try store.place(parent) else { throw .notFound }
            let reference = folder.reference(to: name)
            try self.authorize(.write, on: folder, for: caller, reference: reference)
            let kind: NodeKind = parent.facet == .vars ? .variable : .file
            let value = bytes.extracting(first: try self.checkedLength(bytes, of: kind))
            let change = Change(store: store, caller: caller, now: SystemClock.now(), modified: modified)
            let node: NodeRow
            // Somebody else may have created the name since this file was opened: then both are versions of one item.
            if let existing = try store.child(of: parent.node, named: name, variable: kind == .variable) {
                guard existing.kind == kind else { throw .isAFolder }
                // But not if others may read it by grants of its own: it was given the name meanwhile.
                let own = try store.grants(inTree: existing.id).map(\.grant)
                guard own.isEmpty || !Self.exposes([own] + folder.subject.levels, moreThan: folder.subject.levels) else { throw .exists }
                // No bytes, no change.
                guard bytes.byteCount > 0 else { return Commit(inode: Inode(existing.id)) }
                node = existing
            } else if case .former(let deletedPlace) = try self.newItem(name, kind, in: parent, for: caller, store) {
                node = try self.takeBack(deletedPlace, change)
            } else {
                // It was stored by another descriptor, and removed since.
                guard try store.node(inode.node) == nil else { throw .notFound }
                node = try self.insertItem(inode.node, name, kind, in: parent, change)
                self.makers.note(node.id, by: caller.uid, isOpen: true)
            }
            guard let place = try store.place(Inode(node.id)) else { throw .notFound }
            let number = try self.addVersion(value, to: node, of: place, superseding: nil, isOwn: true, change)
            return Commit(inode: place.inode, versions: [node.id: number])
        }
    }

    private func commitEnvironment(
        _ text: RawSpan, _ inode: Inode, merge: Bool, _ superseding: [NodeID: Int64], _ caller: Caller
    ) throws(VaultError) -> Commit {
        // The last assignment of a name wins; a text without any changes nothing.
        var assignments: [[UInt8]: EnvText.Assignment] = [:]
        do throws(EnvTextError) {
            for assignment in try EnvText.parse(text, final: true).assignments {
                assignments[EnvText.name(of: assignment, in: text)] = assignment
            }
        } catch { throw .invalidValue("\(error)") }
        for assignment in assignments.values where assignment.length > maxValue { throw .tooLarge(limit: maxValue) }
        guard !assignments.isEmpty else { return Commit(inode: inode) }

        let secret = Inode(inode.node)
        let folder = Inode(inode.node, .vars)
        let names = assignments.keys.sorted { $0.lexicographicallyPrecedes($1) }
        return try commit(by: caller) { store, caller throws(VaultError) in
            guard let place = try store.place(inode) else { throw .notFound }
            try self.authorize(.write, on: place, for: caller)
            let change = Change(store: store, caller: caller, now: SystemClock.now())
            var commit = Commit(inode: inode)
            var existing: [[UInt8]: NodeRow] = [:]
            for node in try store.children(of: secret.node, kind: .variable) { existing[node.name] = node }
            for name in names {
                guard let assignment = assignments[name] else { continue }
                let node = if let known = existing[name] { known } else { try self.makeItem(name, .variable, in: folder, change) }
                guard let variable = try store.place(Inode(node.id)) else { throw .notFound }
                let value = try Self.decoded(assignment, from: text)
                commit.versions[node.id] = try value.withBytes { value throws(VaultError) in
                    try self.addVersion(value, to: node, of: variable, superseding: superseding[node.id], change)
                }
            }
            guard !merge else { return commit }
            // A variable that `env` does not show was not taken out by this text.
            for (name, node) in existing where assignments[name] == nil && !ShellNames.isKept(name) {
                let reference = Place.reference([place.path.dropLast(), [Facet.vars.name ?? [], name]].flatMap { $0 })
                try self.destroy(node.id, by: caller, store)
                try store.touch(secret.node, now: change.now, line: -node.line)
                try self.log(caller, reference, .destroyed, reason: "removed by writing env")
            }
            return commit
        }
    }

    private static func decoded(_ assignment: EnvText.Assignment, from text: RawSpan) throws(VaultError) -> SecretBytes {
        var value = try sodium { () throws(SodiumError) in try SecretBytes(count: assignment.length) }
        let written = value.withMutableBytes { EnvText.decode(assignment, from: text, into: &$0) }
        guard written == assignment.length else { throw .invalidValue("a line of env can't be read") }
        return value
    }

    /// The values that all rows of one change share: who made it, and when.
    struct Change {
        let store: StoreConnection
        let caller: Caller
        let now: Int64
        /// The time that was given for what is written. Nanoseconds since the epoch; nil: now.
        var modified: Int64?
    }

    /// The item of a name that none has: a new one without a version, or what the caller removed by it within the last minute.
    func makeItem(
        _ name: [UInt8], _ kind: NodeKind, in parent: Inode, isOwn: Bool = false, _ change: Change
    ) throws(VaultError) -> NodeRow {
        switch try newItem(name, kind, in: parent, for: change.caller, change.store) {
        case .former(let deletedPlace): return try takeBack(deletedPlace, change)
        case .fresh:
            let node = try insertItem(try change.store.takeNodeID(), name, kind, in: parent, change)
            if isOwn { makers.note(node.id, by: change.caller.uid) }
            return node
        }
    }

    /// A new item, to which the same change adds a version. Throws `tooMany` where the change adds more variables by itself than the secret
    /// may have; `keepWithinQuotas` counts them with those that were there.
    func insertItem(
        _ id: NodeID, _ name: [UInt8], _ kind: NodeKind, in parent: Inode, _ change: Change
    ) throws(VaultError) -> NodeRow {
        let node = NodeRow(
            id: id, uuid: NodeRow.newUUID(), parent: parent.node, kind: kind, name: name, created: change.now, changed: change.now)
        try change.store.insert(node)
        if kind == .variable { try checkAddedVariables(of: parent.node, for: change.caller, change.store) }
        removals.noteTaking(of: EntryName(name, in: parent))
        // The set of what is in the folder changed. For a variable its first version says so.
        if kind != .variable { try change.store.touch(parent.node, now: change.now) }
        return node
    }

    /// Adds the next version of an item, destroys what is over the limit, and logs it. Returns the number of the version.
    ///
    /// `isOwn`: all of the value came from the caller.
    func addVersion(
        _ value: RawSpan, to node: NodeRow, of place: Place, superseding superseded: Int64?, isOwn: Bool = false, _ change: Change
    ) throws(VaultError) -> Int64 {
        guard let scope = place.scope, let key = try change.store.currentKey(of: scope) else {
            throw .corrupt("\(place.reference): its organization has no key")
        }
        makers.noteVersion(of: node.id, by: change.caller.uid, isOwn: isOwn)
        let number = node.current + 1
        let line = node.kind == .variable ? Int64(EnvText.lineLength(name: [], value: value)) : 0
        let sealed = try Envelope.seal(
            value, to: key.publicKey, store: change.store.identity.uuid, item: node.uuid, number: number)
        try change.store.insertVersion(
            of: node, number: number, created: change.now, author: change.caller.uid, length: Int64(value.byteCount), line: line,
            key: key, sealed: sealed)
        var node = node
        let before = node.line
        node.current = number
        node.length = Int64(value.byteCount)
        node.line = node.kind == .variable ? line + Int64(node.name.count) : 0
        node.changed = change.now
        node.modified = change.modified
        try change.store.update(node)
        try change.store.deleteVersions(of: node.id, upTo: number - Int64(configuration.versionLimit), and: superseded)
        if node.kind == .variable {
            // `env` shows the secret's time: it is of the same version as its youngest variable.
            try change.store.touch(node.parent, now: change.now, line: node.line - before)
        }
        try log(change.caller, place.reference, version: number, .written, reason: "written")
        return number
    }

    /// How many of the bytes that were written are stored; throws if a rule forbids them.
    private func checkedLength(_ bytes: RawSpan, of kind: NodeKind, keeping: Kept = .nothing) throws(VaultError) -> Int {
        let dropsNewline = keeping != .end || isOpen(.storedNewline)
        let length = kind == .variable && dropsNewline ? ValueRule.lengthWithoutFinalNewline(bytes) : bytes.byteCount
        guard length <= maxValue else { throw .tooLarge(limit: maxValue) }
        if kind == .variable, ValueRule.containsNUL(bytes) { throw .invalidValue("a variable holds no NUL byte") }
        return length
    }

    private static func checkItemName(_ name: [UInt8], in place: Place) throws(VaultError) {
        switch (place.kind, place.inode.facet) {
        case (.secret, .vars): try Name.checking(name, as: .variable)
        case (.secret, .files), (.folder, _): try Name.checking(name, as: .fileComponent)
        case (.secret, .itself): throw .notPermitted("a secret holds env, vars and files only")
        case (.variable, _), (.file, _), (.secret, .env): throw .notAFolder
        default: throw .notPermitted("values lie below the vars or files of a secret")
        }
    }
}

/// The rules for values that write(2) can already apply.
package enum ValueRule {
    /// `echo` adds a newline: of a variable one is dropped.
    package static func lengthWithoutFinalNewline(_ bytes: RawSpan) -> Int {
        guard bytes.byteCount > 0, bytes.octet(bytes.byteCount - 1) == UInt8(ascii: "\n") else { return bytes.byteCount }
        return bytes.byteCount - 1
    }

    package static func containsNUL(_ bytes: RawSpan) -> Bool {
        for offset in bytes.byteOffsets where bytes.octet(offset) == 0 { return true }
        return false
    }
}

extension Name {
    /// `check`, in this module's error.
    static func checking(_ name: [UInt8], as rule: NameRule) throws(VaultError) {
        do { try check(name, as: rule) } catch {
            throw name.count > maximumLength ? .nameTooLong("\(error)") : .invalidName("\(error)")
        }
    }
}

extension Place {
    /// A name in this folder as a reference.
    func reference(to name: [UInt8]) -> String { Self.reference(path + [name]) }

    static func reference(_ path: [[UInt8]]) -> String {
        path.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    }
}
