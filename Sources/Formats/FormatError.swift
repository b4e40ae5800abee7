// SPDX-License-Identifier: MIT

internal import Bytes
package import Linux
internal import Secrets

/// A place in a text.
package struct TextPlace: Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    package let line: Int
    /// How many bytes into the line in JSON and dotenv, or characters in YAML, from 1.
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// Where an offset is.
    init(of offset: Int, in text: RawSpan) {
        let newline = UInt8(ascii: "\n")
        let before = 0..<max(0, min(offset, text.byteCount))
        let start = before.last { text.byte(at: $0) == newline }.map { $0 + 1 } ?? 0
        self.init(line: 1 + before.count { text.byte(at: $0) == newline }, column: offset - start + 1)
    }

    package var description: String { "line \(line), column \(column)" }
}

/// Why something can't be read or written in a format. Names items and lines, and quotes nothing that may be a value.
package enum FormatError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The format has no way to say this item's value, or its name. `reason` says what is in the way, `instead` what to use.
    case cannotHold(item: [UInt8], format: ExportFormat, reason: String, instead: String)
    /// Two items would have one name.
    case sameName(item: [UInt8], format: ExportFormat)
    /// The text breaks a rule at this place; says which.
    case malformed(TextPlace, String)
    /// There is nothing in the text to store; says what there is not.
    case nothing(String)
    /// The text is encrypted by another program; says by which, and what to do.
    case ciphertext(String, instead: String)
    /// The text as a whole breaks a rule; says which.
    case unfit(String)
    /// More bytes, items or documents than are taken.
    case tooLarge(String)
    /// No memory can be locked.
    case memory(Errno)

    package var description: String {
        switch self {
        case .cannotHold(let item, let format, let reason, _): "\(format.rawValue) can't hold \(shown(item)): \(reason)"
        case .sameName(let item, let format): "\(format.rawValue) can't hold \(shown(item)): another item would have the same name"
        case .malformed(let place, let problem): "\(place): \(problem)"
        case .nothing(let what): "there is no \(what)"
        case .ciphertext(let program, _): "it is encrypted by \(program), and would be stored as it is"
        case .unfit(let problem), .tooLarge(let problem): problem
        case .memory(let error): "can't lock memory: \(error)"
        }
    }

    /// The next step, if there is one.
    package var hint: String? {
        switch self {
        case .cannotHold(_, _, _, let instead): instead
        case .memory: "raise RLIMIT_MEMLOCK (ulimit -l)"
        case .ciphertext(_, let instead): instead
        case .nothing: "--empty takes it so"
        case .sameName, .malformed, .unfit, .tooLarge: nil
        }
    }

    private func shown(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }
}
