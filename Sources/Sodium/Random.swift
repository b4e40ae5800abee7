// SPDX-License-Identifier: MIT

internal import CSodium

/// Random bytes that are no secret: nonces, salts, identifiers. Keys come from `SecretBytes(random:)`.
package enum Random {
    /// `count` unpredictable bytes from the kernel's random source; none where `count` is negative.
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: max(count, 0))
        unsafe randombytes_buf(&bytes, bytes.count)
        return bytes
    }
}
