// SPDX-License-Identifier: MIT

import Secrets
import Testing

@testable import tacit

@Suite struct WhoTests {
    private func parse(_ word: String) throws(Failure) -> Principal {
        try Who.parse(Array(word.utf8))
    }

    @Test(arguments: [
        ("1001", Principal.user(1001)), ("uid:1001", .user(1001)), ("user:1001", .user(1001)), ("gid:100", .group(100)),
        ("group:100", .group(100)), ("@100", .group(100)), ("root", .user(0)), ("user:root", .user(0)), ("group:root", .group(0)),
        ("@root", .group(0)),
    ])
    func `names`(word: String, principal: Principal) throws {
        #expect(try parse(word) == principal)
    }

    @Test(arguments: ["", "nobody-of-this-name", "@", "user:", "uid:", "uid:-1", "uid:4294967295", "uid:4294967296", "x:root", "@+1"])
    func `what names nobody`(word: String) {
        #expect(throws: Failure.self) { _ = try parse(word) }
    }

    @Test func `names come back`() {
        #expect(Accounts.display(.user(0)) == "root")
        #expect(Accounts.display(.group(0)) == "@root")
        #expect(Accounts.display(.user(4_000_000_000)) == "uid:4000000000")
    }
}
