// SPDX-License-Identifier: MIT

import Testing

@testable import SecretFS

/// For how long, and how often, opens wait for others to close a file.
@Suite struct PatienceTests {
    private let second: Int64 = 1_000_000

    @Test func `all who come while one waits wait until the same instant`() {
        var patience = Patience()
        #expect(patience.mayWait(at: 0))
        let deadlines = [0, Patience.wait - 1].map { now in patience.deadline(at: now) }
        #expect(deadlines == [Patience.wait, Patience.wait])
    }

    @Test func `after waits in vain fewer and fewer wait`() {
        var patience = Patience()
        var waits = 0
        // An hour, of opens a millisecond apart.
        for now in stride(from: 0, to: 3600 * second, by: 1000) {
            let mayWait = patience.mayWait(at: now)
            let deadline = patience.deadline(at: now)
            #expect(mayWait == (deadline != nil))
            if deadline == now + Patience.wait { waits += 1 }
        }
        // Pauses of 0.45, 0.9, 1.8 … s, and of 60 s.
        #expect(waits == 67)
    }

    @Test func `what was waited for ends the long pauses, and what nobody waited for does not`() {
        var patience = Patience()
        _ = patience.deadline(at: 0)
        let late = Patience.wait
        let wasAwaited = patience.end(at: late)
        let atOnce = patience.deadline(at: late)
        #expect(!wasAwaited && atOnce == nil)
        let later = patience.deadline(at: second)
        let isAwaited = patience.end(at: second + 10)
        #expect(later == second + Patience.wait && isAwaited)
        let tooSoon = patience.deadline(at: second + 99)
        let next = patience.deadline(at: second + 100)
        #expect(tooSoon == nil && next == second + 100 + Patience.wait)
    }

    /// As if somebody opened and closed the file so that others wait as long as can be.
    @Test(arguments: [1000, Patience.wait - 1000]) func `whatever others do, a tenth of the time is waited`(length: Int64) {
        var patience = Patience()
        var (waited, deadline, start): (Int64, Int64?, Int64) = (0, nil, 0)
        for now in stride(from: 0, to: 600 * second, by: 1000) {
            if deadline == nil {
                start = now
                deadline = patience.deadline(at: now)
            }
            guard deadline != nil, now >= start + length else { continue }
            waited += now - start
            let isAwaited = patience.end(at: now)
            deadline = nil
            #expect(isAwaited)
        }
        #expect(waited <= 60 * second + Patience.wait && waited > 50 * second)
    }
}
