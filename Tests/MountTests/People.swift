// SPDX-License-Identifier: MIT

// Black-box tests of the two programs: a real daemon, a real mount, real users, one behaviour a test.
//
// Nothing here knows how tacit is made: tests run other programs (sh, cp, ssh-keygen, probe …) on a mount and compare
// what these say with what the design promises. TestSupport's Command.swift tells how. `probe` answers with `ok`, or
// with the system call that failed and the errno's name.

import TestSupport
import Testing

/// Has a right granted to her own uid.
let alice = TestUser.user(1001)
/// Likewise, mostly another right than alice.
let bob = TestUser.user(1002)
/// Is in group 2001.
let carol = TestUser.user(1003, groups: [2001])
/// Has no right to anything, and is in a group that has none.
let mallory = TestUser.user(1004, groups: [2002])
/// Has an entry in passwd on every Debian, as some programs want of their user.
let games = TestUser.user(5)

extension Mount {
    /// A secret `acme/web/db` with a variable `A` and a file `f`.
    func makeSecret() throws {
        try make("acme/web/db")
        try store("value of A", in: "acme/web/db/vars/A")
        try store("value of f", in: "acme/web/db/files/f")
    }

    /// Lets alice read `acme/web/db`, and bob write it.
    func shareSecret() throws {
        try grant("read", on: "acme/web/db", to: "user:1001")
        try grant("write", on: "acme/web/db", to: "user:1002")
    }
}

/// As `#expect(try actual == expected)`, which would not show the two when they differ.
func expect<Value: Equatable>(
    _ actual: Value, _ expected: Value, _ comment: Comment? = nil, at location: SourceLocation = #_sourceLocation
) {
    #expect(actual == expected, comment, sourceLocation: location)
}
