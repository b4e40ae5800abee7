// SPDX-License-Identifier: MIT

/// Why a job can't have something that it would have to have.
package struct JobRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// Why not.
    package enum Problem: Hashable, Sendable, CustomStringConvertible {
        /// There is no secret of this name in any of these places.
        case noSuchSecret([Reference])
        /// There is nothing at this reference.
        case notThere
        /// It is neither an item nor a secret with a single one.
        case noItem
        /// The starter may neither `run` nor `read` it.
        case noGrant
        /// Its policy keeps it from the job.
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
    /// Why the job can't have it.
    package let problem: Problem

    /// Names of files are other people's: it may hold any character.
    package var description: String { "\(reference): \(problem)" }
}

/// All that keeps a job from being started: what was named in its order, then `--env` and `--file` in theirs.
package struct JobRefusals: Error, Hashable, Sendable {
    /// At least one.
    package let refusals: [JobRefusal]
}
