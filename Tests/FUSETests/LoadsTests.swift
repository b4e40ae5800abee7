// SPDX-License-Identifier: MIT

import Glibc
import Linux
import Testing

@testable import FUSE

/// Which requests of a user the readers serve themselves.
@Suite struct LoadsTests {
    private let loads = Loads()

    /// Whether a request is served where no other reader waits.
    private func serves(_ uid: UInt32, spare: Int = 0, _ body: () -> Void = {}) -> Bool {
        loads.serve(uid: uid, spare: spare, share: 2, holdsLock: false, body)
    }

    @Test(arguments: ["waits", "computes"])
    func `who holds readers up again and again waits for their turn, and nobody else`(way: String) {
        let hold = {
            let end = SystemClock.nanoseconds() + 30_000_000
            if way == "waits" { usleep(30_000) }
            while SystemClock.nanoseconds() < end {}
        }
        // The first time it is not known yet what they wait for.
        for _ in 0..<2 { #expect(serves(1001, hold)) }
        #expect(!serves(1001))
        #expect(serves(1002))
        // Where another reader waits for the others' requests, one at a time is served all the same.
        var others: [Bool] = []
        #expect(serves(1001, spare: 1) { others = [serves(1001, spare: 1)] })
        #expect(others == [false])
    }

    @Test func `a user has their share of readers, whether or not others wait`() {
        var others: [Bool] = []
        let both = serves(1001) {
            others = [serves(1001) { others = [serves(1001), serves(1001, spare: 1), serves(1002)] }] + others
        }
        #expect(both && others == [true, false, false, true])
        #expect(serves(1001))
    }
}
