internal import CLinux
internal import Glibc

/// A copy of this process, for work in namespaces of its own. Locked buffers are empty in it: they are wiped by the fork.
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
        // WIFEXITED, WEXITSTATUS and WTERMSIG of wait(2).
        let signal = status & 0x7F
        return signal == 0 ? status >> 8 & 0xFF : 128 + signal
    }
}

/// As long as it lives, what is typed at the terminal to interrupt the program is for those that it has started, and a pipe without a
/// reader is an error and no signal.
package struct QuietSignals: ~Copyable {
    private static let numbers = [SIGINT, SIGQUIT, SIGPIPE]
    private let before: [__sighandler_t?]

    package init() {
        before = Self.numbers.map { signal($0, SIG_IGN) }
    }

    deinit {
        for (number, handler) in zip(Self.numbers, before) { _ = signal(number, handler) }
    }
}
