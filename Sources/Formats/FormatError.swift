package import Linux

/// Why something can't be read or written in a format. Names items and lines, and quotes nothing that may be a value.
package enum FormatError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The format has no way to say this item's value, or its name. `reason` says what is in the way, `instead` what to use.
    case cannotHold(item: [UInt8], format: ExportFormat, reason: String, instead: String)
    /// Two items would have one name.
    case sameName(item: [UInt8], format: ExportFormat)
    /// What is wrong in a line, counted from 1.
    case malformed(line: Int, problem: String)
    /// What is wrong with the text as a whole.
    case unfit(String)
    /// More bytes, items or documents than are taken.
    case tooLarge(String)
    /// No memory can be locked.
    case memory(Errno)

    package var description: String {
        switch self {
        case .cannotHold(let item, let format, let reason, _): "\(format.rawValue) can't hold \(shown(item)): \(reason)"
        case .sameName(let item, let format): "\(format.rawValue) can't hold \(shown(item)): another item would have the same name"
        case .malformed(let line, let problem): "line \(line): \(problem)"
        case .unfit(let problem), .tooLarge(let problem): problem
        case .memory(let error): "can't lock memory: \(error)"
        }
    }

    /// What to do about it, where there is something.
    package var hint: String? {
        switch self {
        case .cannotHold(_, _, _, let instead): instead
        case .memory: "raise RLIMIT_MEMLOCK (ulimit -l)"
        case .sameName, .malformed, .unfit, .tooLarge: nil
        }
    }

    private func shown(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }
}
