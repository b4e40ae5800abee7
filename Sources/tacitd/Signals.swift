// SPDX-License-Identifier: MIT

import CLinux
import Glibc

/// Signals come to the first thread, when it asks for them.
enum Signals {
    /// Keeps all signals from the calling thread and those that it starts, but for those that a fault raises.
    static func block() {
        var signals = sigset_t()
        unsafe sigfillset(&signals)
        for fault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS] { unsafe sigdelset(&signals, fault) }
        unsafe pthread_sigmask(SIG_SETMASK, &signals, nil)
    }

    /// Waits for SIGTERM or SIGINT. `hangUp` is called at each SIGHUP meanwhile.
    static func wait(hangUp: () -> Void) {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for expected in [SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&signals, expected) }
        while true {
            var signal: Int32 = 0
            guard unsafe sigwait(&signals, &signal) == 0 else { continue }
            guard signal == SIGHUP else { return }
            hangUp()
        }
    }

    /// As if somebody had sent SIGTERM: for a thread that finds there is nothing left to serve.
    static func requestStop() {
        kill(getpid(), SIGTERM)
    }
}
