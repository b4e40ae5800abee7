// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// A signal that has come.
package struct ArrivedSignal: Equatable, Sendable {
    /// The sender.
    package enum Origin: Equatable, Sendable {
        /// The system: for a key at the terminal, the terminal's end, a timer.
        case kernel
        /// A process, by kill(2) and its like. 0 for one that has no number here.
        case process(Int32)
    }

    /// As signal(7) numbers them.
    package let number: Int32
    /// The sender.
    package let origin: Origin
    /// The value that sigqueue(3) sent along.
    private let value: UInt64?

    fileprivate init(_ info: signalfd_siginfo) {
        number = Int32(bitPattern: info.ssi_signo)
        // SI_USER is 0 and others of processes are below, sigaction(2); SI_KERNEL and the reasons of a single signal are above.
        origin = info.ssi_code > 0 ? .kernel : .process(Int32(bitPattern: info.ssi_pid))
        value = info.ssi_code == -1 /* SI_QUEUE */ ? info.ssi_ptr : nil
    }

    /// Sends the same to a process. One that is gone, or may not be sent it, gets nothing.
    package func send(to process: Int32) {
        guard let value else { return ThisProcess.signal(process, number) }
        _ = unsafe sigqueue(process, number, sigval(sival_ptr: UnsafeMutableRawPointer(bitPattern: UInt(value))))
    }
}

/// Holds all signals that this process gets, so that they are taken one after the other. It goes on when the owner is gone: what comes
/// later then waits until the process ends.
package struct SignalQueue: ~Copyable {
    private let arrivals: FileDescriptor
    private let before: sigset_t
    private let ignoredEnds: Bool

    /// Throws what signalfd(2) does.
    package init() throws(Errno) {
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        let arrivals = try FileDescriptor(owning: retrying { unsafe tacit_signalfd(&all) }).aboveStandard()
        try arrivals.setNonBlocking(true)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        // A process that ignores SIGCHLD is told nothing of how its children end: wait(2).
        ignoredEnds = HeldSignals.isIgnored(SIGCHLD)
        if ignoredEnds { _ = signal(SIGCHLD, SIG_DFL) }
        self.before = before
        self.arrivals = arrivals
    }

    /// The signal that has come next; nil if none has.
    package borrowing func next() throws(Errno) -> ArrivedSignal? {
        var info = signalfd_siginfo()
        do {
            _ = try retrying { unsafe tacit_next_signal(arrivals.rawValue, &info) }
        } catch {
            if error == .again { return nil }
            throw error
        }
        return ArrivedSignal(info)
    }

    /// Readable when a signal has come.
    package var descriptor: Int32 { arrivals.rawValue }

    /// Stops this process by a signal of job control, with what the signal does unless a program decides otherwise. Returns when it is
    /// continued: false if it was not stopped, as the kernel has it where nobody could continue it, in an orphaned process group.
    package borrowing func stop(by number: Int32) -> Bool {
        let handler = signal(number, SIG_DFL)
        var one = sigset_t()
        unsafe sigemptyset(&one)
        unsafe sigaddset(&one, number)
        // It waits until it is let through, and is there before the next call returns: this is the only thread.
        kill(getpid(), number)
        unsafe pthread_sigmask(SIG_UNBLOCK, &one, nil)
        unsafe pthread_sigmask(SIG_BLOCK, &one, nil)
        _ = signal(number, handler)
        // The SIGCONT that continued it waits too. A stop signal discards earlier ones.
        var pending = sigset_t()
        return unsafe sigpending(&pending) == 0 && sigismember(&pending, SIGCONT) == 1
    }

    /// In a forked child: signals do what they did before there was a queue, so that a program it executes has them as this one did.
    package borrowing func undo() {
        if ignoredEnds { _ = signal(SIGCHLD, SIG_IGN) }
        var before = before
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
    }
}
