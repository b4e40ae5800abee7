// SPDX-License-Identifier: MIT

package import Linux

/// Why values can't be masked. Holds nothing of them.
package enum MaskError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The search for so many values would take so much memory, in bytes.
    case tooLarge(Int)
    /// No memory can be locked.
    case memory(Errno)

    package var description: String {
        switch self {
        case .tooLarge(let needed):
            "masking these values takes \(needed >> 20) MiB of locked memory, and at most \(MaskedValues.mostMemory >> 20) MiB are used"
        case .memory(let error): "can't lock memory: \(error)"
        }
    }

    /// The next step.
    package var hint: String {
        switch self {
        case .tooLarge: "use a job of fewer secrets (run -s), or leave its output as it is (--no-mask)"
        case .memory:
            "raise RLIMIT_MEMLOCK (ulimit -l), use a job of fewer secrets (run -s), or leave its output as it is (--no-mask)"
        }
    }
}
