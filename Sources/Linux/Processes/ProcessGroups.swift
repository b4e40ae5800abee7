// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Signals for processes and their groups.
extension ThisProcess {
    /// kill(2). A process that is gone, or may not be sent it, gets nothing.
    package static func signal(_ process: Int32, _ number: Int32) {
        kill(process, number)
    }

    /// The same for all of a process group.
    package static func signal(group: Int32, _ number: Int32) {
        killpg(group, number)
    }

    /// The process group of this process.
    package static var group: Int32 { getpgrp() }

    /// The process group of another; nil if that is gone.
    package static func group(of process: Int32) -> Int32? {
        let group = getpgid(process)
        return group < 0 ? nil : group
    }

    /// Begins a process group.
    package static func leadGroup() throws(Errno) {
        _ = try retrying { setpgid(0, 0) }
    }

    /// Whether this process is the first of its process group, as those are that an interactive shell starts.
    package static var leadsGroup: Bool { getpgrp() == getpid() }

    /// Whether this process is the first of its session.
    package static var leadsSession: Bool { getsid(0) == getpid() }

    /// Whether a process descends from another, as far as can be told now.
    package static func descends(_ process: Int32, from ancestor: Int32) -> Bool {
        var process = process
        for _ in 0..<Ancestors.longest {
            guard process > 1, let status = try? ThreadStatus.read(of: process) else { return false }
            process = Int32(bitPattern: status.ppid)
            if process == ancestor { return true }
        }
        return false
    }

    /// Ends this process by a signal, with what the signal does unless a program decides otherwise, and without a core dump. Returns if
    /// the signal does not end processes.
    package static func end(by number: Int32) {
        _ = tacit_set_dumpable(0)
        _ = Glibc.signal(number, SIG_DFL)
        var one = sigset_t()
        unsafe sigemptyset(&one)
        unsafe sigaddset(&one, number)
        kill(getpid(), number)
        unsafe pthread_sigmask(SIG_UNBLOCK, &one, nil)
    }
}
