// SPDX-License-Identifier: MIT

internal import Bytes
package import Secrets

/// A user or a group by number, as requests and replies write it: `uid:1001`, `gid:100`.
extension Principal {
    /// Nil unless it is exactly that: decimal digits, no sign, a number of 32 bits.
    package init?(notation: some StringProtocol) {
        let parts = notation.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Principal.number(parts[1]) else { return nil }
        switch parts[0] {
        case "uid": self = .user(number)
        case "gid": self = .group(number)
        default: return nil
        }
    }

    package var notation: String {
        switch self {
        case .user(let uid): "uid:\(uid)"
        case .group(let gid): "gid:\(gid)"
        }
    }

    /// A user's or group's number: digits only, and not the highest, which system calls take for "none".
    package static func number(_ text: some StringProtocol) -> UInt32? {
        guard let number = UInt32(decimal: text.utf8), number != .max else { return nil }
        return number
    }
}

extension Principal: Codable {
    package init(from decoder: any Decoder) throws {
        self = try decoder.word("no user or group") { Principal(notation: $0) }
    }

    package func encode(to encoder: any Encoder) throws { try encoder.write(notation) }
}

/// Rights as requests and replies write them: `list,read`; `none` for no right at all.
extension Rights: Codable {
    /// Nil for any other text.
    package init?(notation: String) {
        guard let rights = notation == "none" ? [] : try? Rights.parse(notation) else { return nil }
        self = rights
    }

    package init(from decoder: any Decoder) throws {
        self = try decoder.word("no rights") { Rights(notation: $0) }
    }

    package func encode(to encoder: any Encoder) throws { try encoder.write(isEmpty ? "none" : description) }
}

/// A reference as requests and replies write it: its text, with U+FFFD where a name is no UTF-8. Of any length: that may be longer than
/// the reference.
extension Reference: Codable {
    package init(from decoder: any Decoder) throws {
        self = try decoder.word("no reference") { text in
            Reference(
                components: text.utf8.dropFirst(text.hasPrefix(Self.scheme) ? Self.scheme.utf8.count : 0).split(
                    separator: UInt8(ascii: "/")
                ).map(Array.init))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        let text = description
        // The scheme in front of it is taken away again.
        try encoder.write(text.hasPrefix(Self.scheme) ? Self.scheme + text : text)
    }

    private static let scheme = "secret:"
}

extension DeletedID: Codable {
    package init(from decoder: any Decoder) throws {
        self = try decoder.word("no id of something deleted") { DeletedID(Array($0.utf8)) }
    }

    package func encode(to encoder: any Encoder) throws { try encoder.write(description) }
}

extension Decoder {
    fileprivate func word<Meaning>(_ problem: String, _ read: (String) -> Meaning?) throws -> Meaning {
        let container = try singleValueContainer()
        guard let meaning = read(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: problem)
        }
        return meaning
    }
}

extension Encoder {
    fileprivate func write(_ word: String) throws {
        var container = singleValueContainer()
        try container.encode(word)
    }
}
