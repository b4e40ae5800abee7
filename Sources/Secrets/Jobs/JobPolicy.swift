// SPDX-License-Identifier: MIT

/// Whose a secret is, seen from a job. The list in a policy names projects of the secret's own organization.
package enum JobOrigin: Hashable, Sendable, CaseIterable {
    /// The organization that the job's project is in.
    case sameOrganization
    /// Another one. There a project of the same name is another project.
    case otherOrganization
    /// The home of the one who started the job. It has no projects, so the list means any of that name.
    case home
}

/// Why a policy keeps a secret from a process in a job.
package enum PolicyRefusal: Hashable, Sendable, CustomStringConvertible {
    /// The project, with its organization if that is not the secret's.
    case project(Reference)
    case debug
    case attach

    /// Short and stable, for the audit log.
    package var description: String {
        switch self {
        case .project(let reference): "its policy does not admit project \"\(reference)\""
        case .debug: "its policy does not allow debug sessions"
        case .attach: "its policy does not allow attached shells"
        }
    }
}

extension AccessPolicy {
    /// Why a process in a job may not use the secret; nil if the policy lets it. Of several reasons the first of project, debug,
    /// attach.
    package func refusal(of scope: JobScope, _ mode: JobMode, from origin: JobOrigin) -> PolicyRefusal? {
        let isOther = origin == .otherOrganization
        guard isOther ? projects == .all : admits(project: scope.project) else {
            if scope.isOwn { return .project(scope.reference) }
            return .project(Reference(components: (isOther ? [scope.organization] : []) + [scope.project]))
        }
        if mode.contains(.debug), !debug { return .debug }
        if mode.contains(.attached), !attach { return .attach }
        return nil
    }
}
