// SPDX-License-Identifier: MIT

package import Secrets

/// Answer to what writes: the versions that were made, in the order they were asked for.
package struct VersionsReply: Codable, Equatable, Sendable {
    package var versions: [Version]
    /// Warnings for the writer; nil if there are none.
    package var warnings: [Warning]?

    package init(versions: [Version], warnings: [Warning] = []) {
        self.versions = versions
        self.warnings = warnings.isEmpty ? nil : warnings
    }

    package struct Warning: Codable, Equatable, Sendable {
        /// Names variables, and no value.
        package var warning: String
        package var hint: String?

        package init(warning: String, hint: String?) {
            self.warning = warning
            self.hint = hint
        }
    }

    package struct Version: Codable, Equatable, Sendable {
        /// The item's reference.
        package var ref: Reference
        package var version: Int64

        package init(ref: Reference, version: Int64) {
            self.ref = ref
            self.version = version
        }
    }
}

/// Answer to `history`: newest first.
package struct HistoryReply: Codable, Equatable, Sendable {
    package var versions: [Version]

    package init(versions: [Version]) {
        self.versions = versions
    }

    package struct Version: Codable, Equatable, Sendable {
        /// The item's reference; see `OctetText`.
        package var item: String
        package var encoded: String?
        package var version: Int64
        package var created: String
        /// The uid that wrote it.
        package var author: UInt32
        /// Bytes.
        package var length: Int64
        package var current: Bool

        package init(item: [UInt8], version: Int64, created: String, author: UInt32, length: Int64, current: Bool) {
            self.item = OctetText.shown(item)
            encoded = OctetText.encoded(item)
            self.version = version
            self.created = created
            self.author = author
            self.length = length
            self.current = current
        }
    }
}

/// A line of the answer to `migrate`: how far it is, again and again; at last what was done, or why nothing was.
package enum MigrateLine: Codable, Equatable, Sendable {
    /// How many secrets of how many.
    case progress(done: Int, total: Int)
    case done([Secret])
    case refused(Refusal)

    package struct Secret: Codable, Equatable, Sendable {
        package var from: Reference
        package var to: Reference
        /// How many items it has.
        package var items: Int
        /// Whether there was one of its name already.
        package var exists: Bool

        package init(from: Reference, to: Reference, items: Int, exists: Bool) {
            self.from = from
            self.to = to
            self.items = items
            self.exists = exists
        }
    }

    private enum Field: String, CodingKey {
        case done, total, secrets
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Field.self)
        if container.contains(.secrets) {
            self = .done(try container.decode([Secret].self, forKey: .secrets))
        } else if container.contains(.done) {
            self = .progress(done: try container.decode(Int.self, forKey: .done), total: try container.decode(Int.self, forKey: .total))
        } else {
            self = .refused(try Refusal(from: decoder))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .progress(let done, let total):
            var container = encoder.container(keyedBy: Field.self)
            try container.encode(done, forKey: .done)
            try container.encode(total, forKey: .total)
        case .done(let secrets):
            var container = encoder.container(keyedBy: Field.self)
            try container.encode(secrets, forKey: .secrets)
        case .refused(let refusal): try refusal.encode(to: encoder)
        }
    }
}
