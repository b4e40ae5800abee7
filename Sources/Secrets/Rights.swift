// SPDX-License-Identifier: MIT

/// A set of rights. Each of them lets its holder see the thing and pass on the way to it; otherwise none follows from another.
/// The raw value is stored.
package struct Rights: OptionSet, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// See it and pass through it.
    package static let list = Rights(rawValue: 1)
    /// Open values.
    package static let read = Rights(rawValue: 2)
    /// Create, overwrite, remove; never read.
    package static let write = Rights(rawValue: 4)
    /// Start jobs that use it, without being able to read it outside a job.
    package static let run = Rights(rawValue: 8)
    /// Grants, policies, rename, delete.
    package static let manage = Rights(rawValue: 16)

    /// All rights there are.
    package static let all: Rights = [.list, .read, .write, .run, .manage]

    /// The rights with their words, in the order in which they are written.
    package static let words: [(right: Rights, word: String)] = [
        (.list, "list"), (.read, "read"), (.write, "write"), (.run, "run"), (.manage, "manage"),
    ]

    /// These rights and what follows from them: any right includes `list`.
    package var withImplied: Rights { isEmpty ? self : union(.list) }

    /// Reads `list,read`: words in any order with a comma between, no blanks.
    package static func parse(_ text: String) throws(RightsError) -> Rights {
        if text.isEmpty { throw .empty }
        var rights: Rights = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let known = words.first(where: { part == $0.word }) else { throw .unknown(String(part)) }
            rights.insert(known.right)
        }
        return rights
    }

    /// The words with commas between, as `parse` reads them; empty for no rights.
    package var description: String {
        Self.words.filter { contains($0.right) }.map(\.word).joined(separator: ",")
    }
}

/// Why a list of rights was refused.
package enum RightsError: Error, Equatable, Sendable, CustomStringConvertible {
    case empty
    /// No right has this name.
    case unknown(String)

    package var description: String {
        let words = Rights.words.map(\.word).joined(separator: ", ")
        return switch self {
        case .empty: "no right was named (there are: \(words))"
        case .unknown(let word): "there is no right '\(word)' (there are: \(words))"
        }
    }
}

/// Whom a grant is for. Users come before groups, each by id.
package enum Principal: Hashable, Comparable, Sendable, CustomStringConvertible {
    case user(UInt32)
    case group(UInt32)

    package var description: String {
        switch self {
        case .user(let id): "user \(id)"
        case .group(let id): "group \(id)"
        }
    }
}

/// Rights given to somebody on a node or facet, for it and everything below it.
package struct Grant: Hashable, Sendable {
    package let principal: Principal
    /// As they were given: what follows from them is not stored.
    package let rights: Rights

    package init(_ principal: Principal, _ rights: Rights) {
        self.principal = principal
        self.rights = rights
    }
}
