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
        let place = try place(inode)
        guard place.isItem else { throw .isAFolder }
        let sealed = try contents(of: place)
        var number: Int64?
        if !place.isEnvironment, case .sound(let contents) = sealed { number = contents.node.current }
        let decision = try authorize(purpose.right, on: place, for: caller, version: number)
        if purpose == .modify { try authorizeKeeping(place, for: caller, version: number) }
        let value = try reveal(sealed, version: number, at: place, reason: purpose.reason(decision.reason), for: caller)
        var box = SecretBox(value)
        if box.bytes.count >= OpenCopies.smallest, case .sound(let contents) = sealed {
            box = caches.copies.shared(box, OpenCopies.Key(contents, isEnvironment: place.isEnvironment))
        }
        return Snapshot(value: box, version: number ?? 0)
    }

    /// Decides about reading without reading, for a caller who opens a file to replace its bytes and read them back.
    package func authorizeRead(_ inode: Inode, for caller: Caller) throws(VaultError) {
        try authorize(.read, on: try place(inode), for: caller)
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
