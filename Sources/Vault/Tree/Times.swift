// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// utimensat(2).
extension Vault {
    /// Gives a place the time that stat(2) shows as that of its last change, until the next. Logged. Takes `write`, or `manage`. A secret
    /// has one time for all its views. Throws `denied` (logged), `notFound`.
    ///
    /// - Parameter time: nanoseconds since the epoch.
    package func setTime(_ time: Int64, of inode: Inode, by caller: Caller) throws(VaultError) -> ChangeSet {
        try change(by: caller) { store, caller throws(VaultError) in
            guard let place = try store.place(inode) else { throw .notFound }
            try self.authorize(anyOf: [.write, .manage], on: place, for: caller)
            // A home has a place before it has a row.
            guard var node = try store.node(inode.node), node.modified != time else { return }
            node.changed = SystemClock.now()
            node.modified = time
            try store.update(node)
            try self.log(caller, place.reference, allowed: true, reason: "time set to \(SystemClock.rfc3339(time / 1000))")
        }.changes
    }
}
