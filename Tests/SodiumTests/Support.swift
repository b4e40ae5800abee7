// SPDX-License-Identifier: MIT

import Foundation
import Testing

@testable import Sodium

/// Bytes written as hexadecimal digits; spaces and line breaks between them are free.
func hex(_ text: String) throws -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }
    try #require(digits.count.isMultiple(of: 2))
    return try stride(from: 0, to: digits.count, by: 2).map { offset in
        let start = digits.index(digits.startIndex, offsetBy: offset)
        return try #require(UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16))
    }
}

/// Test data, which is no secret, as secret bytes.
func secret(_ bytes: [UInt8]) throws -> SecretBytes {
    try Sodium.start()
    return try SecretBytes(copying: unsafe bytes.span.bytes)
}

func secret(_ text: String) throws -> SecretBytes {
    try secret(Array(text.utf8))
}

/// The bytes of test data.
func plain(_ secret: borrowing SecretBytes) -> [UInt8] {
    secret.withBytes { bytes in unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) } }
}

/// What `body` throws.
func failure(_ body: () throws -> Void) -> SodiumError? {
    do { try body() } catch { return error as? SodiumError }
    return nil
}

/// `bytes` with one bit the other way, for each of its bits.
func bitFlips(of bytes: [UInt8]) -> [[UInt8]] {
    (0..<bytes.count * 8).map { bit in
        var flipped = bytes
        flipped[bit / 8] ^= 1 << (bit % 8)
        return flipped
    }
}
