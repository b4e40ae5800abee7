// SPDX-License-Identifier: MIT

package import Secrets
internal import Sodium

/// The purpose of decrypting a value.
package enum Purpose: Sendable {
    /// To hand it to the caller.
    case read
    /// To change it in place or append to it, unseen: the caller gets none of it. Of `env` and variables this takes `read` too.
    case modify

    var right: Rights { self == .read ? .read : .write }
}

/// Reading one value for a caller.
extension Vault {
    /// The current value of an item, or the text of `env`, for the caller.
    ///
    /// Decides, writes the line in the audit log, then decrypts. Throws `denied`, `locked`, `notFound`, `isAFolder`, `corrupt`,
    /// `audit`; each but `notFound` and `isAFolder` is in the log.
    package func open(_ inode: Inode, _ purpose: Purpose, for caller: Caller) throws(VaultError) -> Snapshot {
        guard let snapshot = try open(inode, purpose, for: caller, unless: { _ in false }) else { throw .notFound }
        return snapshot
    }

    /// The same for a caller to whom the value may be handed from where it is in the clear already: what was decrypted for an earlier open.
    ///
    /// - Parameter isHeld: told which value it is when all is decided and logged: whether that is so.
    /// - Returns: nil if it is.
    package func open(
        _ inode: Inode, _ purpose: Purpose, for caller: Caller, unless isHeld: (ValueIdentity) -> Bool
    ) throws(VaultError) -> Snapshot? {
        let place = try place(inode)
        guard place.isItem else { throw .isAFolder }
        let sealed = try contents(of: place)
        var number: Int64?
        if !place.isEnvironment, case .sound(let contents) = sealed { number = contents.node.current }
        let decision = try authorize(purpose.right, on: place, for: caller, version: number)
        if purpose == .modify { try authorizeKeeping(place, for: caller, version: number) }
        let value = try reveal(
            sealed, version: number, at: place, reason: purpose.reason(decision.reason), for: caller, unless: isHeld)
        guard let value else { return nil }
        var box = SecretBox(value)
        guard case .sound(let contents) = sealed else { return Snapshot(value: box, version: number ?? 0) }
        if box.bytes.count >= OpenCopies.smallest { box = caches.copies.shared(box, contents.identity) }
        return Snapshot(value: box, version: number ?? 0, identity: contents.identity)
    }

    /// Which value is current: the same bytes as another of this identity, for every caller. Nil where nothing can be read.
    package func currentIdentity(of inode: Inode) -> ValueIdentity? {
        guard let place = try? place(inode), place.isItem, case .sound(let contents) = try? contents(of: place) else { return nil }
        return contents.identity
    }

    /// Decides about reading without reading, for a caller who opens a file to replace its bytes and read them back.
    package func authorizeRead(_ inode: Inode, for caller: Caller) throws(VaultError) {
        try authorize(.read, on: try place(inode), for: caller)
    }

    /// Whether a caller may read an inode, for what it has open already: true for what is gone, of which no more versions come. Nothing is
    /// logged.
    package func mayRead(_ inode: Inode, for caller: Caller) -> Bool {
        do throws(VaultError) { return allows(.read, on: try place(inode), for: caller) } catch {
            guard case .notFound = error else { return false }
            return true
        }
    }

    /// The rows that an open needs, from the store.
    private func contents(of place: Place) throws(VaultError) -> Sealed {
        if let kept = caches.contents.contents(place.inode) { return .sound(kept) }
        let generation = caches.contents.generation
        return try Sealed.reading { () throws(VaultError) in
            let contents = try store.read { store throws(VaultError) in
                try store.snapshot { () throws(VaultError) in try store.contents(of: place) }
            }
            caches.contents.keep(contents, of: place.inode, generation: generation)
            return contents
        }
    }
}

extension Purpose {
    fileprivate func reason(_ reason: Reason) -> String {
        self == .read ? reason.description : "\(reason), to change it unseen"
    }
}

extension NodeRow {
    /// The length of this variable's line in `env`, in bytes.
    var shownLength: Int64 { Int64(EnvText.shownLength(name: name, assignment: Int(clamping: line))) }
}
