// SPDX-License-Identifier: MIT

internal import Bytes

extension EnvText {
    /// How a value is written, so that dash, bash, zsh and systemd get the same bytes back.
    private enum Form {
        case bare
        case single
        /// In double quotes, with so many `\`.
        case double(escapes: Int)

        var quote: UInt8? {
            switch self {
            case .bare: nil
            case .single: UInt8(ascii: "'")
            case .double: UInt8(ascii: "\"")
            }
        }

        func lineLength(_ name: [UInt8], _ value: RawSpan) -> Int {
            var escapes = 0
            if case .double(let count) = self { escapes = count }
            // "=" and the newline.
            return name.count + 1 + (quote == nil ? 0 : 2) + value.byteCount + escapes + 1
        }
    }

    /// The length in bytes of the line that `writeLine` writes.
    package static func lineLength(name: [UInt8], value: RawSpan) -> Int {
        form(of: value).lineLength(name, value)
    }

    /// Writes `NAME=value` and a newline at an offset of a buffer and returns the number of bytes; 0, and the buffer is
    /// as it was, if it is too short.
    ///
    /// The value is bare where that is safe; in single quotes where it has none; else in double quotes with `\` before
    /// `$`, backquote, `"` and `\`. It must have no NUL.
    @discardableResult
    package static func writeLine(
        name: [UInt8], value: RawSpan, into buffer: inout MutableRawSpan, at start: Int = 0
    ) -> Int {
        let form = form(of: value)
        let length = form.lineLength(name, value)
        guard start >= 0, buffer.byteCount - start >= length else { return 0 }

        // In bounds: exactly `length` bytes are stored, and there is room for them.
        var offset = start
        func store(_ byte: UInt8, _ buffer: inout MutableRawSpan) {
            buffer.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
            offset += 1
        }
        for byte in name { store(byte, &buffer) }
        store(UInt8(ascii: "="), &buffer)
        if let quote = form.quote { store(quote, &buffer) }
        for index in 0..<value.byteCount {
            guard let byte = value.byte(at: index) else { break }
            if form.quote == UInt8(ascii: "\""), needsEscape(byte) { store(UInt8(ascii: "\\"), &buffer) }
            store(byte, &buffer)
        }
        if let quote = form.quote { store(quote, &buffer) }
        store(UInt8(ascii: "\n"), &buffer)
        return length
    }

    /// The length in bytes of what `env` has for a variable, where `lineLength` says that its assignment has `assignment` bytes: that,
    /// or the length of a comment. It depends on the name alone which, so it is known without the value.
    package static func shownLength(name: [UInt8], assignment: Int) -> Int {
        ShellNames.isKept(name) ? comment(name).count : assignment
    }

    /// Writes what `env` has for a variable: its assignment, or, of a name that a shell keeps for itself, a comment that says so. As
    /// `writeLine` else.
    @discardableResult
    package static func writeShown(name: [UInt8], value: RawSpan, into buffer: inout MutableRawSpan, at start: Int = 0) -> Int {
        guard ShellNames.isKept(name) else { return writeLine(name: name, value: value, into: &buffer, at: start) }
        let comment = comment(name)
        guard start >= 0, buffer.byteCount - start >= comment.count else { return 0 }
        for (index, byte) in comment.enumerated() { buffer.storeBytes(of: byte, toByteOffset: start + index, as: UInt8.self) }
        return comment.count
    }

    /// It is a line of its own, and a name has no byte that could end it.
    private static func comment(_ name: [UInt8]) -> [UInt8] {
        Array("# ".utf8) + name + Array(": a shell keeps this name for itself; read vars/".utf8) + name + [UInt8(ascii: "\n")]
    }

    private static func form(of value: RawSpan) -> Form {
        var isSafe = true
        var hasSingleQuote = false
        var escapes = 0
        var previous = UInt8(ascii: ":")
        for index in 0..<value.byteCount {
            guard let byte = value.byte(at: index) else { break }
            if !isBare(byte, after: previous) { isSafe = false }
            if byte == UInt8(ascii: "'") { hasSingleQuote = true }
            if needsEscape(byte) { escapes += 1 }
            previous = byte
        }
        if isSafe { return .bare }
        return hasSingleQuote ? .double(escapes: escapes) : .single
    }

    /// Whether no reader gives a byte a meaning of its own. zsh expands `=` at the start of a value and after `:`.
    private static func isBare(_ byte: UInt8, after previous: UInt8) -> Bool {
        if byte.isLetter || byte.isDigit { return true }
        switch byte {
        case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: "/"),
            UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "%"), UInt8(ascii: "+"):
            return true
        case UInt8(ascii: "="): return previous != UInt8(ascii: ":")
        default: return false
        }
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "$"), UInt8(ascii: "`"), UInt8(ascii: "\""), UInt8(ascii: "\\"): true
        default: false
        }
    }
}
