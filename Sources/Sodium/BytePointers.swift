// SPDX-License-Identifier: MIT

/// Spans and secret bytes as the `unsigned char *` that libsodium takes. Internal: no pointer leaves the module.
extension RawSpan {
    /// Lends a pointer to the bytes, never null, also where there are none.
    @unsafe
    func withPointer<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafePointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe withUnsafeBytes { buffer throws(Failure) in
            guard let start = buffer.baseAddress else {
                return try unsafe withUnsafePointer(to: 0 as UInt8, body)
            }
            return try unsafe body(start.assumingMemoryBound(to: UInt8.self))
        }
    }
}

extension SecretBytes {
    /// The bytes for C to read or fill while `self` is alive. `sodium_malloc` memory has no other typed access.
    @unsafe
    var pointer: UnsafeMutablePointer<UInt8> {
        unsafe start.assumingMemoryBound(to: UInt8.self)
    }
}
