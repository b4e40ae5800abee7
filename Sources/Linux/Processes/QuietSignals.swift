// SPDX-License-Identifier: MIT

internal import Glibc

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
