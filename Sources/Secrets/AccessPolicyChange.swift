// SPDX-License-Identifier: MIT

extension AccessPolicy {
    /// A change of a policy: nil leaves a setting as it is.
    package struct Change: Equatable, Sendable {
        package var projects: Projects?
        package var debug: Bool?
        package var attach: Bool?

        package init(projects: Projects? = nil, debug: Bool? = nil, attach: Bool? = nil) {
            self.projects = projects
            self.debug = debug
            self.attach = attach
        }

        /// The change that leads to `policy`, whatever was before.
        package init(to policy: AccessPolicy) {
            self.init(projects: policy.projects, debug: policy.debug, attach: policy.attach)
        }
    }

    /// This policy with a change. Throws for names that no project can have, and for too many.
    package func applying(_ change: Change) throws(AccessPolicyError) -> AccessPolicy {
        try AccessPolicy(
            projects: change.projects ?? projects, debug: change.debug ?? debug, attach: change.attach ?? attach)
    }
}
