// SPDX-License-Identifier: MIT

/// childhost [--environment FILE] [--redirected FILE | --everything FILE] COMMAND…: runs a command as a job's, and ends as that ended.
/// The environment is what it has itself, or what FILE has: assignments, each ended by a NUL. Masked are the lines of FILE. For tests:
/// real jobs need a daemon.
import Supervisor
import Glibc
import Linux
import Masking

func fail(_ message: String, _ exitCode: Int32 = 1) -> Never {
    let line = Array("childhost: \(message)\n".utf8)
    _ = unsafe write(STDERR_FILENO, line, line.count)
    exit(exitCode)
}

func values(_ path: String) -> MaskedValues {
    do {
        let bytes = try FileDescriptor.open(path, .readOnly).readToEnd(limit: 1 << 20)
        var ranges: [MaskedValue] = []
        for line in bytes.indices.split(whereSeparator: { bytes[$0] == UInt8(ascii: "\n") }) {
            ranges.append(MaskedValue(name: Array("V\(ranges.count)".utf8), range: line.startIndex..<line.endIndex))
        }
        return try unsafe MaskedValues(ranges, in: bytes.span.bytes)
    } catch { fail("can't read the values: \(error)") }
}

var words = Array(ArgumentVector.ofThisProcess.dropFirst())
var masking = ChildMasking.none
var assignments: String?
while words.count > 1, words[0].starts(with: "--".utf8) {
    let file = String(decoding: words[1], as: UTF8.self)
    switch String(decoding: words[0], as: UTF8.self) {
    case "--environment": assignments = file
    case "--redirected": masking = .some(values(file), terminal: false)
    case "--everything": masking = .some(values(file), terminal: true)
    default: fail("no such option", 2)
    }
    words.removeFirst(2)
}
do {
    var environment = try LockedBuffer(capacity: 4 << 20)
    var fits = true
    if let assignments {
        try environment.append(readingAllOf: FileDescriptor.open(assignments, .readOnly))
    } else {
        ThisProcess.forEachVariable { fits = fits && environment.append(copying: $0) && environment.append(0) }
    }
    guard fits else { fail("the environment is too long") }
    try ThisProcess.becomeSubreaper()
    try AttendedCommand.run(words, with: CommandInputs(environment: environment, masking: masking)).finish()
} catch let error as ChildError {
    fail(error.message, error.exitCode)
} catch {
    fail("\(error)")
}
