/// childhost [--redirected FILE | --everything FILE] COMMAND…: runs a command as a job's, with the environment that it has itself, and
/// ends as that ended. Masked are the lines of FILE. For tests: real jobs need a daemon.
import Children
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
if let option = words.first.map({ String(decoding: $0, as: UTF8.self) }), words.count > 1, option.hasPrefix("--") {
    let masked = values(String(decoding: words[1], as: UTF8.self))
    masking = .some(masked, terminal: option == "--everything")
    words.removeFirst(2)
}
do {
    var environment = try LockedBuffer(capacity: 1 << 20)
    var fits = true
    Process.forEachVariable { fits = fits && environment.append(copying: $0) && environment.append(0) }
    guard fits else { fail("the environment is too long") }
    try Process.becomeSubreaper()
    try AttendedCommand.run(words, environment: environment, masking: masking).finish()
} catch let error as ChildError {
    fail(error.message, error.exitCode)
} catch {
    fail("\(error)")
}
