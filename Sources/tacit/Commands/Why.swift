// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Secrets

extension Command {
    static let why = Command(
        "why", operands: [Operand("REF", .reference)],
        summary: "say what is allowed on a part of the tree, and why",
        details: """
            For each right: whether it is allowed, and the grant or the rule that decides.
            Only a user who may manage REF can ask for another user. For a link into a job,
            such as .env, it says where that leads.
            """,
        options: [DeclaredOption("as", argument: "USER", kind: .user, "ask for USER, a name or a number, instead of yourself"), .json]
    ) { invocation throws(Failure) in
        let word = invocation.operand(0) ?? []
        // No secret has a name that begins with a dot.
        if word.first == UInt8(ascii: "."), !invocation.wantsJSON, let link = try JobLink(at: word) { return try put(link.explanation) }
        var query = [("ref", try invocation.placeReference())]
        if let word = invocation.arguments.argument("as") { query += try asking(for: word) }
        let answer = try Daemon.ask(DaemonRequest("GET", Endpoint.why, query: query.map { (name: $0.0, value: $0.1) }))
        if invocation.wantsJSON { return try answer.print() }
        let reply = try answer.decoded(as: WhyReply.self)
        try put(table(reply.rights.map { [$0.right.description, $0.allowed ? "yes" : "no", text($0.reason)] }))
    }

    /// The user who is meant, with their groups: the daemon looks no names up.
    private static func asking(for word: [UInt8]) throws(Failure) -> [(String, [UInt8])] {
        let who = try Who.parse(word)
        guard case .user(let uid) = who else {
            throw .usage("--as takes a user, not a group", of: .why)
        }
        var query = [("uid", Array("\(uid)".utf8))]
        if let user = Accounts.user(uid) {
            let groups = GroupDatabase.groups(of: uid).map { "\($0)" }.joined(separator: ",")
            query += [("gid", Array("\(user.gid)".utf8)), ("groups", Array(groups.utf8))]
        }
        return query
    }
}
