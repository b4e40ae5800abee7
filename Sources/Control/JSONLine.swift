// SPDX-License-Identifier: MIT

internal import FoundationEssentials

/// JSON on one line, fields in alphabetical order: the same answer is the same bytes.
package enum JSONLine {
    /// The line with its newline; nil for what JSON can't say, such as a number that is none.
    package static func bytes(of value: some Encodable) -> [UInt8]? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(value)).map { Array($0) + [UInt8(ascii: "\n")] }
    }
}
