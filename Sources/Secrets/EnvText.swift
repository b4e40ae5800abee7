// SPDX-License-Identifier: MIT

internal import Bytes

/// Variables as text: what `env` shows and what may be written to it.
///
/// Written (`EnvWriter.swift`): `NAME=value` a line, for dash, bash, zsh and systemd to read back exactly.
///
/// Read (`EnvParser.swift`): that, and the dotenv files that people have. Blanks are spaces, tabs and CRs.
///
///     text        lines with LF between; the last LF may be missing. A byte order mark before them is passed over. CR is a blank
///                 right before a line end, and outside of quotes nowhere else. If every line ends with CR LF, CR before LF is
///                 no part of a quoted value either
///     line        blanks, then nothing, a comment or an assignment
///     comment     `#` and anything to the end of the line
///     assignment  [`export` blanks] name [blanks] `=` [blanks] value
///     value       quoted: begins with a quote. One or more of '...', "..." and `\c` with nothing between, as a shell
///                 reads them: all is literal between single quotes; between double quotes `\` before $ ` " \ stands
///                 for that byte, `\` before LF for nothing, and any other `\` for itself. Quotes may span lines.
///                 bare: anything else, as it stands to the end of the line, without the blanks around it
///     after it    blanks, and after at least one of them a comment
///
/// Nothing is expanded: no variable, no command, no `\n`. What other readers of dotenv take otherwise is noted (`Traits`), for those
/// who bring the text to be told. NUL is refused anywhere. What is none of this is malformed, at the first byte that nothing which
/// could follow would make right, or at the quote that is not closed.
package enum EnvText {
    /// The most assignments in one text.
    package static let maximumAssignments = 65536

    /// How a value stands in a text.
    package enum Quoting: Sendable {
        /// As it is.
        case bare
        /// In quotes.
        case quoted
    }

    /// One assignment in a text: offsets only, so that it holds nothing of the value.
    package struct Assignment: Hashable, Sendable {
        /// Where the name is, in bytes from the start of the text.
        package let name: Range<Int>
        /// Where the value is, quotes included.
        package let value: Range<Int>
        /// The length of the value that it stands for, in bytes.
        package let length: Int
        package let quoting: Quoting
        /// The traits of a text that other readers of dotenv take otherwise.
        package let traits: Traits
        /// The line that it ends in, from 1.
        package let line: Int
        /// How many bytes the value has fewer without CR before LF.
        let returns: Int
        /// Whether CR before LF is no part of the value.
        package private(set) var dropsReturns = false

        init(name: Range<Int>, value: Range<Int>, length: Int, quoting: Quoting, traits: Traits, line: Int, returns: Int) {
            self.name = name
            self.value = value
            self.length = length
            self.quoting = quoting
            self.traits = traits
            self.line = line
            self.returns = returns
        }

        /// The same in a text where CR before LF is part of the line end.
        var withoutReturns: Assignment {
            guard returns > 0 else { return self }
            var copy = Assignment(
                name: name, value: value, length: length - returns, quoting: quoting, traits: traits.subtracting(.returns), line: line,
                returns: 0)
            copy.dropsReturns = true
            return copy
        }
    }

    /// The traits of a value that some reader of dotenv takes otherwise than it is taken here.
    package struct Traits: OptionSet, Hashable, Sendable {
        package let rawValue: UInt16

        package init(rawValue: UInt16) { self.rawValue = rawValue }

        /// `\n` and the like in double quotes: line ends and tabs for others, and as they stand here and for a shell.
        package static let escape = Traits(rawValue: 1 << 0)
        /// `$NAME` or `${NAME}`, not in single quotes.
        package static let reference = Traits(rawValue: 1 << 1)
        /// `$(command)`, not in single quotes.
        package static let command = Traits(rawValue: 1 << 2)
        /// `#` in a value without quotes, with no blank before it.
        package static let hash = Traits(rawValue: 1 << 3)
        /// `\` in a value without quotes, or in single quotes.
        package static let backslash = Traits(rawValue: 1 << 4)
        /// `\` in double quotes before what a shell takes it away from.
        package static let escapedQuote = Traits(rawValue: 1 << 5)
        /// A backquote before a value, which some take for a quote.
        package static let backquotes = Traits(rawValue: 1 << 6)
        /// CR before LF in quotes, where not every line ends so.
        package static let returns = Traits(rawValue: 1 << 7)
        /// Several quoted parts with nothing between.
        package static let pieces = Traits(rawValue: 1 << 8)
        /// White space at the start or the end of a value, in quotes.
        package static let blanks = Traits(rawValue: 1 << 9)
        /// Nothing between `=` and a comment.
        package static let comment = Traits(rawValue: 1 << 10)
    }

    /// The contents of a text, or of its beginning.
    package struct Parsed: Sendable {
        /// In the order of the text. Of those with the same name, the last one counts.
        package let assignments: [Assignment]
        /// Whether the text could end here. If not, it is the beginning of a right one.
        package let complete: Bool
    }

    /// Reads a whole text (`final`), or as much of it as there is yet. A beginning that more bytes could make right is no
    /// error, but then `complete` is false.
    package static func parse(_ text: RawSpan, final: Bool) throws(EnvTextError) -> Parsed {
        var parser = EnvParser()
        try parser.read(text)
        return final ? try parser.finish() : parser.parsed
    }

    /// The name of an assignment.
    package static func name(of assignment: Assignment, in text: RawSpan) -> [UInt8] {
        text.publicBytes(assignment.name)
    }

    /// Writes the value that an assignment stands for to the start of a buffer, and returns how many bytes that were:
    /// `assignment.length`, or fewer if the buffer or the text is too short.
    @discardableResult
    package static func decode(_ assignment: Assignment, from text: RawSpan, into buffer: inout MutableRawSpan) -> Int {
        var decoder = EnvDecoder(assignment.quoting)
        var length = 0
        for offset in assignment.value.clamped(to: 0..<text.byteCount) {
            guard let byte = text.byte(at: offset) else { break }
            if assignment.dropsReturns, byte == UInt8(ascii: "\r"), text.byte(at: offset + 1) == UInt8(ascii: "\n") { continue }
            let decoded = decoder.decode(byte)
            for part in [decoded.first, decoded.second] {
                guard let part, length < buffer.byteCount else { continue }
                buffer.storeBytes(of: part, toByteOffset: length, as: UInt8.self)
                length += 1
            }
        }
        return length
    }
}

/// Why a text is not one of assignments. Holds nothing of it but positions, and of a name a `-` or a `.`.
package struct EnvTextError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The rule that the text breaks.
    package enum Problem: Equatable, Sendable {
        /// NUL can't be in a variable.
        case nul
        /// The text is UTF-16.
        case utf16
        /// Something else where a name must begin.
        case name
        /// This can't be in a name.
        case inName(UInt8)
        /// A name longer than `Name.maximumLength`.
        case nameTooLong
        /// Something else where `=` must follow.
        case equals
        /// Something right after a quoted value.
        case afterQuote
        /// A quote that goes over several lines and is closed in this one, where something follows.
        case closedLate(line: Int)
        /// A quote that is not closed.
        case neverClosed
        /// A CR outside of quotes that no LF follows.
        case carriageReturn
        /// The text ends within a name.
        case unfinished
        /// More than `EnvText.maximumAssignments`.
        case tooMany
    }

    /// The first byte that can't be right, or the quote that is not closed, from the start of the text.
    package let offset: Int
    /// Its line, from 1.
    package let line: Int
    /// How many bytes into that line it is, from 1.
    package let column: Int
    package let problem: Problem

    package init(offset: Int, line: Int, column: Int, problem: Problem) {
        self.offset = offset
        self.line = line
        self.column = column
        self.problem = problem
    }

    package var description: String { "line \(line), column \(column): \(text)" }

    /// The problem, without its place.
    package var text: String {
        switch problem {
        case .nul: "NUL byte"
        case .utf16: "the text is UTF-16, and UTF-8 is taken"
        case .name: "no name where one must begin"
        case .inName(let byte): "'\(Character(Unicode.Scalar(byte)))' can't be in a name"
        case .nameTooLong: "name longer than \(Name.maximumLength) bytes"
        case .equals: "no '=' after the name"
        case .afterQuote: "text after a closing quote"
        case .closedLate(let line): "the quote that opens here is closed in line \(line) only, with text right after it"
        case .neverClosed: "the quote that opens here is never closed"
        case .carriageReturn: "a carriage return alone, which ends no line and stands in values in quotes only"
        case .unfinished: "the text ends where '=' must follow"
        case .tooMany: "more than \(EnvText.maximumAssignments) assignments"
        }
    }
}
