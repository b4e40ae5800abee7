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
        guard text.count == Self.textLength else { return nil }
        var bits: UInt64 = 0
        for byte in text {
            guard let digit = Self.digits.firstIndex(of: byte) else { return nil }
            bits = bits << 4 | UInt64(digit)
        }
        self.bits = bits
    }

    /// The text form: 16 digits of base 16, letters lower case.
    package var bytes: [UInt8] {
        (0..<Self.textLength).reversed().map { Self.digits[Int(bits >> (4 * UInt64($0)) & 15)] }
    }

    package var description: String { String(decoding: bytes, as: UTF8.self) }

    private static let digits = Array("0123456789abcdef".utf8)
}
