import Testing

@testable import Linux

@Suite struct LockLimitTests {
    @Test(arguments: [
        ("CapEff:\t0000000000004000\n", true), ("CapEff:\t000001ffffffffff\n", true), ("CapEff:\t0000000000003fff\n", false),
        ("CapEff:\t0000000000008000\n", false), ("CapPrm:\t0000000000004000\nCapEff:\t0000000000000000\n", false), ("", false),
        ("CapEff:\n", false), ("CapEff:\tx\n", false),
    ])
    func aCapabilityLiftsTheLimit(status: String, lifts: Bool) {
        #expect(LockLimit.mayLockAll(Array(status.utf8)) == lifts)
    }

    @Test func thisProcessHasOneOrNone() {
        if let limit = LockLimit.bytes() { #expect(limit >= 0) }
    }
}

@Suite struct PipeTests {
    @Test func whatIsWrittenIsRead() throws {
        let pipe = try Pipe()
        try pipe.writer.writeAll(Array("line\n".utf8))
        #expect(try pipe.reader.awaitInput())
        let reader = pipe.intoReader()
        // The other end is closed with its owner.
        #expect(try reader.readToEnd(limit: 10) == Array("line\n".utf8))
        #expect(try !reader.awaitInput())
    }

    @Test func aFullOneDoesNotHoldUpWhoDoesNotWait() throws {
        let pipe = try Pipe()
        try pipe.writer.setNonBlocking(true)
        let piece = [UInt8](repeating: 0, count: 4096)
        #expect(throws: Errno.again) { for _ in 0..<1000 { try pipe.writer.writeAll(piece) } }
        try pipe.writer.setNonBlocking(false)
    }
}
