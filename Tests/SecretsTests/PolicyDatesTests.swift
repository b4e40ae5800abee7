// SPDX-License-Identifier: MIT

import Secrets
import Testing

@Suite struct PolicyDatesTests {
    @Test(
        arguments: [
            ("never", .never), ("1970-01-01", .at(0)), ("2027-01-31", .at(1_801_353_600)), ("2027-01-31T18:00:00Z", .at(1_801_418_400)),
            ("2027-01-31T18:00:00.999Z", .at(1_801_418_400)), ("9999-12-31T23:59:59Z", .at(Expiry.latest)), ("1969-12-31", nil),
            ("Never", nil), ("", nil), ("90d", nil),
        ] as [(String, Expiry?)])
    func `a date is read`(text: String, expiry: Expiry?) {
        #expect(Expiry(text.utf8) == expiry)
        if let expiry { #expect(Expiry(expiry.text.utf8) == expiry) }
    }

    @Test(
        arguments: [
            ("never", .never), ("1s", .every(1)), ("90m", .every(5_400)), ("36h", .every(129_600)), ("90d", .every(7_776_000)),
            ("36500d", .every(Rotation.longest)), ("36501d", nil), ("9999999999s", nil), ("99999999999s", nil), ("0d", nil), ("d", nil),
            ("", nil),
            ("-1d", nil), ("1 d", nil), ("1w", nil), ("1.5d", nil),
        ] as [(String, Rotation?)])
    func `a period is read`(text: String, rotation: Rotation?) {
        #expect(Rotation(text.utf8) == rotation)
        if let rotation { #expect(Rotation(rotation.text.utf8) == rotation) }
    }

    @Test func `a period is written in its largest unit`() {
        expect([86_400, 90_000, 7_200, 60, 61].map { Rotation.every($0).text }, ["1d", "25h", "2h", "1m", "61s"])
    }

    private func expect(_ found: [String], _ wanted: [String]) { #expect(found == wanted) }

    @Test func `only a time that has come expires, and only deny refuses`() {
        let dates = PolicyDates(expiry: .at(10), onExpire: .warn)
        #expect(!dates.hasExpired(at: 9) && dates.hasExpired(at: 10) && dates.deadline == nil)
        #expect(PolicyDates(expiry: .at(10), onExpire: .deny).deadline == 10)
        #expect(PolicyDates(onExpire: .deny).deadline == nil && !PolicyDates.none.hasExpired(at: .max))
    }

    @Test func `dates that can not be stored are refused`() {
        for dates in [
            PolicyDates(expiry: .at(-1)), PolicyDates(expiry: .at(Expiry.latest + 1)), PolicyDates(rotation: .every(0)),
            PolicyDates(rotation: .every(Rotation.longest + 1)),
        ] {
            #expect(throws: AccessPolicyError.dates) { try AccessPolicy(projects: .all, debug: true, attach: true, dates: dates) }
        }
    }
}
