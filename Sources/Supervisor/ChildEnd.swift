// SPDX-License-Identifier: MIT

internal import Glibc
internal import Linux

/// How a command has ended.
package enum ChildEnd: Equatable, Sendable {
    /// With this exit status.
    case exited(Int32)
    /// By this signal.
    case signaled(Int32)

    /// Ends this process the same way: with the exit status, or by the signal, without a core dump; with 128 and the signal's number
    /// if that doesn't end it.
    package func finish() -> Never {
        switch self {
        case .exited(let status): exit(status)
        case .signaled(let number):
            ThisProcess.end(by: number)
            exit(128 + number)
        }
    }
}
