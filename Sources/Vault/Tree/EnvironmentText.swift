// SPDX-License-Identifier: MIT

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

    /// Appends what `env` has for a variable: its assignment, or a comment where a shell keeps its name (`ShellNames`). Returns the length
    /// of the assignment in bytes; nil, and nothing is appended, where there is no room left.
    mutating func append(name: [UInt8], value: RawSpan) -> Int? {
        let assignment = EnvText.lineLength(name: name, value: value)
        let length = EnvText.shownLength(name: name, assignment: assignment)
        guard length <= text.count - count else { return nil }
        let start = count
        text.withMutableBytes { text in
            var rest = text._mutatingExtracting(start..<(start + length))
            _ = EnvText.writeShown(name: name, value: value, into: &rest)
        }
        count += length
        return assignment
    }

    /// The text so far.
    consuming func finished() -> SecretBytes { text.truncated(to: count) }
}
