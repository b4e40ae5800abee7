// SPDX-License-Identifier: MIT

import Bytes
import Foundation
import Linux
import Testing

/// Times as RFC 3339 writes them.
@Suite struct ClockTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (1_767_323_045_678_901, "2026-01-02T03:04:05.678901Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (4_107_542_399_999_999, "2100-02-28T23:59:59.999999Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
            (RFC3339.earliest, "0000-01-01T00:00:00.000000Z"),
            (RFC3339.latest, "9999-12-31T23:59:59.999999Z"),
            (Int64.min, "0000-01-01T00:00:00.000000Z"),
            (Int64.max, "9999-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)])
    func `a time is written in UTC with microseconds`(time: Int64, text: String) {
        #expect(SystemClock.rfc3339(time) == text)
    }

    @Test func `every day is the one after the day before`() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        for day in stride(from: -100_000 as Int64, through: 200_000, by: 13) {
            let parts = calendar.dateComponents([.year, .month, .day], from: Date(timeIntervalSince1970: Double(day) * 86_400))
            // Foundation changes to the Julian calendar in 1582, which is before all of these.
            let date = String(format: "%04d-%02d-%02dT00:00:00.000000Z", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0)
            #expect(SystemClock.rfc3339(day * 86_400_000_000) == date)
            #expect(RFC3339.microseconds(date.utf8) == day * 86_400_000_000)
            #expect(RFC3339.microseconds(date.utf8.prefix(10)) == day * 86_400_000_000)
        }
    }

    @Test(
        arguments: [
            ("2026-01-02", 1_767_312_000_000_000), ("2026-01-02T03:04:05Z", 1_767_323_045_000_000),
            ("2026-01-02T03:04:05.6Z", 1_767_323_045_600_000), ("2026-01-02T03:04:05.6789012345Z", 1_767_323_045_678_901),
            ("0000-01-01", RFC3339.earliest), ("9999-12-31T23:59:59.999999Z", RFC3339.latest),
        ] as [(String, Int64)])
    func `a time is read with or without a part of a second, and a date is its start`(text: String, time: Int64) {
        #expect(RFC3339.microseconds(text.utf8) == time)
    }

    @Test(arguments: [
        "", "2026", "2026-1-2", "2026-02-29", "2026-04-31", "2026-00-01", "2026-13-01", "2026-01-00", "2026-01-32", "2026-01-02T",
        "2026-01-02Z",
        "2026-01-02T03:04Z", "2026-01-02T03:04:05", "2026-01-02T24:00:00Z", "2026-01-02T03:60:00Z", "2026-01-02T03:04:60Z",
        "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05.xZ", "2026-01-02T03:04:05+01:00", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05Z ",
        "+026-01-02",
    ])
    func `all else is no time`(text: String) {
        #expect(RFC3339.microseconds(text.utf8) == nil)
    }

    @Test func `now is between before and after`() {
        let before = Date().timeIntervalSince1970
        let now = Double(SystemClock.now()) / 1e6
        #expect(abs(now - before) < 5)
    }
}
