// SPDX-License-Identifier: MIT

import Glibc
import Linux

/// How far something is, on standard error, once it takes more than a second: on a terminal one line that changes, else a line every
/// ten seconds.
struct ProgressLine {
    private let what: String
    private let start = SystemClock.now()
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var shown: Int64 = 0
    private var hasLine = false

    /// Of things called `what`, in the plural.
    init(of what: String) {
        self.what = what
    }

    mutating func show(_ done: Int, of total: Int) {
        let now = SystemClock.now()
        let interval: Int64 = isTerminal ? 100_000 : 10_000_000
        guard now - start > 1_000_000, now - shown > interval || now < shown else { return }
        shown = now
        let line = "\(done) of \(total) \(what)"
        guard isTerminal else { return complain(line) }
        // Back to the start of the line, and clear it.
        write("\r\u{1B}[K\(line)")
        hasLine = true
    }

    /// Takes the line away.
    mutating func end() {
        if hasLine { write("\r\u{1B}[K") }
        hasLine = false
    }

    private func write(_ string: String) {
        let bytes = Array(string.utf8)
        _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
