// SPDX-License-Identifier: MIT

import Secrets
import Testing

@Suite struct RightsTests {
    @Test(
        arguments: [
            ("list", Rights.list), ("read,write", [.read, .write]), ("write,read", [.read, .write]),
            ("read,read", .read), ("list,read,write,run,manage", .all),
        ] as [(String, Rights)])
    func `right`(_ text: String, _ rights: Rights) throws {
        #expect(try Rights.parse(text) == rights)
        #expect(try Rights.parse(rights.description) == rights)
    }

    @Test(
        arguments: [
            ("", RightsError.empty), ("admin", .unknown("admin")), ("read,", .unknown("")), (",", .unknown("")),
            ("read, write", .unknown(" write")), ("Read", .unknown("Read")), ("read write", .unknown("read write")),
        ] as [(String, RightsError)])
    func `wrong`(_ text: String, _ error: RightsError) {
        #expect(throws: error) { try Rights.parse(text) }
        #expect(error.description.contains("list, read, write, run, manage"))
    }

    @Test func `stored`() {
        #expect(Rights.words.map(\.right.rawValue) == [1, 2, 4, 8, 16])
        #expect(Rights([.manage, .list, .read]).description == "list,read,manage")
        #expect(Rights([]).description.isEmpty)
    }

    @Test func `implied`() {
        #expect(Rights([]).withImplied == [])
        #expect(Rights.run.withImplied == [.list, .run])
        for right in Rights.words.map(\.right) { #expect(right.withImplied.subtracting(right).isSubset(of: .list)) }
    }

    @Test func `principals`() {
        #expect([Principal.group(1), .user(9), .group(0), .user(2)].sorted() == [.user(2), .user(9), .group(0), .group(1)])
        #expect("\(Principal.user(1001)) \(Principal.group(50))" == "user 1001 group 50")
    }
}
