// fuzz: Sources/Secrets
// SPDX-License-Identifier: MIT
// fuzz with: Bytes

/// Any bytes as a text of assignments: the parser must not trap, must not care in which pieces they come, and what it
/// took must come back when it is written as `env` shows it.
@c(LLVMFuzzerTestOneInput)
public func fuzzEnvText(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = Array(UnsafeBufferPointer(start: start, count: count))
    let whole = try? EnvText.parse(text.span.bytes, final: true)
    let cut = text.first.map { Int($0) % (count + 1) } ?? 0

    var parser = EnvParser()
    do {
        try parser.read(Array(text[..<cut]).span.bytes)
        try parser.read(text.span.bytes)
        precondition(parser.parsed.complete == (whole != nil))
        if whole != nil {
            let assignments = try parser.finish().assignments
            precondition(assignments == whole?.assignments)
        }
    } catch {
        precondition(whole == nil && error.offset < count)
    }

    guard let whole else { return 0 }
    var written: [UInt8] = []
    var values: [[UInt8]] = []
    for assignment in whole.assignments {
        let value = decoded(assignment, text)
        let name = EnvText.name(of: assignment, in: text.span.bytes)
        precondition((try? Name.check(name, as: .variable)) != nil)
        precondition(!value.contains(0))
        let length = EnvText.lineLength(name: name, value: value.span.bytes)
        var line = [UInt8](repeating: 0, count: length)
        var span = line.mutableSpan
        var raw = span.mutableBytes
        precondition(EnvText.writeLine(name: name, value: value.span.bytes, into: &raw) == length)
        written += line
        values.append(value)
    }
    let again = try? EnvText.parse(written.span.bytes, final: true)
    precondition(again?.assignments.map { decoded($0, written) } == values)
    return 0
}

private func decoded(_ assignment: EnvText.Assignment, _ text: [UInt8]) -> [UInt8] {
    var value = [UInt8](repeating: 0, count: assignment.length + 1)
    var span = value.mutableSpan
    var raw = span.mutableBytes
    precondition(EnvText.decode(assignment, from: text.span.bytes, into: &raw) == assignment.length)
    return value.dropLast()
}
