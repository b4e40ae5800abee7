// SPDX-License-Identifier: MIT

internal import Glibc

/// The names of signals.
package enum SignalName {
    /// Of signal(7), those that a program can be told something by.
    private static let numbers: [String: Int32] = [
        "HUP": SIGHUP, "INT": SIGINT, "QUIT": SIGQUIT, "ABRT": SIGABRT, "USR1": SIGUSR1, "USR2": SIGUSR2, "PIPE": SIGPIPE, "ALRM": SIGALRM,
        "TERM": SIGTERM, "CONT": SIGCONT, "TSTP": SIGTSTP, "URG": SIGURG, "VTALRM": SIGVTALRM, "PROF": SIGPROF, "WINCH": SIGWINCH,
        "IO": SIGIO, "PWR": SIGPWR,
    ]

    /// The number of a signal by its name as kill(1) has it, with or without `SIG`, in any case, or by its number. Nil for another word,
    /// and for those that no program can handle.
    package static func number(_ word: [UInt8]) -> Int32? {
        let word = String(decoding: word, as: UTF8.self).uppercased()
        let found = Int32(word) ?? numbers[word.hasPrefix("SIG") ? String(word.dropFirst(3)) : word]
        guard let found, (1...64).contains(found), found != SIGKILL, found != SIGSTOP else { return nil }
        return found
    }
}
