// SPDX-License-Identifier: MIT

// The types that a policy has in the API.

package import Secrets

/// A policy, or a change of one: what is nil is left as it is.
package struct PolicyRequest: Codable, Equatable, Sendable {
    package var projects: PolicyProjects?
    package var debug: PolicyPermission?
    package var attach: PolicyPermission?
    /// `"never"`, or from when on: a time of RFC 3339, or a date.
    package var expires: Expiry?
    /// `"never"`, or how often: `"90d"`, `"36h"`.
    package var rotate: Rotation?
    package var onExpire: ExpiryAction?

    package init(
        projects: PolicyProjects? = nil, debug: PolicyPermission? = nil, attach: PolicyPermission? = nil, expires: Expiry? = nil,
        rotate: Rotation? = nil, onExpire: ExpiryAction? = nil
    ) {
        self.projects = projects
        self.debug = debug
        self.attach = attach
        self.expires = expires
        self.rotate = rotate
        self.onExpire = onExpire
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

extension ExpiryAction: Codable {}

extension Expiry: Codable {
    package init(from decoder: any Decoder) throws {
        self = try decoder.decoded("neither never nor a time") { Expiry($0.utf8) }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension Rotation: Codable {
    package init(from decoder: any Decoder) throws {
        self = try decoder.decoded("neither never nor a time such as 90d") { Rotation($0.utf8) }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension Decoder {
    /// A string as what it says; throws `problem` where it says nothing that is meant.
    fileprivate func decoded<Value>(_ problem: String, _ value: (String) -> Value?) throws -> Value {
        let container = try singleValueContainer()
        guard let value = value(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: problem)
        }
        return value
    }
}
