// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// A copy of this process (fork(2)). Locked buffers are empty in it: they are wiped by the fork.
package struct ForkedChild: ~Copyable {
    /// Its number.
    package let id: Int32

    /// Runs `body` in a child, which ends with the status that it returns. Only for a process that has no threads.
    package init(_ body: () -> Int32) throws(Errno) {
        id = try retrying { tacit_fork() }
        if id == 0 { _exit(body()) }
    }

    /// Waits for its end, and returns its status as a shell does.
    package consuming func wait() throws(Errno) -> Int32 {
        try Self.status(of: id)
    }

    static func status(of child: pid_t) throws(Errno) -> Int32 {
        var status: Int32 = 0
        _ = try retrying { unsafe waitpid(child, &status, 0) }
        return switch WaitStatus(rawValue: status).change {
        case .exited(let status): status
        // Of one that is stopped or goes on nothing is said without WUNTRACED and WCONTINUED.
        case .signaled(let number), .stopped(let number): 128 + number
        case .continued: 128 + SIGCONT
        }
    }
}
