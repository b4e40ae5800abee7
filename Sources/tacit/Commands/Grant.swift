// SPDX-License-Identifier: MIT

import ControlAPI
import Secrets

extension Command {
    static let grant = Command(
        "grant", aliases: ["share", "acl grant"], operands: [Operand("REF", .reference), Operand("WHO", .who), Operand("RIGHTS", .rights)],
        summary: "give rights on a part of the tree to a user or a group",
        details: """
            The grant covers REF and all that is below it, and adds to what WHO has already.
            \(Who.explanation)
            RIGHTS are one or more of list, read, write, run and manage, with commas between,
            or none, which takes away what was granted on REF itself.
            """
    ) { invocation throws(Failure) in
        let (reference, who) = try invocation.referenceAndWho()
        let word = invocation.operand(2) ?? []
        let rights = word.elementsEqual("none".utf8) ? [] : try RightsArgument.parse(word)
        let request = try DaemonRequest("POST", Endpoint.grant, query: [("ref", reference)])
            .with(GrantRequest(who: who, rights: rights))
        let answer = try Daemon.ask(request)
        if invocation.wantsJSON { try answer.print() }
    }
}

extension Invocation {
    /// The first two operands of `grant` and `revoke`.
    func referenceAndWho() throws(Failure) -> (reference: [UInt8], who: Principal) {
        (try placeReference(), try Who.parse(operand(1) ?? []))
    }
}

/// RIGHTS on the command line.
enum RightsArgument {
    /// Throws a usage failure unless it is a list of rights.
    static func parse(_ word: [UInt8]) throws(Failure) -> Rights {
        do { return try Rights.parse(text(word)) } catch { throw Failure(.usage, "\(error)") }
    }
}
