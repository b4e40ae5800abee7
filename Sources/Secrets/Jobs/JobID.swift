// SPDX-License-Identifier: MIT

internal import Bytes

/// The identity of a job. It stands in paths (`.jobs/<id>`) and in the audit log, and is no secret: knowing it opens nothing.
package struct JobID: Hashable, Sendable, CustomStringConvertible {
    /// The length of the text form in bytes. Every id has it.
    package static let textLength = 16

    /// As many bits as two jobs won't share by chance; who draws them makes sure that no running job has them.
    private let bits: UInt64

    /// An id of random bits.
    package init(random bits: UInt64) { self.bits = bits }

    /// Reads the text form; nil for anything else. Takes only what `bytes` gives, so that a job has one path.
    package init?(_ text: [UInt8]) {
        guard text.count == Self.textLength, let bytes = Hex.bytes(text, .small) else { return nil }
        bits = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The text form: 16 digits of base 16, letters lower case.
    package var bytes: [UInt8] {
        (0..<Self.textLength).reversed().map { Hex.digit(UInt8(truncatingIfNeeded: bits >> (4 * UInt64($0)))) }
    }

    package var description: String { String(decoding: bytes, as: UTF8.self) }
}
