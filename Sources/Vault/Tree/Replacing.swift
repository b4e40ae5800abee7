// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// The result of a rename.
package struct Renaming: Sendable {
    /// A rename onto an item.
    package struct Replacement: Sendable {
        /// The item that was renamed, and is gone.
        package let source: Inode
        /// The number of the version that it had.
        package let sourceVersion: Int64
        /// The item that had the name, and keeps it.
        package let target: Inode
        /// The number of the version that was made of it.
        package let version: Int64
    }

    package internal(set) var changes = ChangeSet()
    /// What was replaced; nil if nothing had the name, or a folder.
    package internal(set) var replacement: Replacement?
}

/// A rename onto an item makes a new version of that item: its grants, its versions, its number and its place stay, and what was renamed
/// is gone. That is how programs save who write another file first.
///
/// The version is taken over as it is sealed, so that it goes on while the store is locked, and by users who may not read it. Its row says
/// what it was sealed for (`VersionRow.Origin`).
extension Vault {
    /// Makes the current version of an item the next version of another. Takes `write` or `manage` on that, beside what the folders ask
    /// for; and `read` or `manage` on the first where its value could then be read or run by more than before.
    func replace(_ old: NodeRow, by node: NodeRow, _ change: Change) throws(VaultError) -> Renaming.Replacement {
        let store = change.store
        guard let place = try store.place(Inode(node.id)), let target = try store.place(Inode(old.id)) else { throw .notFound }
        try authorize(anyOf: [.write, .manage], on: target, for: change.caller)
        try authorizeShowing(node, at: place, at: target, for: change.caller, store)
        guard let version = try store.version(node.current, of: node.id) else {
            throw .corrupt("\(place.reference): its version is missing")
        }
        let key = try store.verify(version, of: node)

        let isOwn = makers.made(node.id, by: change.caller.uid)
        makers.noteVersion(of: old.id, by: change.caller.uid, isOwn: isOwn)
        let number = old.current + 1
        try store.insertVersion(
            of: old, number: number, created: change.now, author: change.caller.uid, length: version.length, line: version.line, key: key,
            sealed: Envelope.Sealed(dataKey: version.dataKey, value: version.value),
            origin: version.origin ?? VersionRow.Origin(item: node.uuid, number: version.number))
        var new = old
        new.current = number
        new.length = version.length
        new.line = old.kind == .variable ? version.line + Int64(old.name.count) : 0
        new.changed = change.now
        // rename(2) changes no time of what is renamed.
        let (changed, overflows) = node.changed.multipliedReportingOverflow(by: 1000)
        new.modified = node.modified ?? (overflows ? nil : changed)
        try store.update(new)
        try store.deleteVersions(of: old.id, upTo: number - Int64(configuration.versionLimit), and: nil)
        if old.kind == .variable { try store.touch(old.parent, now: change.now, line: new.line - old.line) }

        let isOnlyVersion = try store.versionHeads(of: node.id).count == 1
        if isOnlyVersion, try store.grants(onNode: node.id).isEmpty {
            try leave(node, change)
            try destroy(node.id, by: change.caller, store)
        } else {
            // It has versions, or grants, that would be lost.
            try discard(node, place, change)
        }
        try log(change.caller, place.reference, .renamed, reason: "renamed to \(target.reference)")
        try log(change.caller, target.reference, version: number, .written, reason: "written by renaming \(place.reference)")
        return Renaming.Replacement(
            source: place.inode, sourceVersion: version.number, target: target.inode, version: number)
    }

    /// Refuses a caller who would show the current value of an item, at the place of another, to more users or jobs than may read it, and
    /// may neither read nor manage it; logs it.
    private func authorizeShowing(
        _ node: NodeRow, at place: Place, at target: Place, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) {
        guard !isOpen(.moveWidens) else { return }
        let old = try place.subject.levels + store.environmentLevels(over: place)
        let new = try target.subject.levels + store.environmentLevels(over: target)
        guard Exposure(new, policy: target.policy).isWider(than: Exposure(old, policy: place.policy)),
            !makers.made(node.id, by: caller.uid)
        else { return }
        try authorize(anyOf: [.read, .manage], on: place, for: caller, refusingAs: .wouldWiden)
    }
}

extension StoreConnection {
    /// The grants on the `env` that shows what is at a place or in it, if it is a variable or `vars`.
    func environmentLevels(over place: Place) throws(VaultError) -> [[Grant]] {
        try levels(Way(sequence: 0, inodes: [place.inode] + place.above).environment)
    }
}
