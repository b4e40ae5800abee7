// SPDX-License-Identifier: MIT

import ControlAPI
import Secrets

/// WHO on the command line: who a grant is for.
enum Who {
    /// For help and the manual.
    static let explanation = """
        WHO is a user name, uid:NUMBER or just a number, or, for a group, @NAME,
        group:NAME or gid:NUMBER.
        """

    /// Throws a failure for what names nobody.
    static func parse(_ word: [UInt8]) throws(Failure) -> Principal {
        let word = text(word)
        if let number = Principal.number(word) { return .user(number) }
        if let principal = Principal(notation: word) { return principal }
        if word.hasPrefix("@") { return try group(String(word.dropFirst())) }
        let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return try user(word) }
        switch parts[0] {
        case "user": return try user(String(parts[1]))
        case "group": return try group(String(parts[1]))
        default: throw Failure(.usage, "'\(word)' names nobody", hint: "a user is alice or uid:1001, a group @dev or gid:100")
        }
    }

    private static func user(_ name: String) throws(Failure) -> Principal {
        if let uid = Accounts.user(named: name)?.uid ?? Principal.number(name) { return .user(uid) }
        let isGroup = Accounts.groupID(named: name) != nil
        throw Failure(.notFound, "no user is called '\(name)'", hint: isGroup ? "@\(name) is the group of that name" : nil)
    }

    private static func group(_ name: String) throws(Failure) -> Principal {
        if let gid = Accounts.groupID(named: name) ?? Principal.number(name) { return .group(gid) }
        throw Failure(.notFound, "no group is called '\(name)'")
    }
}
