// SPDX-License-Identifier: MIT

import Linux
import Masking
import TestSupport
import Testing

@testable import Supervisor

/// A relay by itself, between two pipes.
@Suite struct RelayTests {
    private func masked() throws -> MaskedValues {
        let all = bytes(canary)
        return try unsafe MaskedValues([MaskedValue(name: bytes("V"), range: 0..<all.count)], in: all.span.bytes)
    }

    /// What comes out of chunks that are read one by one.
    private func output(_ chunks: [[UInt8]]) throws -> String {
        let there = try PipeEnds()
        let back = try PipeEnds()
        try there.reader.setNonBlocking(true)
        let relay = try Relay(from: SharedDescriptor(there.reader.duplicate()), to: Outlet(back.writer.duplicate()), try masked())
        for chunk in chunks {
            try there.writer.writeAll(chunk)
            relay.read()
        }
        relay.end()
        #expect(relay.isDone)
        #expect(relay.trouble == nil)
        let reader = back.intoReader()
        return String(decoding: try reader.readToEnd(limit: 1 << 20), as: UTF8.self)
    }

    @Test func `a value is masked, wherever it is cut`() throws {
        let text = bytes("before \(canary) between \(canary)\(canary) after")
        for first in text.indices {
            for second in stride(from: first, to: text.count, by: 7) {
                let chunks = [text[..<first], text[first..<second], text[second...]].map(Array.init)
                #expect(try output(chunks.filter { !$0.isEmpty }) == "before *** between *** after", "\(first) \(second)")
            }
        }
    }

    @Test func `what goes out does not wait for more`() throws {
        let there = try PipeEnds()
        let back = try PipeEnds()
        try back.reader.setNonBlocking(true)
        let relay = try Relay(from: SharedDescriptor(there.reader.duplicate()), to: Outlet(back.writer.duplicate()), try masked())
        try there.writer.writeAll(bytes("one\ntwo h"))
        relay.read()
        var seen = try LockedBuffer(capacity: 100)
        _ = try seen.append(readingFrom: back.reader)
        #expect(seen.count == 8)
        // Held for a moment, and not longer.
        let time = try #require(relay.releaseTime)
        relay.release(at: time - 1)
        #expect(relay.releaseTime == time)
        relay.release(at: time)
        _ = try seen.append(readingFrom: back.reader)
        #expect(seen.count == 9)
        #expect(relay.releaseTime == nil)
    }

    @Test func `all that a stopped command has shown is shown, and no more of a value than its first bytes`() throws {
        for (text, shown) in [("one^Z", 5), ("one " + canary.prefix(3), 7), ("one " + canary.prefix(4), 4)] {
            let there = try PipeEnds()
            let back = try PipeEnds()
            try back.reader.setNonBlocking(true)
            let relay = try Relay(from: SharedDescriptor(there.reader.duplicate()), to: Outlet(back.writer.duplicate()), try masked())
            try there.writer.writeAll(bytes(text))
            relay.readAll()
            var seen = try LockedBuffer(capacity: 100)
            _ = try seen.append(readingFrom: back.reader)
            #expect(seen.count == shown, "\(text)")
        }
    }

    @Test func `nothing is read while something waits to be written`() throws {
        let there = try PipeEnds()
        let back = try PipeEnds()
        try there.writer.setNonBlocking(true)
        let relay = try Relay(from: SharedDescriptor(there.reader.duplicate()), to: Outlet(back.writer.duplicate()), try masked())
        let block = [UInt8](repeating: UInt8(ascii: "x"), count: 16384)
        var reads = 0
        while relay.input != nil, reads < 100 {
            try there.writer.writeAll(block)
            relay.read()
            reads += 1
        }
        // A pipe holds 64 KiB.
        #expect(reads == 5)
        #expect(relay.output != nil)
        var room = try LockedBuffer(capacity: 1 << 20)
        _ = try room.append(readingFrom: back.reader)
        relay.write()
        #expect(relay.input != nil)
        #expect(relay.output == nil)
    }
}
