// SPDX-License-Identifier: MIT

import Bytes
import Linux

/// How long ago something was, as lists show it: `5d`, `3h`.
enum Age {
    /// In the largest unit of which there is at least one: seconds, minutes, hours, days, years of 365 days. A time that is no RFC
    /// 3339 is shown as `?`, one in the future as now.
    static func text(since time: String, now: Int64 = SystemClock.now()) -> String {
        guard let then = microseconds(time) else { return "?" }
        return text(seconds: max(0, now - then) / 1_000_000)
    }

    /// How long until then, likewise.
    static func text(until time: String, now: Int64 = SystemClock.now()) -> String {
        guard let then = microseconds(time) else { return "?" }
        return text(seconds: max(0, then - now) / 1_000_000)
    }

    private static func text(seconds: Int64) -> String {
        let units: [(length: Int64, letter: String)] = [(31_536_000, "y"), (86_400, "d"), (3_600, "h"), (60, "m")]
        let unit = units.first { seconds >= $0.length } ?? (1, "s")
        return "\(seconds / unit.length)\(unit.letter)"
    }

    /// Microseconds since the start of 1970 of a time as the daemon writes it; nil for any other text.
    static func microseconds(_ time: String) -> Int64? { RFC3339.microseconds(time.utf8) }
}
