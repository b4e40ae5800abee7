/// How a process came to be in a job, and what kind of job that is: what the policy of a secret asks about.
package struct JobMode: OptionSet, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A process of a job that runs as its command.
    package static let plain: JobMode = []
    /// The job was started with `--debug`.
    package static let debug = JobMode(rawValue: 1)
    /// The process came in by `tacit attach`, or descends from one that did.
    package static let attached = JobMode(rawValue: 2)

    /// The mode in a job that was started from within another, by a process of mode `outer`. Whatever holds outside holds inside:
    /// an attached shell does not become a plain job by starting one.
    package func nested(in outer: JobMode) -> JobMode { union(outer) }

    /// For the audit log and for people: `plain`, `debug`, `attached`, `debug,attached`.
    package var description: String {
        let words = [(JobMode.debug, "debug"), (.attached, "attached")].filter { contains($0.0) }.map(\.1)
        return words.isEmpty ? "plain" : words.joined(separator: ",")
    }
}

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
            return .project(Reference(components: (isOther ? [scope.organization] : []) + [scope.project]))
        }
        if mode.contains(.debug), !debug { return .debug }
        if mode.contains(.attached), !attach { return .attach }
        return nil
    }
}
