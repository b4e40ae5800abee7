// SPDX-License-Identifier: MIT

internal import Glibc
internal import Linux
internal import Masking

/// Why a command was not run, or what was lost of it.
package struct ChildError: Error, Equatable, Sendable {
    /// 127 where there is no such command, 126 where it can't be executed, as a shell says it; 1 for all else.
    package let exitCode: Int32
    /// Lower case, no full stop; nothing of a value.
    package let message: String
    /// The next step, if there is one.
    package let hint: String?

    init(_ message: String, exitCode: Int32 = 1, hint: String? = nil) {
        self.exitCode = exitCode
        self.message = message
        self.hint = hint
    }

    /// A command that can't be executed.
    static func execution(_ error: Errno, of name: [UInt8]) -> ChildError {
        let shown = String(decoding: name, as: UTF8.self)
        guard error == .noEntry else {
            let most = "the environment takes \(Execution.longestString) bytes for a variable, and less than 2 MiB in all"
            let hint = error.rawValue == E2BIG ? most : nil
            return ChildError("\(shown): \(error)", exitCode: 126, hint: hint)
        }
        guard name.contains(UInt8(ascii: "/")) else { return ChildError("\(shown): command not found", exitCode: 127) }
        // The kernel says the same of a script whose interpreter is not there.
        return FileDescriptor.isReachable(name)
            ? ChildError("\(shown): its interpreter is not there", exitCode: 126) : ChildError("\(shown): \(error)", exitCode: 127)
    }

    static func masking(_ error: MaskError) -> ChildError { ChildError("\(error)", hint: error.hint) }

    static func system(_ doing: String, _ error: Errno) -> ChildError { ChildError("\(doing): \(error)") }

    static func memory(_ error: Errno) -> ChildError { masking(.memory(error)) }
}
