// SPDX-License-Identifier: MIT

// Policies in the notation of the API, from the types of the domain and back.

package import Secrets

/// Answer to a question for a policy, or to its change: as it is now.
package struct PolicyReply: Codable, Equatable, Sendable {
    package var ref: Reference
    package var projects: PolicyProjects
    package var debug: PolicyPermission
    package var attach: PolicyPermission
    package var expires: Expiry
    package var rotate: Rotation
    package var onExpire: ExpiryAction

    package init(ref: Reference, policy: AccessPolicy) {
        self.ref = ref
        projects = PolicyProjects(policy.projects)
        debug = PolicyPermission(policy.debug)
        attach = PolicyPermission(policy.attach)
        expires = policy.dates.expiry
        rotate = policy.dates.rotation
        onExpire = policy.dates.onExpire
    }
}

extension PolicyRequest {
    package init(_ policy: AccessPolicy) {
        self.init(
            projects: PolicyProjects(policy.projects), debug: PolicyPermission(policy.debug), attach: PolicyPermission(policy.attach),
            expires: policy.dates.expiry, rotate: policy.dates.rotation, onExpire: policy.dates.onExpire)
    }

    /// As the domain has it.
    package var change: AccessPolicy.Change {
        AccessPolicy.Change(
            projects: projects?.domain, debug: debug?.isAllowed, attach: attach?.isAllowed, expiry: expires, rotation: rotate,
            onExpire: onExpire)
    }
}

extension PolicyProjects {
    package init(_ projects: AccessPolicy.Projects) {
        switch projects {
        case .all: self = .all
        case .none: self = .none
        case .only(let names): self = .only(names.map { String(decoding: $0, as: UTF8.self) }.sorted())
        }
    }

    /// As the domain has it.
    package var domain: AccessPolicy.Projects {
        switch self {
        case .all: .all
        case .none: .none
        case .only(let names): .only(Set(names.map { Array($0.utf8) }))
        }
    }
}
