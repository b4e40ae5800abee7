// SPDX-License-Identifier: MIT

import Testing

@testable import Vault

/// How fast a user may have lines written.
@Suite struct PaceTests {
    /// Microseconds.
    private let time = Box<Int64>(1_000_000)

    private func pace(rate: Int) -> Pace {
        let time = time
        return Pace(rate: rate) { time.value }
    }

    private func note(_ count: Int, of uid: UInt32, _ pace: Pace) { for _ in 0..<count { pace.note(uid) } }

    @Test func `a burst is free and what goes beyond is paid`() {
        let pace = pace(rate: 10)
        note(50, of: 1001, pace)
        #expect(pace.delay(of: 1001) == 0)
        note(20, of: 1001, pace)
        #expect(pace.delay(of: 1001) == 2_000_000)
        // Nobody else waits, whatever their number.
        pace.note(1002)
        for uid: UInt32 in [0, 1002, 1003, 1001 + 4096, 1001 + 8192] { #expect(pace.delay(of: uid) == 0) }
        #expect(pace.delay(of: 1001) == 2_000_000)
    }

    @Test func `a debt is over in time`() {
        let pace = pace(rate: 10)
        note(60, of: 1001, pace)
        note(70, of: 1001 + 4096, pace)
        time.change { $0 += 999_999 }
        #expect(pace.delay(of: 1001) == 1)
        time.change { $0 += 1 }
        #expect(pace.delay(of: 1001) == 0)
        #expect(pace.delay(of: 1001 + 4096) == 1_000_000)
        time.change { $0 += 6_000_000 }
        for uid: UInt32 in [1001, 1001 + 4096] {
            #expect(pace.delay(of: uid) == 0)
            note(50, of: uid, pace)
            #expect(pace.delay(of: uid) == 0)
            pace.note(uid)
            #expect(pace.delay(of: uid) == 100_000)
        }
    }

    @Test func `it remembers a bounded number of users`() {
        let pace = pace(rate: 1_000_000)
        for uid: UInt32 in 0..<100_000 {
            pace.note(uid)
            time.change { $0 += 1 }
        }
        #expect(pace.count < 2048)
    }
}
