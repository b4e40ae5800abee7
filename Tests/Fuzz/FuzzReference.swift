// fuzz: Sources/Secrets
// SPDX-License-Identifier: MIT
// fuzz with: Bytes

/// Any bytes as a reference, and as names: what is taken keeps its meaning when it is written and read again.
@c(LLVMFuzzerTestOneInput)
public func fuzzReference(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    do {
        let reference = try Reference.parse(bytes)
        precondition(reference.components.allSatisfy { (try? Name.check($0, as: .fileComponent)) != nil })
        let written = Array("secret:".utf8) + reference.bytes
        precondition(written.count > Reference.maximumLength || (try? Reference.parse(written)) == reference)
        precondition(!reference.description.isEmpty)
    } catch {
        precondition(error.offset <= max(count, Reference.maximumLength))
    }
    for rule in NameRule.allCases {
        let isRight = (try? Name.check(bytes, as: rule)) != nil
        precondition(!isRight || count <= Name.maximumLength && !bytes.contains(0) && !bytes.contains(UInt8(ascii: "/")))
        if rule == .target { precondition(!isRight || splitTarget(bytes) != nil) }
    }
    _ = try? Rights.parse(String(decoding: bytes, as: UTF8.self))
    return 0
}
