// SPDX-License-Identifier: MIT

package import Secrets

/// Answer to `status`, `lock` and `unlock`.
package struct StatusReply: Codable, Equatable, Sendable {
    /// The daemon's release.
    package var release: String
    package var locked: Bool
    /// Where the root key comes from.
    package var key: KeySource
    /// Where the tree is mounted.
    package var mountpoint: String
    package var store: String
    package var audit: String
    /// When the daemon started, RFC 3339.
    package var started: String
    /// How many nodes the tree has, and versions its items.
    package var nodes: Int64
    package var versions: Int64
    /// Parts of the store that do not verify, each said without a value; only told to the owner of the store.
    package var damage: [String]?

    package enum KeySource: String, Codable, Sendable {
        case file, command, passphrase, none
    }

    package init(
        release: String, locked: Bool, key: KeySource, mountpoint: String, store: String, audit: String, started: String,
        nodes: Int64, versions: Int64, damage: [String]?
    ) {
        self.release = release
        self.locked = locked
        self.key = key
        self.mountpoint = mountpoint
        self.store = store
        self.audit = audit
        self.started = started
        self.nodes = nodes
        self.versions = versions
        self.damage = damage
    }
}

/// Answer to `acl`, `shared`, `grant` and `revoke`.
package struct GrantsReply: Codable, Equatable, Sendable {
    package var grants: [Grant]

    package init(grants: [Grant]) {
        self.grants = grants
    }

    package struct Grant: Codable, Equatable, Sendable {
        /// The place that the grant is on.
        package var ref: Reference
        package var who: Principal
        package var rights: Rights
        /// Whether that is what was asked about, and not something above it.
        package var direct: Bool

        package init(ref: Reference, who: Principal, rights: Rights, direct: Bool) {
            self.ref = ref
            self.who = who
            self.rights = rights
            self.direct = direct
        }
    }
}

/// Body of `grant` and `revoke`.
package struct GrantRequest: Codable, Equatable, Sendable {
    package var who: Principal
    /// Without it, `revoke` takes all; `grant` needs it, and `none` stands for no right at all.
    package var rights: Rights?

    package init(who: Principal, rights: Rights?) {
        self.who = who
        self.rights = rights
    }
}

/// Answer to `why`.
package struct WhyReply: Codable, Equatable, Sendable {
    package var ref: Reference
    package var who: Principal
    package var rights: [Verdict]

    package init(ref: Reference, who: Principal, rights: [Verdict]) {
        self.ref = ref
        self.who = who
        self.rights = rights
    }

    package struct Verdict: Codable, Equatable, Sendable {
        /// One.
        package var right: Rights
        package var allowed: Bool
        package var reason: String

        package init(right: Rights, allowed: Bool, reason: String) {
            self.right = right
            self.allowed = allowed
            self.reason = reason
        }
    }
}

/// Answer to `verifyAudit`.
package struct VerifyReply: Codable, Equatable, Sendable {
    /// Whether every line is as it was written, in order, none missing.
    package var intact: Bool
    /// How many lines were read.
    package var lines: Int
    /// The first line that is wrong, counted from 1, and what is wrong with it.
    package var line: Int?
    package var problem: String?

    package init(intact: Bool, lines: Int, line: Int? = nil, problem: String? = nil) {
        self.intact = intact
        self.lines = lines
        self.line = line
        self.problem = problem
    }
}

/// One line of the audit log, as the reader wants it: what a line doesn't have is nil, what it has beside these is passed over.
package struct AuditReply: Codable, Equatable, Sendable {
    package var time: String
    package var action: String
    package var ref: String?
    package var version: Int?
    package var uid: UInt32?
    package var gid: UInt32?
    package var pid: Int?
    package var comm: String?
    package var job: String?
    package var verdict: String
    package var reason: String?
}

/// The answer of `init --json`: the files that were made.
package struct InitReply: Codable, Equatable, Sendable {
    package var store: String
    package var nodeKey: String
    /// None where the root key comes from a passphrase.
    package var rootKey: String?

    package init(store: String, nodeKey: String, rootKey: String?) {
        self.store = store
        self.nodeKey = nodeKey
        self.rootKey = rootKey
    }
}
