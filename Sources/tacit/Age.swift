// SPDX-License-Identifier: MIT

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

    /// Microseconds since the start of 1970 of a time as the daemon writes it, `2026-01-02T03:04:05.678901Z`; nil for any other
    /// text.
    static func microseconds(_ time: String) -> Int64? {
        let bytes = Array(time.utf8)
        let form = Array("0000-00-00T00:00:00.000000Z".utf8)
        let zero = UInt8(ascii: "0")
        guard bytes.count == form.count,
            zip(bytes, form).allSatisfy({ $1 == zero ? (zero...UInt8(ascii: "9")).contains($0) : $0 == $1 })
        else { return nil }
        func number(_ range: Range<Int>) -> Int64 { bytes[range].reduce(0) { $0 * 10 + Int64($1 - zero) } }
        guard (1...12).contains(number(5..<7)) else { return nil }
        let seconds = number(11..<13) * 3_600 + number(14..<16) * 60 + number(17..<19)
        return (day(number(0..<4), number(5..<7), number(8..<10)) * 86_400 + seconds) * 1_000_000 + number(20..<26)
    }

    /// The days from the start of 1970 to a date of the Gregorian calendar. Years are counted from March, so that the leap day is
    /// the last of its year.
    private static func day(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let years = (month > 2 ? year : year - 1) + 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        // 146,097 days are 400 years; 719,468 are those from March of the year 0 to 1970.
        return years * 365 + years / 4 - years / 100 + years / 400 + dayOfYear - 719_468 - 146_097
    }
}
