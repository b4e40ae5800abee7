// SPDX-License-Identifier: MIT

import Testing
import TestSupport

@testable import Linux

@Suite struct LockLimitTests {
    @Test(arguments: [
        ("CapEff:\t0000000000004000\n", true), ("CapEff:\t000001ffffffffff\n", true), ("CapEff:\t0000000000003fff\n", false),
        ("CapEff:\t0000000000008000\n", false), ("CapPrm:\t0000000000004000\nCapEff:\t0000000000000000\n", false), ("", false),
        ("CapEff:\n", false), ("CapEff:\tx\n", false),
    ])
    func `a capability lifts the limit`(status: String, lifts: Bool) {
        #expect(LockLimit.mayLockAll(bytes(status)) == lifts)
    }

    /// A child has the limit and the capabilities of this process: a shell says the one in KiB, and setpriv(1) names the others.
    @Test func `this process has what its children have`() throws {
        let capabilities = try Command("setpriv", "--dump", "--dump").run().orThrow().lines.first {
            $0.hasPrefix("Effective capabilities:")
        }
        let limit = try Command("sh", "-c", "ulimit -l").run().orThrow().text
        let isLifted = limit == "unlimited" || capabilities?.contains("ipc_lock") == true
        #expect(try LockLimit.bytes() == (isLifted ? nil : #require(Int(limit)) * 1024))
    }
}
