// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// What the command shows of users hangs on the machine's accounts; what it does, and whether these tests pass, does not.
@Suite struct WhateverAccounts {
    @Test(arguments: [true, false])
    func `users and groups are shown by name where they have one, and found by it`(named: Bool) throws {
        try withMount { mount in
            try mount.makeSecret()
            let scratch = try Scratch()
            func tacit(_ words: String...) throws -> Outcome {
                var command = try Accounts.command(["tacit"] + words, named: named, in: scratch)
                command.folder = mount.point
                command.environment = mount.command([]).environment
                return try command.run()
            }
            try tacit("grant", "acme/web/db", "1001", "read").orThrow()
            try tacit("grant", "acme/web/db", "gid:2001", "write").orThrow()
            let rows = try tacit("acl", "acme/web/db").orThrow().lines.map { $0.split(separator: " ").map(String.init) }
            expect(Set(rows), [[named ? "alice" : "uid:1001", "read"], [named ? "@readers" : "gid:2001", "write"]])
            try expect(tacit("grant", "acme/web/db", "bob", "read").ending, .exited(named ? 0 : 4))
            try expect(tacit("why", "--as", "alice", "acme/web/db").ending, .exited(named ? 0 : 4))
            try expect(tacit("revoke", "acme/web/db", "uid:1001").orThrow().text, "")
            let json = try tacit("acl", "--json", "acme/web/db").orThrow().text
            #expect(json.contains("\"gid:2001\"") && !json.contains("readers") && !json.contains("uid:1001"), "\(json)")
        }
    }

    /// The tests that read what the command shows, in a process of their own.
    @Test(arguments: [true, false]) func `other tests pass with such accounts and without`(named: Bool) throws {
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let suites = ["CommandsVersions", "CommandsBrought", "SharingByTwoACLs", "RunStrictly", "RunListed", "WhoTests"]
        let words = [program, "--testing-library", "swift-testing", "--filter", "(\(suites.joined(separator: "|")))/"]
        let scratch = try Scratch()
        var command = try Accounts.command(words, named: named, in: scratch)
        command.environment = ProcessInfo.processInfo.environment
        command.limit = 600
        let outcome = try command.run()
        let said = outcome.text + outcome.complaint
        let end = said.split(separator: "\n").last { $0.contains("Test run with ") }
        #expect(outcome.succeeded && end?.contains("passed") == true, "\(said.suffix(4000))")
    }
}
