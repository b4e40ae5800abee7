// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// As long as it lives, the signals that ask the program to end wait, and can be seen to have come; when it goes, they do what they do.
/// For a state of the terminal that must not outlive the program. Signals that are ignored stay so.
struct HeldSignals: ~Copyable {
    private static let numbers = [SIGHUP, SIGINT, SIGQUIT, SIGTERM]
    private var before = sigset_t()
    private let arrivals: FileDescriptor

    /// Throws what signalfd(2) does.
    init() throws(Errno) {
        var held = sigset_t()
        unsafe sigemptyset(&held)
        for number in Self.numbers where !Self.isIgnored(number) { unsafe sigaddset(&held, number) }
        unsafe pthread_sigmask(SIG_BLOCK, &held, &before)
        do {
            arrivals = FileDescriptor(owning: try retrying { unsafe tacit_signalfd(&held) })
        } catch {
            unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
            throw error
        }
    }

    deinit {
        var before = before
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
    }

    /// Waits until there is something to read in `file`; false if a signal came, which it leaves pending.
    borrowing func wait(for file: borrowing FileDescriptor) throws(Errno) -> Bool {
        var polled = [file.rawValue, arrivals.rawValue].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        _ = try retrying { unsafe poll(&polled, 2, -1) }
        return polled[1].revents == 0
    }

    /// Whether this process ignores a signal.
    static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        // SIG_IGN is 1, which is no function's address: it can be told from others as a number only.
        return unsafe sigaction(number, nil, &action) == 0
            && unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
