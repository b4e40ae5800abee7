// SPDX-License-Identifier: MIT

import Testing

@testable import Vault

@Suite struct JobNameRoomTests {
    @Test func `a few of each job are named`() {
        var room = JobNameRoom(most: 2, bytes: 1000, hasFiles: false)
        for _ in 0..<3 { #expect(room.names(of: [1, 2, 3], \.utf8.count) { "\($0)" } == ["1", "2"]) }
        // What has no name takes no place.
        #expect(room.names(of: [1, 2, 3], \.utf8.count) { $0 == 1 ? nil : "\($0)" } == ["2", "3"])
    }

    @Test func `all jobs share the bytes`() {
        var room = JobNameRoom(most: .max, bytes: 10, hasFiles: true)
        #expect(room.names(of: ["abcd", "efgh"], \.utf8.count) { $0 } == ["abcd", "efgh"])
        #expect(room.names(of: ["ij"], \.utf8.count) { $0 } == [])
        #expect(room.names(of: ["k"], \.utf8.count) { $0 } == [])
        var whole = JobNameRoom.whole
        for _ in 0..<3 { #expect(whole.names(of: 0..<1000, \.utf8.count) { "\($0)" }.count == 1000) }
    }
}
