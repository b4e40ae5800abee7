// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Secrets

extension Command {
    static let acl = Command(
        "acl", aliases: ["acl list"], operands: [Operand("[REF]", .reference)],
        summary: "list who has which rights on a part of the tree",
        details: """
            Grants from above are listed too, with where they are from. With -R, each grant
            below REF is listed once, at the place that it is on. Without REF, all that is
            shared with you is listed.
            """,
        options: [DeclaredOption("recursive", letter: "R", "list the grants on all that is below too"), .json]
    ) { invocation throws(Failure) in
        if invocation.arguments.has("recursive") { return try listTree(invocation) }
        guard invocation.operand(0) != nil else {
            let answer = try Daemon.ask(DaemonRequest("GET", Endpoint.shared))
            if invocation.wantsJSON { return try answer.print() }
            let grants = try answer.decoded(as: GrantsReply.self).grants
            return try put(table(grants.map { [text($0.ref), $0.rights.description, "to \(Accounts.display($0.who))"] }))
        }
        let answer = try Daemon.ask(DaemonRequest("GET", Endpoint.acl, query: [("ref", try invocation.placeReference())]))
        if invocation.wantsJSON { return try answer.print() }
        let grants = try answer.decoded(as: GrantsReply.self).grants
        try put(table(grants.map { [Accounts.display($0.who), $0.rights.description] + ($0.direct ? [] : ["from \(text($0.ref))"]) }))
    }

    /// The grants on a place and on all below it, each where it is.
    private static func listTree(_ invocation: Invocation) throws(Failure) {
        guard invocation.operand(0) != nil else { throw .usage("-R needs REF", of: .acl) }
        let reference = try invocation.placeReference()
        var grants = try direct(on: reference)
        try TreeWalk.visit(below: reference) { entry throws(Failure) in
            // The parts of a secret have grants of their own, and no entries.
            let parts = entry.kind == .secret ? [TreeName.env, TreeName.vars, TreeName.files] : []
            for place in [entry.ref] + parts.map({ Reference(components: entry.ref.components + [$0]) }) {
                do throws(Failure) { grants += try direct(on: place.bytes) } catch {
                    guard error.exitCode == .notFound || error.exitCode == .denied else { throw error }
                }
            }
        }
        if invocation.wantsJSON { return try DaemonAnswer(encoding: GrantsReply(grants: grants)).print() }
        try put(table(grants.map { [text($0.ref), Accounts.display($0.who), $0.rights.description] }))
    }

    private static func direct(on reference: [UInt8]) throws(Failure) -> [GrantsReply.Grant] {
        let answer = try Daemon.ask(DaemonRequest("GET", Endpoint.acl, query: [("ref", reference)]))
        return try answer.decoded(as: GrantsReply.self).grants.filter(\.direct)
    }
}
