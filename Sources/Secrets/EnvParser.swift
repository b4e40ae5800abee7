// SPDX-License-Identifier: MIT

internal import Bytes

/// Reads a text of assignments as it comes: each call goes on where the last one stopped, so that checking every write
/// costs no more than reading the text once.
package struct EnvParser: Sendable {
    private enum State: Sendable {
        /// Before the first byte of a line that is no blank.
        case line
        /// In the byte order mark that the text begins with.
        case mark
        case comment
        /// In a name.
        case name
        /// After `export` and a blank: a name, or the `=` of a variable named `export`.
        case export
        /// After a name and a blank.
        case equals
        /// After `=`.
        case value
        case bare
        /// In a quoted value; the decoder knows where.
        case quoted
        /// After a quoted value and a blank.
        case end
    }

    private var state = State.line
    private var offset = 0
    private var line = 1
    private var lineStart = 0
    private var assignments: [EnvText.Assignment] = []
    private var failure: EnvTextError?

    /// Of the assignment that is being read.
    private var nameStart = 0
    private var nameEnd = 0
    private var isExported = false
    private var valueStart = 0
    /// After the last byte of a bare value that is no blank.
    private var bareEnd = 0
    private var length = 0
    private var afterBlank = false
    private var decoder = EnvDecoder(.quoted)
    private var traits: EnvText.Traits = []
    /// Where the last quote was opened.
    private var quote: Place?
    /// The byte before in the value, 0 where it is escaped or there is none.
    private var previous: UInt8 = 0
    /// Of a quoted value, the first and the last byte.
    private var first: UInt8 = 0
    private var last: UInt8 = 0
    /// Whether the CR that was read last came after a `\` in double quotes.
    private var isReturnEscaped = false

    /// Outside of quotes, the CR that nothing but a line end may follow.
    private var carriageReturn: Place?
    /// How many line ends there are, and how many of them have a CR before them.
    private var lineEnds = 0
    private var returnedLineEnds = 0
    /// How many bytes the quoted value has fewer where CR before LF are dropped.
    private var returns = 0

    private static let export = Array("export".utf8)
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    package init() {}

    /// Reads what the text has beyond what was read before. It must begin as the text of the call before did. After an
    /// error every call gives that error again.
    package mutating func read(_ text: RawSpan) throws(EnvTextError) {
        if let failure { throw failure }
        while let byte = text.byte(at: offset) {
            do throws(Refusal) {
                try read(byte, text)
            } catch {
                let failure = Self.error(error.problem, error.place ?? here)
                self.failure = failure
                throw failure
            }
            if byte == lf {
                lineEnds += 1
                if offset > 0, text.byte(at: offset - 1) == cr { returnedLineEnds += 1 }
                line += 1
                lineStart = offset + 1
            }
            offset += 1
        }
    }

    /// The assignments that were read so far.
    package var parsed: EnvText.Parsed {
        var copy = self
        let complete = copy.close()
        // Written by an editor that ends all lines so: within a value it means nothing else.
        if copy.lineEnds > 0, copy.lineEnds == copy.returnedLineEnds {
            copy.assignments = copy.assignments.map(\.withoutReturns)
        }
        return EnvText.Parsed(assignments: copy.assignments, complete: complete)
    }

    /// The assignments of the whole text.
    package func finish() throws(EnvTextError) -> EnvText.Parsed {
        if let failure { throw failure }
        let parsed = parsed
        if !parsed.complete {
            if state == .quoted, decoder.isInQuotes, let quote { throw Self.error(.neverClosed, quote) }
            throw Self.error(.unfinished, here)
        }
        return parsed
    }

    private struct Place: Sendable {
        let offset: Int
        let line: Int
        let column: Int
    }

    private var here: Place { Place(offset: offset, line: line, column: offset - lineStart + 1) }

    private struct Refusal: Error {
        let problem: EnvTextError.Problem
        /// Nil for the byte that is being read.
        let place: Place?

        init(_ problem: EnvTextError.Problem, _ place: Place? = nil) {
            self.problem = problem
            self.place = place
        }
    }

    private static func error(_ problem: EnvTextError.Problem, _ place: Place) -> EnvTextError {
        EnvTextError(offset: place.offset, line: place.line, column: place.column, problem: problem)
    }

    private mutating func read(_ byte: UInt8, _ text: RawSpan) throws(Refusal) {
        // A character of ASCII in UTF-16 is a byte and NUL; with a mark, it begins with one of these two, which no UTF-8 has.
        if offset < 2, byte == 0 || offset == 0 && byte >= 0xFE { throw Refusal(.utf16) }
        if byte == 0 { throw Refusal(.nul) }
        let isBlank = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == cr
        if state != .quoted || !decoder.isInQuotes { try checkReturn(byte) }
        switch state {
        case .line:
            if isBlank || byte == lf { return }
            if byte == UInt8(ascii: "#") {
                state = .comment
            } else if offset == 0, byte == Self.mark[0] {
                state = .mark
            } else {
                isExported = false
                try beginName(byte)
            }
        case .mark:
            guard byte == Self.mark[min(offset, 2)] else { throw Refusal(.name) }
            if offset == 2 {
                state = .line
                lineStart = 3
            }
        case .comment:
            if byte == lf { state = .line }
        case .name:
            if byte.continuesVariable {
                if offset - nameStart >= Name.maximumLength { throw Refusal(.nameTooLong) }
                return
            }
            nameEnd = offset
            if byte == UInt8(ascii: "=") {
                beginValue()
            } else if isBlank {
                let isExport = !isExported && text.publicBytes(nameStart..<nameEnd) == Self.export
                state = isExport ? .export : .equals
            } else {
                throw Refusal(byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") ? .inName(byte) : .equals)
            }
        case .export:
            if isBlank { return }
            if byte == UInt8(ascii: "=") {
                beginValue()
            } else {
                isExported = true
                try beginName(byte)
            }
        case .equals:
            if isBlank { return }
            guard byte == UInt8(ascii: "=") else { throw Refusal(.equals) }
            beginValue()
        case .value:
            try readFirst(byte, isBlank: isBlank)
        case .bare:
            if byte == lf || byte == UInt8(ascii: "#") && afterBlank {
                appendBare()
                state = byte == lf ? .line : .comment
            } else if !isBlank {
                bareEnd = offset + 1
                note(bare: byte)
            }
            afterBlank = isBlank
        case .quoted:
            try readQuoted(byte, isBlank: isBlank)
        case .end:
            if isBlank { return }
            guard byte == lf || byte == UInt8(ascii: "#") else { throw afterQuote }
            state = byte == lf ? .line : .comment
        }
    }

    /// Outside of quotes a CR is part of a line end, or else what some old systems ended lines with, or a slip.
    private mutating func checkReturn(_ byte: UInt8) throws(Refusal) {
        switch byte {
        case cr: carriageReturn = carriageReturn ?? here
        case lf: carriageReturn = nil
        default: if let carriageReturn { throw Refusal(.carriageReturn, carriageReturn) }
        }
    }

    private mutating func beginName(_ byte: UInt8) throws(Refusal) {
        guard byte.startsVariable else { throw Refusal(.name) }
        if assignments.count >= EnvText.maximumAssignments { throw Refusal(.tooMany) }
        nameStart = offset
        state = .name
    }

    private mutating func beginValue() {
        state = .value
        afterBlank = false
        traits = []
        previous = 0
    }

    private mutating func readFirst(_ byte: UInt8, isBlank: Bool) throws(Refusal) {
        if isBlank {
            afterBlank = true
            return
        }
        valueStart = offset
        bareEnd = offset
        if byte == lf || byte == UInt8(ascii: "#") && afterBlank {
            if byte != lf { traits.insert(.comment) }
            appendBare()
            state = byte == lf ? .line : .comment
        } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
            state = .quoted
            decoder = EnvDecoder(.quoted)
            length = 0
            returns = 0
            try readQuoted(byte, isBlank: false)
        } else {
            state = .bare
            bareEnd = offset + 1
            afterBlank = false
            if byte == UInt8(ascii: "`") { traits.insert(.backquotes) }
            note(bare: byte)
        }
    }

    private mutating func note(bare byte: UInt8) {
        switch byte {
        case UInt8(ascii: "#"): traits.insert(.hash)
        case UInt8(ascii: "\\"): traits.insert(.backslash)
        default: noteReference(byte)
        }
        previous = byte
    }

    /// After `$`, what begins the name of a variable or a command.
    private mutating func noteReference(_ byte: UInt8) {
        guard previous == UInt8(ascii: "$") else { return }
        if byte == UInt8(ascii: "(") { traits.insert(.command) }
        if byte == UInt8(ascii: "{") || byte.startsVariable { traits.insert(.reference) }
    }

    private mutating func readQuoted(_ byte: UInt8, isBlank: Bool) throws(Refusal) {
        if decoder.isBetween {
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "\\"):
                if offset > valueStart { traits.insert(.pieces) }
                quote = here
            case lf:
                appendQuoted()
                state = .line
                return
            default:
                guard isBlank else { throw afterQuote }
                appendQuoted()
                state = .end
                return
            }
        } else if decoder.isEscaped, byte == lf || byte == cr {
            throw Refusal(.afterQuote)
        }
        if byte == lf, previous == cr {
            // `\` CR LF is three bytes here, and without the CR none.
            returns += isReturnEscaped ? 3 : 1
        }
        isReturnEscaped = byte == cr && decoder.isDoubleEscaped
        noteQuoted(byte)
        let decoded = decoder.decode(byte)
        if let byte = decoded.first {
            if length == 0 { first = byte }
            last = decoded.second ?? byte
        }
        length += (decoded.first == nil ? 0 : 1) + (decoded.second == nil ? 0 : 1)
    }

    private mutating func noteQuoted(_ byte: UInt8) {
        if decoder.isDoubleEscaped {
            switch byte {
            case UInt8(ascii: "$"), UInt8(ascii: "`"), UInt8(ascii: "\""), UInt8(ascii: "\\"), lf: traits.insert(.escapedQuote)
            default: traits.insert(.escape)
            }
            previous = byte == cr ? cr : 0
            return
        }
        if decoder.isSingle, byte == UInt8(ascii: "\\") { traits.insert(.backslash) }
        if decoder.isDouble { noteReference(byte) }
        previous = decoder.isInQuotes ? byte : 0
    }

    /// Right after a quoted part. If that goes over several lines, it was meant to be closed before, or not to be opened.
    private var afterQuote: Refusal {
        guard let quote, quote.line < line else { return Refusal(.afterQuote) }
        return Refusal(.closedLate(line: line), quote)
    }

    private mutating func appendBare() {
        append(valueStart..<bareEnd, length: bareEnd - valueStart, .bare)
    }

    private mutating func appendQuoted() {
        append(valueStart..<offset, length: length, .quoted)
    }

    private mutating func append(_ value: Range<Int>, length: Int, _ quoting: EnvText.Quoting) {
        let returns = quoting == .bare ? 0 : returns
        if returns > 0 { traits.insert(.returns) }
        if quoting == .quoted, length > 0, first.isWhiteSpace || last.isWhiteSpace { traits.insert(.blanks) }
        assignments.append(
            EnvText.Assignment(
                name: nameStart..<nameEnd, value: value, length: length, quoting: quoting, traits: traits, line: line, returns: returns))
    }

    /// Ends the text here. False: it can't end here.
    private mutating func close() -> Bool {
        if failure != nil { return false }
        switch state {
        case .line, .comment, .end: return true
        case .mark, .name, .export, .equals: return false
        case .value:
            append(offset..<offset, length: 0, .bare)
            return true
        case .bare:
            appendBare()
            return true
        case .quoted:
            guard decoder.isBetween else { return false }
            appendQuoted()
            return true
        }
    }
}

private let lf = UInt8(ascii: "\n")
private let cr = UInt8(ascii: "\r")
