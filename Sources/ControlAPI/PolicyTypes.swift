// SPDX-License-Identifier: MIT

// The types that a policy has in the API.

/// A policy, or a change of one: what is nil is left as it is.
package struct PolicyRequest: Codable, Equatable, Sendable {
    package var projects: PolicyProjects?
    package var debug: PolicyPermission?
    package var attach: PolicyPermission?

    package init(projects: PolicyProjects? = nil, debug: PolicyPermission? = nil, attach: PolicyPermission? = nil) {
        self.projects = projects
        self.debug = debug
        self.attach = attach
    }
}

/// Which projects' jobs may use a secret: `"all"`, `"none"`, or an array of names.
package enum PolicyProjects: Codable, Equatable, Sendable {
    case all
    case none
    /// In alphabetical order where the daemon says it.
    case only([String])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let word = try? container.decode(String.self) else {
            self = .only(try container.decode([String].self))
            return
        }
        switch word {
        case "all": self = .all
        case "none": self = .none
        default: throw DecodingError.dataCorruptedError(in: container, debugDescription: "neither all, none nor names")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .all: try container.encode("all")
        case .none: try container.encode("none")
        case .only(let names): try container.encode(names)
        }
    }
}

/// Whether a policy allows something.
package enum PolicyPermission: String, Codable, CaseIterable, Sendable {
    case allow, deny

    package init(_ isAllowed: Bool) { self = isAllowed ? .allow : .deny }

    package var isAllowed: Bool { self == .allow }
}
