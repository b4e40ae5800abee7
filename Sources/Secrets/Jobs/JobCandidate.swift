// SPDX-License-Identifier: MIT

/// The rights of a job's starter on something, as decided at its start.
package enum StarterAccess: Hashable, Sendable {
    /// May not even list it: for them it is not there.
    case none
    /// May see it, or something in it.
    case list
    /// May `run` or `read` all of it.
    case use
}

/// A secret in one of a job's scopes, as it is when the job starts.
package struct JobCandidate: Sendable {
    /// Its row.
    package let id: NodeID
    /// Its name, by which those of several levels hide each other.
    package let name: [UInt8]
    /// The scope that it is in.
    package let level: JobScope.Level
    /// A job takes a secret whole. So this is about the secret itself: who may use single items names those by `--env` and `--file`.
    package let access: StarterAccess
    /// The secret's policy.
    package let policy: AccessPolicy

    package init(_ id: NodeID, _ name: [UInt8], in level: JobScope.Level, _ access: StarterAccess, _ policy: AccessPolicy) {
        self.id = id
        self.name = name
        self.level = level
        self.access = access
        self.policy = policy
    }
}

/// An addition to a job by `--env VAR=REF` or `--file REF:PATH`, from anywhere in the tree.
package struct JobAddition: Sendable {
    /// The item that the reference leads to.
    package enum Found: Sendable {
        case nothing
        /// Something that is neither an item nor a secret with a single one.
        case noItem
        /// An item or the `env` of a secret: what the starter may do with it, and what its secret's policy is.
        case item(Inode, StarterAccess, AccessPolicy, JobOrigin)
    }

    /// Where in the view it is to be.
    package let path: JobPath
    /// The reference, as it was given.
    package let reference: Reference
    /// The item that was found there.
    package let found: Found

    package init(_ path: JobPath, _ reference: Reference, _ found: Found) {
        self.path = path
        self.reference = reference
        self.found = found
    }
}
