// fuzz: Sources/tacit/ResponseParser.swift
// SPDX-License-Identifier: MIT
// fuzz with: Bytes

/// What came of an answer: its body and how it ended.
private struct Outcome: Equatable {
    var body: [UInt8] = []
    var status = 0
    var isComplete = false
    var error: ResponseError?
}

private func parse(_ bytes: [UInt8], pieces size: Int) -> Outcome {
    var parser = ResponseParser()
    var outcome = Outcome()
    var rest = bytes[...]
    do {
        while !rest.isEmpty {
            var piece = rest.prefix(size)
            rest = rest.dropFirst(size)
            while let part = try parser.nextPart(of: &piece) {
                precondition(!part.isEmpty)
                outcome.body += part
            }
            precondition(piece.isEmpty)
        }
    } catch {
        precondition(error.offset <= bytes.count)
        outcome.error = error
    }
    outcome.status = parser.status
    outcome.isComplete = parser.isComplete
    return outcome
}

/// Any bytes as an answer of the daemon: it makes no difference in which pieces they come.
@c(LLVMFuzzerTestOneInput)
public func fuzzResponseParser(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let whole = parse(bytes, pieces: max(count, 1))
    precondition(whole.body.count <= count)
    precondition(!whole.isComplete || (200...599).contains(whole.status))
    precondition(parse(bytes, pieces: 1) == whole)
    precondition(parse(bytes, pieces: 1 + Int(bytes.last ?? 0) % 7) == whole)
    return 0
}
