import Foundation
import Testing

@testable import Linux

@Suite struct ClockTests {
    @Test func writesRFC3339() {
        for (time, text) in [
            (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (4_107_542_399_999_999, "2100-02-28T23:59:59.999999Z"), (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
            (.min, "0000-01-01T00:00:00.000000Z"), (.max, "9999-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)] {
            #expect(Clock.rfc3339(time) == text)
        }
    }

    /// Foundation has a calendar of its own.
    @Test func agreesWithFoundation() throws {
        let formatter = ISO8601DateFormatter()
        for day in stride(from: -25_000, to: 200_000, by: 37) {
            let seconds = Int64(day) * 86_400 + 45_296
            let text = formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
            #expect(Clock.rfc3339(seconds * 1_000_000) == text.dropLast() + ".000000Z")
        }
        let now = Clock.now()
        #expect(abs(now / 1_000_000 - Int64(Date().timeIntervalSince1970)) <= 2)
    }
}
