/// Variables as text: what `env` shows and what may be written to it.
///
/// Written (`EnvWriter.swift`): `NAME=value` a line, for dash, bash, zsh and systemd to read back exactly.
///
/// Read (`EnvParser.swift`): that, and the dotenv files that people have. Blanks are spaces, tabs and CRs.
///
///     text        lines with LF between; the last LF may be missing
///     line        blanks, then nothing, a comment or an assignment
///     comment     `#` and anything to the end of the line
///     assignment  [`export` blanks] name [blanks] `=` [blanks] value
///     value       quoted: begins with a quote. One or more of '...', "..." and `\c` with nothing between, as a shell
///                 reads them: all is literal between single quotes; between double quotes `\` before $ ` " \ stands
///                 for that byte, `\` before LF for nothing, and any other `\` for itself. Quotes may span lines.
///                 bare: anything else, as it stands to the end of the line, without the blanks around it
///     after it    blanks, and after at least one of them a comment
///
/// Nothing is expanded: no variable, no command, no `\n`. NUL is refused anywhere. What is none of this is malformed, at
/// the first byte that nothing which could follow would make right.
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
    }

    /// What a text, or the beginning of one, holds.
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

/// Why a text is not one of assignments. Holds nothing of it but positions.
package struct EnvTextError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong.
    package enum Problem: Equatable, Sendable {
        /// NUL can't be in a variable.
        case nul
        /// Something else where a name must begin.
        case name
        /// A name longer than `Name.maximumLength`.
        case nameTooLong
        /// Something else where `=` must follow.
        case equals
        /// Something right after a quoted value.
        case afterQuote
        /// The text ends within a name or a quoted value.
        case unfinished
        /// More than `EnvText.maximumAssignments`.
        case tooMany
    }

    /// The first byte that can't be right, from the start of the text.
    package let offset: Int
    /// Its line, from 1.
    package let line: Int
    package let problem: Problem

    package init(offset: Int, line: Int, problem: Problem) {
        self.offset = offset
        self.line = line
        self.problem = problem
    }

    package var description: String {
        let text =
            switch problem {
            case .nul: "NUL byte"
            case .name: "no name where one must begin"
            case .nameTooLong: "name longer than \(Name.maximumLength) bytes"
            case .equals: "no '=' after the name"
            case .afterQuote: "text after a closing quote"
            case .unfinished: "the text ends within a name or a quoted value"
            case .tooMany: "more than \(EnvText.maximumAssignments) assignments"
            }
        return "line \(line): \(text)"
    }
}
