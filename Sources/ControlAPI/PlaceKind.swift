// SPDX-License-Identifier: MIT

package import Secrets

/// The kind of a place in the tree, as requests and replies write it.
package enum PlaceKind: String, Codable, CaseIterable, Sendable {
    /// The top of the tree.
    case root
    /// `.users`.
    case users
    /// A user's own secrets.
    case home
    case organization
    /// `@org`.
    case shared
    case project, target, secret, variable, folder, file
    /// A newer daemon's word that this program doesn't know.
    case other

    package init(_ kind: NodeKind) {
        self =
            switch kind {
            case .root: .root
            case .users: .users
            case .home: .home
            case .organization: .organization
            case .shared: .shared
            case .project: .project
            case .target: .target
            case .secret: .secret
            case .variable: .variable
            case .folder: .folder
            case .file: .file
            }
    }

    package init(from decoder: any Decoder) throws {
        self = PlaceKind(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .other
    }
}
