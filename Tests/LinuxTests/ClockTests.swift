// SPDX-License-Identifier: MIT

import Foundation
import Testing

@testable import Linux

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
            (SystemClock.earliest, "0000-01-01T00:00:00.000000Z"),
            (SystemClock.latest, "9999-12-31T23:59:59.999999Z"),
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
        }
    }

    @Test func `now is between before and after`() {
        let before = Date().timeIntervalSince1970
        let now = Double(SystemClock.now()) / 1e6
        #expect(abs(now - before) < 5)
    }
}
