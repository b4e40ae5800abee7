// SPDX-License-Identifier: MIT

/// All that a caller got by some calls, in their order. It is compared, and never printed whole: it may hold values.
struct Transcript: Equatable {
    struct Line: Equatable {
        /// The call, in words that hold no value.
        let call: String
        /// What came of it, in words that hold no value: an error, a size.
        let outcome: String
        /// What it answered.
        let answer: [UInt8]
    }

    private(set) var lines: [Line] = []

    mutating func note(_ call: String, _ outcome: String, _ answer: [UInt8] = []) {
        lines.append(Line(call: call, outcome: outcome, answer: answer))
    }

    /// How it differs from another one, without a value. Nil if it does not.
    func difference(from other: Transcript) -> String? {
        for (one, another) in zip(lines, other.lines) where one != another {
            if one.call != another.call { return "other calls: \(one.call), \(another.call)" }
            if one.outcome != another.outcome { return "\(one.call): \(one.outcome) or \(another.outcome)" }
            return "\(one.call): other answers"
        }
        return lines.count == other.lines.count ? nil : "more calls"
    }
}
