// SPDX-License-Identifier: MIT

internal import Bytes

/// Which names a place in the tree takes.
package enum NameRule: Sendable, CaseIterable {
    /// `[A-Za-z0-9][A-Za-z0-9._-]*`, at most 128 bytes; `user` and `job` are reserved.
    case organization
    /// As an organization, with nothing reserved.
    case project
    /// `PROJECT@TARGET`, each part as a project; at most 255 bytes together, as any file name.
    case target
    /// As a project.
    case secret
    /// `[A-Za-z_][A-Za-z0-9_]*`, at most 255 bytes.
    case variable
    /// Any bytes but `/` and NUL, at most 255, and neither `.` nor `..`.
    case fileComponent

    /// The rule in words, for a message.
    package var text: String {
        switch self {
        case .organization, .project, .secret:
            "letters, digits, '.', '_' and '-', a letter or digit first, at most 128 bytes"
        case .target: "PROJECT@TARGET, each of letters, digits, '.', '_' and '-', a letter or digit first"
        case .variable: "letters, digits and '_', no digit first, at most 255 bytes"
        case .fileComponent: "any bytes but '/' and NUL, at most 255, and neither '.' nor '..'"
        }
    }
}

/// Why a name was refused.
package struct NameError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The way in which a name breaks its rule.
    package enum Problem: Equatable, Sendable {
        case empty
        /// More bytes than the limit.
        case tooLong(limit: Int)
        /// The byte at this offset is not allowed there.
        case byte(offset: Int)
        /// A name with a meaning of its own.
        case reserved
        /// Not of the form `PROJECT@TARGET`.
        case noTarget
    }

    package let problem: Problem
    /// The rule that it broke.
    package let rule: NameRule

    package var description: String {
        let problem =
            switch problem {
            case .empty: "a name can't be empty"
            case .tooLong(let limit): "the name is longer than \(limit) bytes"
            case .byte(let offset): "the name has a byte that is not allowed, at offset \(offset)"
            case .reserved: "the name is reserved"
            case .noTarget: "the name has no '@' between project and target"
            }
        return "\(problem) (allowed: \(rule.text))"
    }
}

/// The names of the tree.
package enum Name {
    /// The longest file name that Linux shows, in bytes (`NAME_MAX`).
    package static let maximumLength = 255
    /// The longest name of an organization, a project, a target or a secret, in bytes.
    package static let maximumWordLength = 128

    /// Names that mean something else at the top of the tree.
    private static let reserved = [TreeName.user, TreeName.job]

    /// Checks a name against the rule of the place where it is to stand.
    package static func check(_ bytes: [UInt8], as rule: NameRule) throws(NameError) {
        switch rule {
        case .organization:
            try checkWord(bytes[...], rule)
            if reserved.contains(bytes) { throw NameError(problem: .reserved, rule: rule) }
        case .project, .secret:
            try checkWord(bytes[...], rule)
        case .target:
            try checkLength(bytes[...], maximumLength, rule)
            guard let at = bytes.firstIndex(of: UInt8(ascii: "@")) else {
                throw NameError(problem: .noTarget, rule: rule)
            }
            try checkWord(bytes[..<at], rule)
            try checkWord(bytes[(at + 1)...], rule)
        case .variable:
            try checkLength(bytes[...], maximumLength, rule)
            for (offset, byte) in bytes.enumerated() {
                guard offset == 0 ? byte.startsVariable : byte.continuesVariable else {
                    throw NameError(problem: .byte(offset: offset), rule: rule)
                }
            }
        case .fileComponent:
            try checkLength(bytes[...], maximumLength, rule)
            if let offset = bytes.firstIndex(where: { $0 == 0 || $0 == UInt8(ascii: "/") }) {
                throw NameError(problem: .byte(offset: offset), rule: rule)
            }
            if isDots(bytes) { throw NameError(problem: .reserved, rule: rule) }
        }
    }

    /// Whether a name is `.` or `..`.
    static func isDots(_ bytes: [UInt8]) -> Bool {
        bytes.count <= 2 && !bytes.isEmpty && bytes.allSatisfy { $0 == UInt8(ascii: ".") }
    }

    private static func checkLength(_ bytes: ArraySlice<UInt8>, _ limit: Int, _ rule: NameRule) throws(NameError) {
        if bytes.isEmpty { throw NameError(problem: .empty, rule: rule) }
        if bytes.count > limit { throw NameError(problem: .tooLong(limit: limit), rule: rule) }
    }

    /// Checks `[A-Za-z0-9][A-Za-z0-9._-]*`. Offsets are those of the whole name.
    private static func checkWord(_ bytes: ArraySlice<UInt8>, _ rule: NameRule) throws(NameError) {
        try checkLength(bytes, maximumWordLength, rule)
        for offset in bytes.indices {
            let byte = bytes[offset]
            let punctuation = byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            guard byte.isLetter || byte.isDigit || punctuation && offset != bytes.startIndex else {
                throw NameError(problem: .byte(offset: offset), rule: rule)
            }
        }
    }
}

extension UInt8 {
    /// Whether it can be the first byte of a variable's name.
    var startsVariable: Bool { isLetter || self == UInt8(ascii: "_") }
    /// Whether it can be a further byte of a variable's name.
    var continuesVariable: Bool { startsVariable || isDigit }
}

/// The parts of `PROJECT@TARGET`; nil if the name is not of that form.
package func splitTarget(_ name: [UInt8]) -> (project: [UInt8], target: [UInt8])? {
    let parts = name.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
    guard parts.count == 2, let project = parts.first, let target = parts.last, !project.isEmpty, !target.isEmpty
    else { return nil }
    return (Array(project), Array(target))
}
