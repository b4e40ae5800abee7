// SPDX-License-Identifier: MIT

package import Secrets

/// Several values on their way, media type `application/vnd.tacit.bundle`: one line of JSON, the head, which names the items with their
/// lengths; then the values' bytes back to back in the head's order, and nothing after them.
///
/// The head of what the daemon sends is a `ValuesHead`, of what it takes an `ApplyRequest`.
package enum ValueBundle {
    package static let mediaType = "application/vnd.tacit.bundle"
    /// Most bytes of a head, its newline included.
    package static let longestHead = 1 << 20
    /// Most bytes of a bundle, its head included.
    package static let longest = 64 << 20
    /// Most secrets in a head, and most items of all of them together.
    package static let mostItems = 4096
}

/// Head of the bundle that has all values of a secret.
package struct ValuesHead: Codable, Equatable, Sendable {
    package var ref: Reference
    /// The `type` of a Kubernetes Secret, for those who may list all of the secret; nil if there is none.
    package var type: String?
    package var items: [Item]

    package init(ref: Reference, type: String? = nil, items: [Item]) {
        self.ref = ref
        self.type = type
        self.items = items
    }

    package struct Item: Codable, Equatable, Sendable {
        /// `vars/NAME` or `files/a/b`; see `OctetText`.
        package var name: String
        package var encoded: String?
        package var version: Int64
        /// Bytes.
        package var length: Int

        package init(name: [UInt8], version: Int64, length: Int) {
            self.name = OctetText.shown(name)
            encoded = OctetText.encoded(name)
            self.version = version
            self.length = length
        }
    }
}

/// Head of the bundle that `apply` takes: what is to become of some secrets, all of it or nothing.
package struct ApplyRequest: Codable, Equatable, Sendable {
    package var secrets: [Secret]
    /// Whether white space at the start or the end of values is meant, and worth no warning; nil is no.
    package var verbatim: Bool?

    package init(secrets: [Secret], verbatim: Bool? = nil) {
        self.secrets = secrets
        self.verbatim = verbatim
    }

    package enum Mode: String, Codable, CaseIterable, Sendable {
        /// It must not exist yet.
        case create
        /// It must exist.
        case update
        /// It is made if it does not exist.
        case either
    }

    package struct Secret: Codable, Equatable, Sendable {
        package var ref: Reference
        package var mode: Mode
        /// Nil leaves it as it is; empty means that there is none.
        package var description: String?
        /// The `type` of a Kubernetes Secret. Nil leaves it as it is; empty means that there is none.
        package var type: String?
        /// Nil leaves it as it is; what it does not say is as for a new secret.
        package var policy: PolicyRequest?
        /// Whether items that are not named are removed; nil is no.
        package var replaceItems: Bool?
        package var items: [Item]

        package init(
            ref: Reference, mode: Mode, description: String? = nil, type: String? = nil, policy: PolicyRequest? = nil,
            replaceItems: Bool? = nil,
            items: [Item] = []
        ) {
            self.ref = ref
            self.mode = mode
            self.description = description
            self.type = type
            self.policy = policy
            self.replaceItems = replaceItems
            self.items = items
        }
    }

    package struct Item: Codable, Equatable, Sendable {
        /// `vars/NAME` or `files/a/b`; see `OctetText`.
        package var name: String
        package var encoded: String?
        /// Bytes of its value in the bundle; nil if it has none.
        package var length: Int?
        /// Whether it is removed; it has no length then.
        package var remove: Bool?
        /// The version that whoever asks has seen, 0 if there was none; nil if they did not look.
        package var expect: Int64?

        /// A new value of `length` bytes.
        package init(name: [UInt8], length: Int, expect: Int64? = nil) {
            self.init(name, length: length, remove: nil, expect: expect)
        }

        /// An item that is to go.
        package init(removing name: [UInt8], expect: Int64? = nil) {
            self.init(name, length: nil, remove: true, expect: expect)
        }

        private init(_ name: [UInt8], length: Int?, remove: Bool?, expect: Int64?) {
            self.name = OctetText.shown(name)
            encoded = OctetText.encoded(name)
            self.length = length
            self.remove = remove
            self.expect = expect
        }
    }
}
