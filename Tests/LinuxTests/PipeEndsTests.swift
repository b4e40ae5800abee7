// SPDX-License-Identifier: MIT

import Testing
import TestSupport

@testable import Linux

@Suite struct PipeEndsTests {
    @Test func `what is written is read`() throws {
        let pipe = try PipeEnds()
        try pipe.writer.writeAll(bytes("line\n"))
        #expect(try pipe.reader.awaitInput())
        let reader = pipe.intoReader()
        // The other end is closed with its owner.
        #expect(try reader.readToEnd(limit: 10) == bytes("line\n"))
        #expect(try !reader.awaitInput())
    }

    @Test func `a full one does not hold up who does not wait`() throws {
        let pipe = try PipeEnds()
        try pipe.writer.setNonBlocking(true)
        let piece = [UInt8](repeating: 0, count: 4096)
        #expect(throws: Errno.again) { for _ in 0..<1000 { try pipe.writer.writeAll(piece) } }
        try pipe.writer.setNonBlocking(false)
    }
}
