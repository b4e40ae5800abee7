// SPDX-License-Identifier: MIT

import Testing

@testable import Control

@Suite struct ForeignIDsTests {
    @Test func `the first namespace knows every number`() {
        let ids = ForeignIDs(
            userMap: "         0          0 4294967295\n", groupMap: "0 0 4294967295\n", overflowUser: 65534, overflowGroup: 65534)
        #expect(!ids.hasUser(65534))
        #expect(!ids.hasGroup(65534))
        #expect(!ids.hasUser(0))
    }

    @Test(arguments: ["0 100000 65536\n", "0 0 1\n", "0 0 4294967295\n1 1 1\n", "", nil])
    func `another namespace may not know one`(map: String?) {
        let ids = ForeignIDs(userMap: map, groupMap: map, overflowUser: 65533, overflowGroup: 65532)
        #expect(ids.hasUser(65533))
        #expect(ids.hasGroup(65532))
        #expect(!ids.hasUser(0))
    }

    @Test func `the usual numbers stand in for unreadable ones`() {
        let ids = ForeignIDs(userMap: nil, groupMap: nil, overflowUser: nil, overflowGroup: nil)
        #expect(ids.hasUser(65534))
        #expect(ids.hasGroup(65534))
    }
}
