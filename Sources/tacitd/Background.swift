// SPDX-License-Identifier: MIT

import CLinux
import Glibc
import Linux

/// The listener that is told when the mount answers: the process that was started on the terminal, or systemd.
enum ReadyListener {
    case systemd
    /// The end of a pipe on which the other process waits.
    case parent(Int32)

    /// Tells it. In the background this is also where the daemon leaves the terminal, with all of its streams.
    func announce() throws(StartError) {
        switch self {
        case .systemd:
            notifySystemd("READY=1")
        case .parent(let pipe):
            try Background.leaveTerminal()
            let pipe = FileDescriptor(owning: pipe)
            try? pipe.writeAll([1])
        }
    }

    func announceStopping() {
        if case .systemd = self { notifySystemd("STOPPING=1") }
    }
}

/// The way off the terminal: a child goes on, and the parent's exit status says whether the mount answers.
enum Background {
    /// Comes back in the child only. Called while the process has one thread: a child has no other. Errors before the daemon
    /// is ready are the child's to report, on the terminal that it still has.
    static func enter() throws(StartError) -> ReadyListener {
        var ends: [Int32] = [-1, -1]
        guard unsafe tacit_pipe(&ends) == 0 else { throw StartError("can't make a pipe: \(Errno.current)") }
        let reading = FileDescriptor(owning: ends[0])
        let writing = FileDescriptor(owning: ends[1])
        let child = tacit_fork()
        guard child >= 0 else { throw StartError("can't go to the background: \(Errno.current)") }
        if child == 0 { return .parent(writing.release()) }
        try? writing.close()
        let isReady = (try? reading.readToEnd(limit: 1)) ?? [] == [1]
        exit(isReady ? 0 : status(of: child))
    }

    /// A session of its own, the root as working folder, and null streams.
    static func leaveTerminal() throws(StartError) {
        guard setsid() >= 0, unsafe chdir("/") == 0 else { throw StartError("can't leave the terminal: \(Errno.current)") }
        do {
            let null = try FileDescriptor.open("/dev/null", .readWrite)
            for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
                guard dup2(null.rawValue, stream) >= 0 else { throw Errno.current }
            }
        } catch {
            throw StartError("can't leave the terminal: \(error)")
        }
    }

    /// How a child that is not ready has ended.
    private static func status(of child: pid_t) -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0 {
            guard Errno.current == .interrupted else { return Tacitd.ExitCode.failed.rawValue }
        }
        // WIFEXITED and WEXITSTATUS of wait(2).
        let exited = status & 0x7F == 0
        return exited ? status >> 8 & 0xFF : Tacitd.ExitCode.failed.rawValue
    }
}
