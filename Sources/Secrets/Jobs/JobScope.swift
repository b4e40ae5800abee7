// SPDX-License-Identifier: MIT

/// Why something can't be what a job is of.
package enum JobScopeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A reference to something that is neither a project nor a target.
    case notAProject(Reference)
    /// A target of the caller's own secrets.
    case noTarget
    /// A part of the reference, or the target beside it, can't have this name.
    case name([UInt8], NameError)
    /// The reference names one target, and another was named beside it.
    case twoTargets([UInt8], [UInt8])

    package var description: String {
        switch self {
        case .notAProject(let reference): "\(reference) is no project: a project is ORGANIZATION/PROJECT"
        case .noTarget: "your own secrets have no deployment target"
        case .name(let name, let error): name.isEmpty ? "\(error)" : "\(Reference(components: [name])): \(error)"
        case .twoTargets(let first, let second):
            "two targets were named: \(Reference(components: [first])) with the project, and \(Reference(components: [second]))"
        }
    }
}

/// The scope of a job: a project of an organization, and one of its deployment targets if it is for one; or its starter's own secrets.
package struct JobScope: Hashable, Sendable, CustomStringConvertible {
    /// One of the places whose secrets a job may use. Narrower ones come first.
    package enum Level: Int, Hashable, Comparable, Sendable, CaseIterable {
        /// `user`
        case own
        /// `acme/web@production`
        case target
        /// `acme/web`
        case project
        /// `acme/@org`
        case shared

        package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// The organization's name; empty for the user's own secrets.
    package let organization: [UInt8]
    /// The project's name, without a target; empty for the user's own secrets, which no list of projects admits.
    package let project: [UInt8]
    /// The target's name, without the project.
    package let target: [UInt8]?

    /// The scope that `-p REFERENCE -t TARGET` means. The reference is that of a project, or of a target (`acme/web@production`); then
    /// `target` need not be given, and must not be another. Or it is `user`, without a target.
    package init(_ reference: Reference, target: [UInt8]? = nil) throws(JobScopeError) {
        let names = reference.components
        if names == [TreeName.user] {
            guard target == nil else { throw .noTarget }
            (organization, project, self.target) = ([], [], nil)
            return
        }
        guard names.count == 2, let organization = names.first, let last = names.last else { throw .notAProject(reference) }
        try Self.check(organization, as: .organization)
        if let target { try Self.check(target, as: .project) }
        self.organization = organization
        if last.contains(Self.at) {
            guard let parts = splitTarget(last) else { throw .notAProject(reference) }
            try Self.check(last, as: .target)
            if let target, target != parts.target { throw .twoTargets(parts.target, target) }
            (project, self.target) = (parts.project, parts.target)
        } else {
            try Self.check(last, as: .project)
            if let target { try Self.check(last + [Self.at] + target, as: .target) }
            (project, self.target) = (last, target)
        }
    }

    /// Whether it is the starter's own secrets.
    package var isOwn: Bool { organization.isEmpty }

    /// The places whose secrets the job may use, narrowest first.
    package var levels: [Level] { Level.allCases.filter { folder($0) != nil } }

    /// Where the secrets of a level are; nil for a level that the scope has not.
    package func folder(_ level: Level) -> Reference? {
        guard isOwn == (level == .own) else { return nil }
        return switch level {
        case .own: Reference(components: [TreeName.user])
        case .target: target.map { Reference(components: [organization, project + [Self.at] + $0]) }
        case .project: Reference(components: [organization, project])
        case .shared: Reference(components: [organization, TreeName.shared])
        }
    }

    /// The narrowest of its places: `acme/web@production`, `acme/web`. It is read as the same scope.
    package var reference: Reference { levels.lazy.compactMap(folder).first ?? Reference(components: [organization, project]) }

    package var description: String { reference.description }

    private static let at = UInt8(ascii: "@")

    private static func check(_ name: [UInt8], as rule: NameRule) throws(JobScopeError) {
        do throws(NameError) { try Name.check(name, as: rule) } catch { throw .name(name, error) }
    }
}
