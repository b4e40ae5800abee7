// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Hardening of a process that is to hold secrets, before it has threads or secrets.
package enum Hardening {
    /// Why the process must not go on; names the limit to raise.
    package struct Refused: Error, CustomStringConvertible {
        package let description: String
    }

    /// How much memory is tried to be locked, in bytes: the least that a daemon needs at work.
    private static let trial = 4 << 20

    /// Makes the process undumpable (`PR_SET_DUMPABLE`, prctl(2): no core, no ptrace(2) by its own uid), sets the core limit to 0, sees
    /// that Swift prints no registers when it crashes, and that memory can be locked.
    ///
    /// The backtracer reads its settings before `main`, so a process that it has taken the signals of starts itself again.
    package static func apply() throws(Refused) {
        try forbidDumps()
        try checkLocking()
    }

    /// The same but for the memory that a daemon needs: for a program that has one key in its hands for a moment.
    package static func forbidDumps() throws(Refused) {
        try disableBacktraces()
        guard tacit_set_dumpable(0) == 0 else { throw Refused(description: "can't forbid core dumps: \(Errno.current)") }
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0 else {
            throw Refused(description: "can't set the limit of core dumps: \(Errno.current)")
        }
    }

    /// The variable that has, after the program has started itself again, what SWIFT_BACKTRACE was before; empty if there was none. For
    /// those who hand their environment on as it was.
    package static let formerBacktraces = "TACIT_SWIFT_BACKTRACE"

    private static func disableBacktraces() throws(Refused) {
        let setting = "enable=no"
        let current = unsafe getenv("SWIFT_BACKTRACE").map { unsafe String(cString: $0) }
        guard current != setting, catchesCrashes else { return }
        unsafe setenv(formerBacktraces, current ?? "", 1)
        unsafe setenv("SWIFT_BACKTRACE", setting, 1)
        // By its own name, which `ps` and the audit log of others show. It returns only if it failed.
        if let path = ThisProcess.executable { ArgumentVector.executeAgain(path) }
        throw Refused(description: "can't start again without backtraces: \(Errno.current)")
    }

    /// Whether something here handles a signal that the backtracer acts on. It takes them before `main`, or none where it is off or its
    /// program is missing.
    private static var catchesCrashes: Bool {
        [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP].contains { tacit_has_handler($0) != 0 }
    }

    private static func checkLocking() throws(Refused) {
        let memory = unsafe mmap(nil, trial, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { throw Refused(description: "out of memory") }
        defer { unsafe munmap(memory, trial) }
        guard unsafe mlock(memory, trial) == 0 else {
            throw Refused(
                description: "can't lock \(trial >> 20) MiB of memory: raise RLIMIT_MEMLOCK (ulimit -l, or LimitMEMLOCK= in the unit)")
        }
    }
}
