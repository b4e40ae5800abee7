// SPDX-License-Identifier: MIT

import Secrets
import Testing

@Suite struct NodeTests {
    @Test func `inodes of nodes`() throws {
        #expect(Inode(.root) == .root && Inode.root.number == 1)
        #expect(Inode.userLink.number == 2)
        #expect(Inode(.users).number == 16)
        #expect(Inode(NodeID(home: 1001)).number == ((1 << 32) + 1001) << 3)
        let secret = try #require(NodeID(rawValue: (1 << 33) + 7))
        for facet in Facet.allCases {
            let inode = Inode(secret, facet)
            #expect(inode.number == ((1 << 33) + 7) << 3 | UInt64(facet.rawValue))
            #expect(inode.node == secret && inode.facet == facet && Inode(number: inode.number) == inode)
        }
    }

    @Test(arguments: [1, 2, 3, 4, 16, ((1 << 32) + 5) << 3, ((1 << 33) + 1) << 3 | 3, ((1 << 52) - 1) << 3 | 1] as [UInt64])
    func `numbers of inodes`(_ number: UInt64) throws {
        let inode = try #require(Inode(number: number))
        #expect(inode.number == number)
        if [.userLink, .jobLink, .jobs].contains(inode) {
            #expect(inode.node == .none)
        } else {
            #expect(Inode(inode.node, inode.facet) == inode)
        }
    }

    @Test(
        arguments: [
            0, 5, 7, 8, 9, 17, ((1 << 32) + 5) << 3 | 1, ((1 << 33) + 1) << 3 | 4, 1 << 55, 1 << 63, .max,
        ] as [UInt64])
    func `numbers of nothing`(_ number: UInt64) {
        #expect(Inode(number: number) == nil)
    }

    @Test func `homes`() {
        #expect(NodeID(home: 0).homeUID == 0)
        #expect(NodeID(home: .max).homeUID == .max)
        #expect(NodeID(home: .max) < .firstOrdinary)
        for node in [NodeID.root, .users, .none, .firstOrdinary] { #expect(node.homeUID == nil) }
        #expect(NodeID(rawValue: 0) == nil && NodeID(rawValue: -1) == nil && NodeID(rawValue: .max) == nil)
    }

    @Test func `kinds`() {
        #expect(NodeKind.allCases.filter(\.isItem) == [.variable, .file])
        #expect(NodeKind.allCases.map(\.rawValue) == Array(1...11))
    }
}
