// SPDX-License-Identifier: MIT

extension AccessPolicy {
    /// A change of a policy: nil leaves a setting as it is.
    package struct Change: Equatable, Sendable {
        package var projects: Projects?
        package var debug: Bool?
        package var attach: Bool?
        package var expiry: Expiry?
        package var rotation: Rotation?
        package var onExpire: ExpiryAction?

        package init(
            projects: Projects? = nil, debug: Bool? = nil, attach: Bool? = nil, expiry: Expiry? = nil, rotation: Rotation? = nil,
            onExpire: ExpiryAction? = nil
        ) {
            self.projects = projects
            self.debug = debug
            self.attach = attach
            self.expiry = expiry
            self.rotation = rotation
            self.onExpire = onExpire
        }

        /// The change that leads to `policy`, whatever was before.
        package init(to policy: AccessPolicy) {
            self.init(
                projects: policy.projects, debug: policy.debug, attach: policy.attach, expiry: policy.dates.expiry,
                rotation: policy.dates.rotation, onExpire: policy.dates.onExpire)
        }
    }

    /// This policy with a change. Throws for names that no project can have, for too many, and for dates that can't be stored.
    package func applying(_ change: Change) throws(AccessPolicyError) -> AccessPolicy {
        try AccessPolicy(
            projects: change.projects ?? projects, debug: change.debug ?? debug, attach: change.attach ?? attach,
            dates: PolicyDates(
                expiry: change.expiry ?? dates.expiry, rotation: change.rotation ?? dates.rotation,
                onExpire: change.onExpire ?? dates.onExpire))
    }
}
