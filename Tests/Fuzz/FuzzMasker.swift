// fuzz: Sources/Masking
// SPDX-License-Identifier: MIT
// fuzz with: Bytes Linux

internal import Linux

/// Any bytes as values and a stream: nothing traps, the borders between chunks make no difference, and no value is left. The first
/// byte tells where to cut; then come values, each with its length before it, up to a length of 0, and the stream.
@c(LLVMFuzzerTestOneInput)
public func fuzzMasker(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var rest = Array(UnsafeBufferPointer(start: start, count: count))[...]
    let cut = Int(rest.popFirst() ?? 0)
    var all: [UInt8] = []
    var values: [MaskedValue] = []
    while let length = rest.popFirst(), length > 0 {
        let value = rest.prefix(Int(length))
        rest = rest.dropFirst(Int(length))
        values.append(MaskedValue(name: [UInt8(truncatingIfNeeded: values.count)], range: all.count..<all.count + value.count))
        all += value
    }
    let masked = try! MaskedValues(values, in: all.span.bytes)
    let stream = Array(rest)
    let whole = output(masked, [stream], releasing: false)
    let border = cut % (stream.count + 1)
    precondition(output(masked, [Array(stream[..<border]), Array(stream[border...])], releasing: false) == whole)
    precondition(output(masked, stream.map { [$0] }, releasing: false) == whole)
    let released = output(masked, stream.map { [$0] }, releasing: true)
    for value in values where !masked.tooShort.contains(value.name) {
        let bytes = Array(all[value.range])
        // What is written in the place of others may make it again.
        if bytes.contains(UInt8(ascii: "*")) { continue }
        precondition(!contains(whole, bytes) && !contains(released, bytes))
    }
    return 0
}

private func output(_ values: MaskedValues, _ chunks: [[UInt8]], releasing: Bool) -> [UInt8] {
    var masker = try! Masker(values)
    var output: [UInt8] = []
    func add(_ bytes: RawSpan) { output += bytes.withUnsafeBytes { Array($0) } }
    for chunk in chunks {
        masker.take(chunk.span.bytes, add)
        if releasing { masker.release(add) }
    }
    masker.finish(add)
    return output
}

private func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
    text.count >= part.count && (0...text.count - part.count).contains { text[$0..<$0 + part.count].elementsEqual(part) }
}
