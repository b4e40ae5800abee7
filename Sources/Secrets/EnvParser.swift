/// Reads a text of assignments as it comes: each call goes on where the last one stopped, so that checking every write
/// costs no more than reading the text once.
package struct EnvParser: Sendable {
    private enum State: Sendable {
        /// Before the first byte of a line that is no blank.
        case line
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

    private static let export = Array("export".utf8)

    package init() {}

    /// Reads what the text has beyond what was read before. It must begin as the text of the call before did. After an
    /// error every call gives that error again.
    package mutating func read(_ text: RawSpan) throws(EnvTextError) {
        if let failure { throw failure }
        while let byte = text.byte(at: offset) {
            do throws(Refusal) {
                try read(byte, text)
            } catch {
                let failure = EnvTextError(offset: offset, line: line, problem: error.problem)
                self.failure = failure
                throw failure
            }
            if byte == lf { line += 1 }
            offset += 1
        }
    }

    /// What was read, as far as it goes.
    package var parsed: EnvText.Parsed {
        var copy = self
        let complete = copy.close()
        return EnvText.Parsed(assignments: copy.assignments, complete: complete)
    }

    /// What was read, which is all there is.
    package func finish() throws(EnvTextError) -> EnvText.Parsed {
        if let failure { throw failure }
        let parsed = parsed
        if !parsed.complete { throw EnvTextError(offset: offset, line: line, problem: .unfinished) }
        return parsed
    }

    private struct Refusal: Error {
        let problem: EnvTextError.Problem
        init(_ problem: EnvTextError.Problem) { self.problem = problem }
    }

    private mutating func read(_ byte: UInt8, _ text: RawSpan) throws(Refusal) {
        if byte == 0 { throw Refusal(.nul) }
        let isBlank = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == cr
        switch state {
        case .line:
            if isBlank || byte == lf { return }
            if byte == UInt8(ascii: "#") {
                state = .comment
            } else {
                isExported = false
                try beginName(byte)
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
                throw Refusal(.equals)
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
            }
            afterBlank = isBlank
        case .quoted:
            try readQuoted(byte, isBlank: isBlank)
        case .end:
            if isBlank { return }
            guard byte == lf || byte == UInt8(ascii: "#") else { throw Refusal(.afterQuote) }
            state = byte == lf ? .line : .comment
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
    }

    private mutating func readFirst(_ byte: UInt8, isBlank: Bool) throws(Refusal) {
        if isBlank {
            afterBlank = true
            return
        }
        valueStart = offset
        bareEnd = offset
        if byte == lf || byte == UInt8(ascii: "#") && afterBlank {
            appendBare()
            state = byte == lf ? .line : .comment
        } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
            state = .quoted
            decoder = EnvDecoder(.quoted)
            length = 0
            try readQuoted(byte, isBlank: false)
        } else {
            state = .bare
            bareEnd = offset + 1
            afterBlank = false
        }
    }

    private mutating func readQuoted(_ byte: UInt8, isBlank: Bool) throws(Refusal) {
        if decoder.isBetween {
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "\\"): break
            case lf:
                appendQuoted()
                state = .line
                return
            default:
                guard isBlank else { throw Refusal(.afterQuote) }
                appendQuoted()
                state = .end
                return
            }
        } else if decoder.isEscaped, byte == lf {
            throw Refusal(.afterQuote)
        }
        let decoded = decoder.decode(byte)
        length += (decoded.first == nil ? 0 : 1) + (decoded.second == nil ? 0 : 1)
    }

    private mutating func appendBare() {
        append(valueStart..<bareEnd, length: bareEnd - valueStart, .bare)
    }

    private mutating func appendQuoted() {
        append(valueStart..<offset, length: length, .quoted)
    }

    private mutating func append(_ value: Range<Int>, length: Int, _ quoting: EnvText.Quoting) {
        assignments.append(
            EnvText.Assignment(name: nameStart..<nameEnd, value: value, length: length, quoting: quoting))
    }

    /// Ends the text here. False: it can't end here.
    private mutating func close() -> Bool {
        if failure != nil { return false }
        switch state {
        case .line, .comment, .end: return true
        case .name, .export, .equals: return false
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

/// Takes the quotes off a value, byte by byte.
struct EnvDecoder: Sendable {
    private enum State: Sendable {
        case bare, between, escaped, single, double, doubleEscaped
    }

    private var state: State

    init(_ quoting: EnvText.Quoting) { state = quoting == .bare ? .bare : .between }

    /// After a quoted part: the value may end here.
    var isBetween: Bool { state == .between }
    /// After a `\` outside of quotes.
    var isEscaped: Bool { state == .escaped }

    /// The bytes that the next byte stands for: none, one or two.
    mutating func decode(_ byte: UInt8) -> (first: UInt8?, second: UInt8?) {
        switch state {
        case .bare: return (byte, nil)
        case .between:
            switch byte {
            case UInt8(ascii: "'"): state = .single
            case UInt8(ascii: "\""): state = .double
            default: state = .escaped
            }
            return (nil, nil)
        case .escaped:
            state = .between
            return (byte, nil)
        case .single:
            if byte == UInt8(ascii: "'") {
                state = .between
                return (nil, nil)
            }
            return (byte, nil)
        case .double:
            switch byte {
            case UInt8(ascii: "\""): state = .between
            case UInt8(ascii: "\\"): state = .doubleEscaped
            default: return (byte, nil)
            }
            return (nil, nil)
        case .doubleEscaped:
            state = .double
            switch byte {
            case UInt8(ascii: "$"), UInt8(ascii: "`"), UInt8(ascii: "\""), UInt8(ascii: "\\"): return (byte, nil)
            case lf: return (nil, nil)
            default: return (UInt8(ascii: "\\"), byte)
            }
        }
    }
}
