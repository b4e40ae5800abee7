// SPDX-License-Identifier: MIT

internal import Bytes
internal import Linux
internal import Secrets

/// The values of a dotenv text, one after the other, in locked memory: as they stand, or with escapes undone and variables put in.
struct DotenvValues: ~Copyable {
    private let options: DotenvOptions
    private var values: LockedBuffer
    /// The values that the text has assigned so far.
    private var known: [[UInt8]: Range<Int>] = [:]

    init(_ options: DotenvOptions, _ values: consuming LockedBuffer) {
        self.options = options
        self.values = values
    }

    consuming func finish() -> LockedBuffer { values }

    /// Adds the value of an assignment.
    mutating func add(_ assignment: EnvText.Assignment, named name: [UInt8], from text: RawSpan) throws(FormatError) -> Range<Int> {
        let start = values.count
        if assignment.traits.isDisjoint(with: options.changed) {
            try values.add(assignment.length) { value in EnvText.decode(assignment, from: text, into: &value) }
        } else {
            try decode(assignment, named: name, from: text)
        }
        known[name] = start..<values.count
        return start..<values.count
    }

    private enum Quote { case none, single, double }

    private mutating func decode(_ assignment: EnvText.Assignment, named name: [UInt8], from text: RawSpan) throws(FormatError) {
        var quote = Quote.none
        var offset = assignment.value.lowerBound
        let end = assignment.value.upperBound
        let isBare = assignment.quoting == .bare
        while offset < end, let byte = text.byte(at: offset) {
            let next = offset + 1 < end ? text.byte(at: offset + 1) : nil
            offset += 1
            // CR before LF in a text that ends its lines so.
            if assignment.dropsReturns, byte == UInt8(ascii: "\r"), next == UInt8(ascii: "\n") { continue }
            switch (byte, quote) {
            case (UInt8(ascii: "'"), .none) where !isBare: quote = .single
            case (UInt8(ascii: "\""), .none) where !isBare: quote = .double
            case (UInt8(ascii: "'"), .single), (UInt8(ascii: "\""), .double): quote = .none
            case (UInt8(ascii: "\\"), .none), (UInt8(ascii: "\\"), .double):
                guard let next else {
                    try values.add(byte)
                    continue
                }
                if try addEscape(next, quote, isBare: isBare) { offset += 1 }
            case (UInt8(ascii: "$"), .none), (UInt8(ascii: "$"), .double):
                guard options.expands, let reference = Reference(text, offset, end: end) else {
                    try values.add(byte)
                    continue
                }
                try add(reference, at: offset - 1, in: name, from: text)
                offset = reference.end
            default: try values.add(byte)
            }
        }
    }

    /// Adds what `\` and a byte stand for; false if the byte is still to be read.
    private mutating func addEscape(_ byte: UInt8, _ quote: Quote, isBare: Bool) throws(FormatError) -> Bool {
        if isBare {
            // Where variables are put in, `\$` is a `$`.
            guard options.expands, byte == UInt8(ascii: "$") else {
                try values.add(UInt8(ascii: "\\"))
                return false
            }
            try values.add(byte)
            return true
        }
        switch byte {
        case UInt8(ascii: "\n") where quote == .double: return true
        case UInt8(ascii: "$"), UInt8(ascii: "`"), UInt8(ascii: "\""), UInt8(ascii: "\\"): try values.add(byte)
        case _ where quote == .none: try values.add(byte)
        default:
            if options.escapes, let control = Self.control(byte) {
                try values.add(control)
                return true
            }
            try values.add(UInt8(ascii: "\\"))
            return false
        }
        return true
    }

    private static func control(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "v"): 0x0B
        case UInt8(ascii: "a"): 0x07
        default: nil
        }
    }

    /// `NAME`, `{NAME}`, `{NAME:-text}` or `{NAME-text}` after a `$`.
    private struct Reference {
        let name: [UInt8]
        /// The replacement for a variable that is not there.
        var text: Range<Int>?
        /// Whether it stands for an empty one, too.
        var forEmpty = false
        let end: Int

        /// Nil where there is no name.
        init?(_ bytes: RawSpan, _ start: Int, end limit: Int) {
            let isBraced = start < limit && bytes.byte(at: start) == UInt8(ascii: "{")
            var offset = isBraced ? start + 1 : start
            let nameStart = offset
            while offset < limit, let byte = bytes.byte(at: offset),
                byte.isLetter || byte == UInt8(ascii: "_") || byte.isDigit && offset > nameStart
            {
                offset += 1
            }
            name = bytes.publicBytes(nameStart..<offset)
            guard !name.isEmpty, name.count <= Name.maximumLength else { return nil }
            guard isBraced else {
                end = offset
                return
            }
            if offset < limit, bytes.byte(at: offset) == UInt8(ascii: ":") {
                forEmpty = true
                offset += 1
            }
            if offset < limit, bytes.byte(at: offset) == UInt8(ascii: "-") {
                let textStart = offset + 1
                guard let brace = (textStart..<max(textStart, limit)).first(where: { bytes.byte(at: $0) == UInt8(ascii: "}") }) else {
                    return nil
                }
                text = textStart..<brace
                offset = brace
            }
            guard offset < limit, bytes.byte(at: offset) == UInt8(ascii: "}"), text != nil || !forEmpty else { return nil }
            end = offset + 1
        }
    }

    private mutating func add(_ reference: Reference, at offset: Int, in name: [UInt8], from text: RawSpan) throws(FormatError) {
        if let value = known[reference.name], !(value.isEmpty && reference.forEmpty) {
            for index in value {
                if let byte = values.withBytes({ $0.byte(at: index) }) { try values.add(byte) }
            }
        } else if let instead = reference.text {
            try values.add(text.extracting(instead))
        } else if known[reference.name] == nil {
            // The text after the `$` may be part of a password, and no name.
            throw .malformed(
                TextPlace(of: offset, in: text),
                "in the value of \(String(decoding: name, as: UTF8.self)) a $ with a name that the file does not assign before")
        }
    }
}

extension DotenvOptions {
    /// The ways in which values differ from what is written in the text.
    var changed: EnvText.Traits { EnvText.Traits(escapes ? [.escape] : []).union(expands ? [.reference] : []) }
}
