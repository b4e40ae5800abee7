import Linux
import Testing

@testable import Vault

/// How fast a user may have lines written.
@Suite struct PaceTests {
    @Test func aBurstIsFreeAndWhatGoesBeyondIsPaid() {
        let pace = Pace(rate: 10)
        for _ in 0..<50 { pace.note(1001) }
        #expect(pace.delay(of: 1001) == 0)
        for _ in 0..<20 { pace.note(1001) }
        let delay = pace.delay(of: 1001)
        #expect(delay > 0 && delay <= 2_000_000)
        // Nobody else waits.
        pace.note(1002)
        #expect(pace.delay(of: 1002) == 0)
        #expect(pace.delay(of: 1003) == 0)
    }

    @Test func aDebtIsOverInTime() throws {
        let pace = Pace(rate: 1000)
        while pace.delay(of: 1001) == 0 { pace.note(1001) }
        let deadline = Clock.monotonic() + 60_000_000
        while pace.delay(of: 1001) > 0, Clock.monotonic() < deadline { Clock.sleep(microseconds: 1000) }
        #expect(pace.delay(of: 1001) == 0)
    }

    @Test func itRemembersABoundedNumberOfUsers() {
        let pace = Pace(rate: 1_000_000)
        for uid: UInt32 in 0..<100_000 { pace.note(uid) }
        #expect(pace.count < 2048)
    }
}
