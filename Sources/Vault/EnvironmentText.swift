internal import Secrets
internal import Sodium

/// The text of an `env`, put together line by line in locked memory of just its size.
struct EnvironmentText: ~Copyable {
    private var text: SecretBytes
    private var count = 0

    /// - Parameter length: of all lines that will be appended, in bytes.
    /// - Throws: `storage` if so much memory can't be locked.
    init(length: Int) throws(VaultError) {
        text = try sodium { () throws(SodiumError) in try SecretBytes(count: max(length, 0)) }
    }

    /// Appends a variable's line. Returns its length in bytes; nil, and nothing is appended, where there is no room left.
    mutating func append(name: [UInt8], value: RawSpan) -> Int? {
        let length = EnvText.lineLength(name: name, value: value)
        guard length <= text.count - count else { return nil }
        let start = count
        text.withMutableBytes { text in
            var rest = text._mutatingExtracting(start..<(start + length))
            _ = EnvText.writeLine(name: name, value: value, into: &rest)
        }
        count += length
        return length
    }

    /// What was appended.
    consuming func finished() -> SecretBytes { text.truncated(to: count) }
}
