// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Wall-clock time in microseconds since the start of 1970, UTC.
package enum SystemClock {
    /// Microseconds of a clock that is never set, since an arbitrary instant.
    package static func monotonic() -> Int64 {
        var time = timespec()
        // Cannot fail: the clock is one that every kernel has.
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1_000
    }

    #if DEBUG
        /// The time that `now` and `sinceBoot` give to this thread instead, for tests that compare times. Release builds have no such
        /// thing.
        @TaskLocal package static var told: Int64?
    #endif

    /// The same in nanoseconds.
    package static func nanoseconds() -> Int64 {
        var time = timespec()
        // Cannot fail: the clock is one that every kernel has.
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Microseconds since the machine started, those asleep included: a clock that is never set, and the same for all processes.
    package static func sinceBoot() -> Int64 {
        #if DEBUG
            if let told { return told }
        #endif
        var time = timespec()
        // Cannot fail: the clock is one that every kernel has.
        _ = unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1_000
    }

    /// The id of this start of the machine, another at each (random(4)); empty where the system does not say.
    package static func bootID() -> [UInt8] {
        let text = try? FileDescriptor.open("/proc/sys/kernel/random/boot_id", .readOnly).readToEnd(limit: 64)
        return text.map { Array($0.prefix { $0 != UInt8(ascii: "\n") }) } ?? []
    }

    /// The time now.
    package static func now() -> Int64 {
        #if DEBUG
            if let told { return told }
        #endif
        var time = timespec()
        // Cannot fail: the clock is one that every kernel has.
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1_000
    }

    /// RFC 3339, UTC, with microseconds: "2026-01-02T03:04:05.678901Z".
    package static func rfc3339(_ microseconds: Int64) -> String {
        var bytes: [UInt8] = []
        appendRFC3339(microseconds, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends what `rfc3339` gives: 27 bytes. Times outside of the years 0 to 9999, which RFC 3339 can't say, are shown as
    /// the nearest that it can.
    package static func appendRFC3339(_ microseconds: Int64, to bytes: inout [UInt8]) {
        let time = min(max(microseconds, earliest), latest)
        let (day, inDay) = dividing(time, by: 86_400_000_000)
        let (year, month, dayOfMonth) = date(ofDay: day)
        append(year, digits: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(month, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(dayOfMonth, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        append(inDay / 3_600_000_000, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(inDay / 60_000_000 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(inDay / 1_000_000 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        append(inDay % 1_000_000, digits: 6, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// Waits at least that long, unless a signal comes; the daemon's threads block them.
    package static func sleep(microseconds: UInt32) {
        usleep(microseconds)
    }

    /// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z.
    static let earliest: Int64 = -62_167_219_200_000_000
    static let latest: Int64 = 253_402_300_799_999_999

    /// Year, month and day of the month in the Gregorian calendar. `day` counts from the start of 1970.
    ///
    /// Years are counted from March, so that the leap day is the last of its year; 400 of them, an era, have 146,097 days.
    private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = dividing(day + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    /// Quotient rounded down and the remainder, which is never negative.
    private static func dividing(_ number: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func append(_ number: Int64, digits: Int, to bytes: inout [UInt8]) {
        var power: Int64 = 1
        for _ in 1..<digits { power *= 10 }
        while power > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / power % 10))
            power /= 10
        }
    }
}
