// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// The status of a child from wait(2).
package struct WaitStatus: Equatable, Sendable {
    /// The number that the system has for it.
    package let rawValue: Int32

    /// The change of the child that it reports.
    package enum Change: Equatable, Sendable {
        /// It has ended with this exit status.
        case exited(Int32)
        /// It was ended by this signal.
        case signaled(Int32)
        /// It was stopped by this signal.
        case stopped(Int32)
        /// It goes on after it was stopped.
        case continued
    }

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// By the macros of wait(2).
    package var change: Change {
        if rawValue == 0xFFFF { return .continued }
        let low = rawValue & 0x7F
        return switch low {
        case 0: .exited(rawValue >> 8 & 0xFF)
        case 0x7F: .stopped(rawValue >> 8 & 0xFF)
        default: .signaled(low)
        }
    }

    /// Of any child, and what has changed; nil if nothing has. One that has ended is gone with that, and its number free.
    package static func next() -> (child: Int32, status: WaitStatus)? {
        var status: Int32 = 0
        // ECHILD: there are no children.
        guard let child = try? retrying({ unsafe waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED) }), child > 0 else { return nil }
        return (child, WaitStatus(rawValue: status))
    }
}
