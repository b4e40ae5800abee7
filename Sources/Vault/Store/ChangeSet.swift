// SPDX-License-Identifier: MIT

package import Secrets

/// All that one committed change of the store did, recorded by the functions that write rows (Recording.swift).
///
/// `Store.write` delivers it once, after the commit and before the next change, to everything in this process that remembers something of
/// the store (`Caches`). The kernel is told before the change is acknowledged: see `Vault.change`.
package struct ChangeSet: Sendable {
    /// The store's generation after the change: 1 for the first change of a store, and one more with each.
    package internal(set) var generation: Int64 = 0
    /// Places whose attributes, ACLs or contents may be others now.
    package internal(set) var inodes: Set<Inode> = []
    /// Names in folders that do not stand any more for what they stood for. Names that were made are not among them: the kernel caches no
    /// name that is absent.
    package internal(set) var names: Set<EntryName> = []
    /// The events for watchers, in order.
    package internal(set) var events: [ChangeEvent] = []
    /// Items and texts of `env` of which other bytes are read now, or none.
    var contents: Set<Inode> = []
    /// Nodes that hold something else now, or lie elsewhere, or have another name.
    var nodes: Set<NodeID> = []
    /// Row numbers of the versions that were destroyed with their data keys.
    var destroyed: [Int64] = []
    /// The growth of homes by the change.
    var homes: [NodeID: HomeUsage] = [:]
    /// Whether a `Place` that somebody keeps may be another now: by its name, its folder, its grants, its policy.
    var changesPlaces = false
}

/// A name in a folder.
package struct EntryName: Hashable, Sendable {
    package let folder: Inode
    package let name: [UInt8]

    package init(_ name: [UInt8], in folder: Inode) {
        self.folder = folder
        self.name = name
    }
}

/// One thing that a change did, for programs that watch the tree.
package struct ChangeEvent: Equatable, Sendable {
    package enum Action: String, Sendable {
        case made, written, described, policy, granted, renamed, deleted, restored, destroyed
    }

    /// The place, as the audit log names it.
    package let reference: String
    /// The number of the version that was made; nil where none was.
    package let version: Int64?
    package let action: Action

    /// The names on the way to the place from the root, as the log shows them.
    package var names: [[UInt8]] { reference.utf8.split(separator: UInt8(ascii: "/")).map(Array.init) }
}
