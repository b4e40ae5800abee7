// SPDX-License-Identifier: MIT

import FUSE
import Linux
import Testing

@testable import SecretFS

/// What `Openings` counts, without a kernel that reads anything by itself: all opens are direct.
@Suite struct OpeningsTests {
    private let openings = Openings(Session(mountpoint: "/nowhere", allowOthers: false), lingering: 0, largest: 1 << 20)
    private let number: UInt64 = 4711 << 3

    private func write(reads: Bool = false) -> Opening { openings.openForWriting(number, reads: reads) }

    @Test func `nobody sees another size where nothing is written`() {
        #expect(openings.isSettled(number))
    }

    @Test(arguments: [false, true]) func `while somebody writes sizes are not settled`(reads: Bool) {
        let (first, second) = (write(reads: reads), write(reads: !reads))
        #expect(!openings.isSettled(number))
        #expect(openings.isSettled(number + 8))
        openings.close(first)
        #expect(!openings.isSettled(number))
        openings.close(second)
        #expect(openings.isSettled(number))
    }

    @Test func `who writes asks for all, and is told of each close`() {
        let reply = write().reply(7)
        #expect(reply == OpenReply(handle: 7, directIO: true))
    }

    @Test func `pages that somebody has mapped are dropped after the last close`() {
        let (first, second) = (write(reads: true), write())
        openings.notePage(number)
        openings.close(first)
        #expect(!openings.dropDue())
        openings.close(second)
        #expect(openings.dropDue())
        #expect(!openings.dropDue())
    }

    @Test func `where nothing was mapped there is nothing to drop`() {
        let first = write()
        openings.noteChange(of: [number])
        openings.close(first)
        #expect(!openings.dropDue())
    }
}
