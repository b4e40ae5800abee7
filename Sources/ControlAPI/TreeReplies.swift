// SPDX-License-Identifier: MIT

// Replies about the places of the tree.

package import Secrets

/// Answer to `entries`: a page of what the caller may see there: items in the order of their names, all else in none.
package struct EntriesReply: Codable, Equatable, Sendable {
    package var entries: [Entry]
    /// The `after` that asks for the next page; nil on the last one.
    package var next: String?

    package init(entries: [Entry], next: String?) {
        self.entries = entries
        self.next = next
    }

    package struct Entry: Codable, Equatable, Sendable {
        /// Of an item of a secret: `vars/NAME` or `files/a/b`. See `OctetText`.
        package var name: String
        package var encoded: String?
        package var ref: Reference
        package var kind: PlaceKind
        package var created: String
        package var changed: String
        /// Bytes of an item's value; nil for everything else.
        package var length: Int64?
        /// Of a secret with dates, where the caller may see all of it.
        package var dates: Dates?

        package init(
            name: [UInt8], ref: Reference, kind: PlaceKind, created: String, changed: String, length: Int64?, dates: Dates? = nil
        ) {
            self.name = OctetText.shown(name)
            encoded = OctetText.encoded(name)
            self.ref = ref
            self.kind = kind
            self.created = created
            self.changed = changed
            self.length = length
            self.dates = dates
        }
    }

    package struct Dates: Codable, Equatable, Sendable {
        /// When its values expire, or have.
        package var expires: Expiry
        package var onExpire: ExpiryAction
        /// When its values are due to be replaced.
        package var rotate: Expiry

        package init(expires: Expiry, onExpire: ExpiryAction, rotate: Expiry) {
            self.expires = expires
            self.onExpire = onExpire
            self.rotate = rotate
        }
    }
}

/// Answer to `deleted`.
package struct DeletedReply: Codable, Equatable, Sendable {
    package var deleted: [Item]

    package init(deleted: [Item]) {
        self.deleted = deleted
    }

    package struct Item: Codable, Equatable, Sendable {
        /// The id that `restore` and `remove` take.
        package var id: DeletedID
        /// Where it was.
        package var ref: Reference
        package var kind: PlaceKind
        package var deleted: String
        /// When it is destroyed.
        package var expires: String
        /// The uid that deleted it.
        package var by: UInt32

        package init(id: DeletedID, ref: Reference, kind: PlaceKind, deleted: String, expires: String, by: UInt32) {
            self.id = id
            self.ref = ref
            self.kind = kind
            self.deleted = deleted
            self.expires = expires
            self.by = by
        }
    }
}

/// Answer to `secret`: a place without its values.
package struct SecretReply: Codable, Equatable, Sendable {
    package var ref: Reference
    package var kind: PlaceKind
    /// Of a secret that has one.
    package var description: String?
    /// The `type` of the Kubernetes Secret that it came from, or is to be.
    package var type: String?
    package var created: String
    package var changed: String
    /// Of a secret, for those who may see all of it.
    package var policy: PolicyRequest?
    /// The items that the caller may list.
    package var items: [Item]

    package init(
        ref: Reference, kind: PlaceKind, description: String?, type: String? = nil, created: String, changed: String,
        policy: PolicyRequest?, items: [Item]
    ) {
        self.ref = ref
        self.kind = kind
        self.description = description
        self.type = type
        self.created = created
        self.changed = changed
        self.policy = policy
        self.items = items
    }

    package struct Item: Codable, Equatable, Sendable {
        /// `vars/NAME` or `files/a/b`; see `OctetText`.
        package var name: String
        package var encoded: String?
        package var version: Int64
        /// Bytes.
        package var length: Int64
        package var changed: String

        package init(name: [UInt8], version: Int64, length: Int64, changed: String) {
            self.name = OctetText.shown(name)
            encoded = OctetText.encoded(name)
            self.version = version
            self.length = length
            self.changed = changed
        }
    }
}

/// Answer to what makes, moves or restores a place: where it is now.
package struct PlaceReply: Codable, Equatable, Sendable {
    package var ref: Reference
    package var kind: PlaceKind

    package init(ref: Reference, kind: PlaceKind) {
        self.ref = ref
        self.kind = kind
    }
}

/// Answer to what leaves nothing to tell: it is done.
package struct DoneReply: Codable, Equatable, Sendable {
    package var done: Bool

    package init() { done = true }
}

/// Answer to `complete`: references that go on from the prefix, a slash at the end of those that hold more.
package struct CompleteReply: Codable, Equatable, Sendable {
    package var names: [String]

    package init(names: [String]) {
        self.names = names
    }
}

/// Answer to `doctor`: all that is wrong, without a value.
package struct DoctorReply: Codable, Equatable, Sendable {
    package var problems: [Problem]
    package var checked: Checked

    package init(problems: [Problem], checked: Checked) {
        self.problems = problems
        self.checked = checked
    }

    package struct Problem: Codable, Equatable, Sendable {
        package var what: String
        package var hint: String?

        package init(what: String, hint: String? = nil) {
            self.what = what
            self.hint = hint
        }
    }

    package struct Checked: Codable, Equatable, Sendable {
        package var nodes: Int64
        package var versions: Int64
        /// Whether every version was opened too: not while the store is locked.
        package var values: Bool
        /// Lines of the audit log.
        package var auditLines: Int

        package init(nodes: Int64, versions: Int64, values: Bool, auditLines: Int) {
            self.nodes = nodes
            self.versions = versions
            self.values = values
            self.auditLines = auditLines
        }
    }
}

/// The data of an event of GET `changes`: one thing that a change did.
package struct ChangeReply: Codable, Equatable, Sendable {
    /// Where it did it, as the caller names that.
    package var ref: String
    /// The number of the version that was made; nil where none was.
    package var version: Int64?
    /// `made`, `written`, `described`, `policy`, `granted`, `renamed`, `deleted`, `restored` or `destroyed`.
    package var action: String

    package init(ref: String, version: Int64?, action: String) {
        self.ref = ref
        self.version = version
        self.action = action
    }
}
