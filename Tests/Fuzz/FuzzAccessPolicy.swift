// fuzz: Sources/Secrets
// SPDX-License-Identifier: MIT
// fuzz with: Bytes

/// Any bytes as a stored policy: each policy has one form only.
@c(LLVMFuzzerTestOneInput)
public func fuzzAccessPolicy(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let policy = try? AccessPolicy.parse(bytes) else { return 0 }
    precondition(policy.serialize() == bytes)
    return 0
}
