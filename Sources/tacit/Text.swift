// SPDX-License-Identifier: MIT

import Glibc
import Linux
import Secrets

/// Bytes of a name or a file as text that a terminal can be given: what is not UTF-8 becomes U+FFFD, and characters that move
/// the cursor, change colours or turn the direction of writing are spelled out. Names and process names are other people's.
func text(_ bytes: some Collection<UInt8>) -> String {
    text(String(decoding: bytes, as: UTF8.self))
}

func text(_ string: String) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in string.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            shown.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
        default:
            shown.append(scalar)
        }
    }
    return String(shown)
}

/// A reference, likewise.
func text(_ reference: Reference) -> String { text(reference.description) }

/// Rows with aligned columns, the last one ragged, each ended by a newline.
func table(_ rows: [[String]]) -> String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
        var line = ""
        for (cell, width) in zip(row.dropLast(), widths) {
            line += cell + String(repeating: " ", count: width - cell.count + 2)
        }
        line += row.last ?? ""
        while line.last == " " { line.removeLast() }
        return line + "\n"
    }.joined()
}

/// Writes all of `output` to standard output. A reader that went away, or a full disk, is a failure, not silence.
func put(_ output: String) throws(Failure) {
    try put(Array(output.utf8))
}

func put(_ output: [UInt8]) throws(Failure) {
    try put(unsafe output.span.bytes)
}

func put(_ output: RawSpan) throws(Failure) {
    let standardOutput = FileDescriptor(owning: STDOUT_FILENO)
    let written = Result { () throws(Errno) in try standardOutput.writeAll(output) }
    // It stays open for the next.
    _ = standardOutput.release()
    if case .failure(let error) = written { throw Failure(.failed, "can't write to standard output: \(error)") }
}

/// Writes a line to standard error, spelled out as `text(_:)` does: the daemon's words have names of other people's in them.
func complain(_ line: String) {
    let bytes = Array((text(line) + "\n").utf8)
    _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
}
