/// What the one who starts a job may do with something, as is decided when it starts.
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
    package let id: NodeID
    package let name: [UInt8]
    package let level: JobScope.Level
    /// A job takes a secret whole. So this is about the secret itself: who may use single items names those by `--env` and `--file`.
    package let access: StarterAccess
    package let policy: AccessPolicy

    package init(_ id: NodeID, _ name: [UInt8], in level: JobScope.Level, _ access: StarterAccess, _ policy: AccessPolicy) {
        self.id = id
        self.name = name
        self.level = level
        self.access = access
        self.policy = policy
    }
}

/// What `--env VAR=REF` or `--file REF:PATH` adds to a job, wherever in the tree it is.
package struct JobAddition: Sendable {
    /// What the reference leads to.
    package enum Found: Sendable {
        case nothing
        /// Something that is neither an item nor a secret with a single one.
        case noItem
        /// An item or the `env` of a secret: what the starter may do with it, and what its secret's policy is.
        case item(Inode, StarterAccess, AccessPolicy, JobOrigin)
    }

    package let path: JobPath
    package let reference: Reference
    package let found: Found

    package init(_ path: JobPath, _ reference: Reference, _ found: Found) {
        self.path = path
        self.reference = reference
        self.found = found
    }
}

/// Why a job can't have something that it would have to have.
package struct JobRefusal: Hashable, Sendable, CustomStringConvertible {
    package enum Problem: Hashable, Sendable, CustomStringConvertible {
        /// There is no secret of this name in any of these places.
        case noSuchSecret([Reference])
        /// There is nothing at this reference.
        case notThere
        /// It is neither an item nor a secret with a single one.
        case noItem
        /// The starter may neither `run` nor `read` it.
        case noGrant
        case policy(PolicyRefusal)
        /// Where `--env` or `--file` wants it, nothing can be.
        case path(String)

        /// For the audit log, beside the reference.
        package var description: String {
            switch self {
            case .noSuchSecret(let places): "no such secret in \(places.map(\.description).joined(separator: ", "))"
            case .notThere: "no such variable or file"
            case .noItem: "no variable or file, and no secret that holds exactly one"
            case .noGrant: "no grant to run or read it"
            case .policy(let refusal): refusal.description
            case .path(let text): text
            }
        }
    }

    /// The secret or the item; the name alone where there is no such secret.
    package let reference: Reference
    package let problem: Problem

    /// Names of files are other people's: it may hold any character.
    package var description: String { "\(reference): \(problem)" }
}

/// All that keeps a job from being started: what was named in its order, then `--env` and `--file` in theirs.
package struct JobRefusals: Error, Hashable, Sendable {
    /// At least one.
    package let refusals: [JobRefusal]
}
