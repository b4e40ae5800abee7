// SPDX-License-Identifier: MIT

internal import Bytes
internal import Secrets

/// A reference in a template, with its one or two meanings.
package struct TemplateReference: Hashable, Sendable {
    /// A secret, and a variable of it or nil for its one item.
    package struct Meaning: Hashable, Sendable {
        /// The name of the secret.
        package let secret: [UInt8]
        /// The name of the variable.
        package let variable: [UInt8]?
    }

    /// The text between `${secrets.` and `}`.
    package let name: [UInt8]
    /// A secret of that name, a variable of one, or both where only looking tells.
    package let meanings: [Meaning]
    /// The line of its `$`, from 1.
    package let line: Int
    /// How many bytes into that line it is, from 1.
    package let column: Int
}

/// Why a text is no template. Holds nothing of it but a position.
package struct TemplateTextError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The rule that a text breaks.
    package enum Problem: Sendable, CustomStringConvertible {
        case secret
        case byte
        case unfinished
        case nameTooLong
        case tooMany

        package var description: String {
            switch self {
            case .secret: "no name of a secret after '${secrets.'"
            case .byte: "a byte that no name has, after '${secrets.'"
            case .unfinished: "no '}' after '${secrets.'"
            case .nameTooLong: "a name longer than a secret and its variable can have"
            case .tooMany: "more than \(TemplateText.mostReferences) references"
            }
        }
    }

    /// The line of the first byte that can't be right, from 1.
    package let line: Int
    /// How many bytes into that line it is, from 1.
    package let column: Int
    /// The problem.
    package let problem: Problem

    package var description: String { "line \(line), column \(column): \(problem)" }
}

/// A template's parts: offsets of what stays, and the references between.
package struct TemplateText: Sendable {
    /// The most references in a template.
    package static let mostReferences = 4096

    /// A part of a template.
    package enum Part: Hashable, Sendable {
        /// Bytes of the template.
        case text(Range<Int>)
        /// A reference, whose value takes its place.
        case reference(TemplateReference)
    }

    /// In the order of the template.
    package private(set) var parts: [Part] = []

    /// Reads a template.
    package static func parse(_ text: RawSpan) throws(TemplateTextError) -> TemplateText {
        var reader = TemplateReader()
        while try reader.next(text) {}
        return TemplateText(parts: reader.parts)
    }
}

/// A place in a template, and what was read before it.
private struct TemplateReader {
    var parts: [TemplateText.Part] = []
    private var references = 0
    private var offset = 0
    /// Where the bytes begin that are in no part yet.
    private var start = 0
    private var line = 1
    private var lineStart = 0

    private static let opening: StaticString = "${secrets."
    private static let dollar: StaticString = "${secrets.$}"

    /// Reads a byte, an escape or a reference; false at the end.
    mutating func next(_ text: RawSpan) throws(TemplateTextError) -> Bool {
        guard let byte = text.byte(at: offset) else {
            endText()
            return false
        }
        if begins(text, "$${") {
            // The text before, then, without the first `$`, what follows.
            endText()
            start = offset + 1
            offset += 3
        } else if begins(text, Self.dollar) {
            // A `$` that is one, whatever comes after it, a value too.
            endText()
            let sign = offset + Self.opening.utf8CodeUnitCount
            parts.append(.text(sign..<sign + 1))
            offset += Self.dollar.utf8CodeUnitCount
            start = offset
        } else if begins(text, Self.opening) {
            endText()
            try readReference(text)
            start = offset
        } else {
            offset += 1
            if byte == UInt8(ascii: "\n") {
                line += 1
                lineStart = offset
            }
        }
        return true
    }

    private mutating func endText() {
        if offset > start { parts.append(.text(start..<offset)) }
    }

    private mutating func readReference(_ text: RawSpan) throws(TemplateTextError) {
        guard references < TemplateText.mostReferences else { throw error(.tooMany, at: offset) }
        references += 1
        let dollar = offset
        offset += Self.opening.utf8CodeUnitCount
        let nameStart = offset
        var name: [UInt8] = []
        while true {
            guard let byte = text.byte(at: offset), byte != UInt8(ascii: "\n") else { throw error(.unfinished, at: offset) }
            offset += 1
            if byte == UInt8(ascii: "}") { break }
            guard Self.isName(byte) else { throw error(.byte, at: offset - 1) }
            // With the dot between, these are one more.
            guard name.count <= Name.maximumWordLength + Name.maximumLength else { throw error(.nameTooLong, at: nameStart) }
            name.append(byte)
        }
        guard let first = name.first, first.isLetter || first.isDigit else { throw error(.secret, at: nameStart) }
        let meanings = Self.meanings(of: name)
        guard !meanings.isEmpty else { throw error(.nameTooLong, at: nameStart) }
        parts.append(.reference(TemplateReference(name: name, meanings: meanings, line: line, column: dollar - lineStart + 1)))
    }

    /// The ways to read a name, which begins with a letter or digit.
    private static func meanings(of name: [UInt8]) -> [TemplateReference.Meaning] {
        var meanings: [TemplateReference.Meaning] = []
        if fits(name, .secret) { meanings.append(TemplateReference.Meaning(secret: name, variable: nil)) }
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return meanings }
        let secret = Array(name[..<dot])
        let variable = Array(name[(dot + 1)...])
        if fits(secret, .secret), fits(variable, .variable) {
            meanings.append(TemplateReference.Meaning(secret: secret, variable: variable))
        }
        return meanings
    }

    private static func fits(_ name: [UInt8], _ rule: NameRule) -> Bool { (try? Name.check(name, as: rule)) != nil }

    private static func isName(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    private func begins(_ text: RawSpan, _ prefix: StaticString) -> Bool {
        let prefix = unsafe RawSpan(_unsafeStart: prefix.utf8Start, byteCount: prefix.utf8CodeUnitCount)
        return (0..<prefix.byteCount).allSatisfy { text.byte(at: offset + $0) == prefix.byte(at: $0) }
    }

    private func error(_ problem: TemplateTextError.Problem, at place: Int) -> TemplateTextError {
        TemplateTextError(line: line, column: place - lineStart + 1, problem: problem)
    }
}
