// SPDX-License-Identifier: MIT

internal import Secrets

/// A place in a job's folder.
package enum JobPlace: Hashable, Sendable {
    /// The folder itself.
    case top
    case env
    case vars
    case variable([UInt8])
    /// A file or a folder, by its names below `files`; none: `files` itself.
    case below([[UInt8]])

    /// The entries of the folder itself, as in a secret.
    static let inTop = [JobPlace.vars, .below([]), .env].map { (name: $0.components.last ?? [], place: $0) }

    /// Whether it is a folder that every job has, and that tells nothing of it.
    package var isInEveryJob: Bool { self == .top || self == .vars || self == .below([]) }

    /// The names below the job's folder.
    var components: [[UInt8]] {
        switch self {
        case .top: []
        case .env: [Facet.env.name ?? []]
        case .vars: [Facet.vars.name ?? []]
        case .variable(let name): JobPath.variable(name).components
        case .below(let names): JobPath.file(names).components
        }
    }

    /// The folder that it is in; the top's is itself.
    var parent: JobPlace {
        switch self {
        case .top, .env, .vars: .top
        case .variable: .vars
        case .below(let names): names.isEmpty ? .top : .below(names.dropLast())
        }
    }
}

extension JobPlace {
    /// The place of names below the job's folder; nil where none can be.
    init?(_ components: some Collection<[UInt8]>) {
        let names = Array(components.dropFirst())
        switch components.first {
        case nil: self = .top
        case Facet.env.name: if names.isEmpty { self = .env } else { return nil }
        case Facet.vars.name: if names.count <= 1 { self = names.first.map { .variable($0) } ?? .vars } else { return nil }
        case Facet.files.name: self = .below(names)
        default: return nil
        }
    }

    /// The place in a view; nil for one that only the folder has.
    var path: JobPath? {
        switch self {
        case .variable(let name): .variable(name)
        case .below(let names): names.isEmpty ? nil : .file(names)
        default: nil
        }
    }
}
