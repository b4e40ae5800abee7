// fuzz: Sources/Vault/Audit/AuditLine.swift
// SPDX-License-Identifier: MIT
// fuzz with: Bytes

/// Any bytes as a line of the audit log: what is taken apart can be put together again.
@c(LLVMFuzzerTestOneInput)
public func fuzzAuditLine(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = Array(UnsafeBufferPointer(start: start, count: count))
    for line in [text, Array(text.dropLast())] + text.split(separator: 0x0a).map(Array.init) {
        guard let (bodyLength, chain) = AuditLine.parse(line.span.bytes) else { continue }
        precondition(bodyLength > 0 && bodyLength < line.count && chain.count == 32)
        var again = Array(line[..<bodyLength])
        AuditLine.appendChain(chain, to: &again)
        precondition(again.dropLast().count == line.count)
        // Digits of either case are taken; small ones are written.
        precondition(AuditLine.parse(Array(again.dropLast()).span.bytes).map { $0.chain } == chain)
        precondition(again[..<bodyLength] == line[..<bodyLength])
    }
    return 0
}
