@testable import FUSE
import Foundation
import Linux
import Testing
import TestSupport

/// What was written lies nowhere in this module's memory when it has been handed over.
@Suite(.serialized) struct BufferTests {
    @Test func requestsAreWiped() throws {
        try Served.run { mount throws in
            try mount.must("head -c 300000 /dev/urandom | tr '\\0' x > f; setfattr -n user.a -v $(head -c 40 f | base64 -w 0) f")
            #expect(mount.files.requests("write").count >= 3)
            #expect(mount.files.requests("setxattr").count == 1)
            // The last request, a RELEASE, may still be served.
            try Wait.until("all is wiped", seconds: 5) { mount.session.buffersAreWiped }
        }
    }

    @Test func bufferIsWipedWhenTheRequestIsServed() throws {
        var ends: [Int32] = [-1, -1]
        let made = unsafe pipe(&ends)
        try #require(made == 0)
        let reader = FileDescriptor(owning: ends[0])
        let writer = FileDescriptor(owning: ends[1])
        let buffer = try RequestBuffer()
        var wiped = [buffer.isWiped]
        var seen: [UInt8] = []

        try writer.writeAll(Array("written".utf8))
        var received = [
            try unsafe buffer.receive(from: reader.rawValue) { bytes in
                seen = unsafe Array(bytes)
                wiped.append(buffer.isWiped)
            }
        ]
        wiped.append(buffer.isWiped)
        try writer.close()
        received.append(try unsafe buffer.receive(from: reader.rawValue) { _ in Issue.record("there is nothing to receive") })

        #expect(seen == Array("written".utf8))
        #expect(wiped == [true, false, true])
        #expect(received == [true, false])
    }

    @Test func memoryIsLockedAndLeftOutOfDumpsAndForks() throws {
        let buffer = try RequestBuffer()
        let maps = try proc("self/smaps")
        withExtendedLifetime(buffer) {}
        let flags = maps.filter { $0.hasPrefix("VmFlags:") }
        #expect(flags.contains { line in [" lo", " dd", " dc"].allSatisfy { line.contains($0) } })
    }
}
