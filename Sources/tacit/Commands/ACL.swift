// SPDX-License-Identifier: MIT

import ControlAPI
import Secrets

extension Command {
    static let acl = Command(
        "acl", aliases: ["acl list"], operands: [Operand("[REF]", .reference)],
        summary: "list who has which rights on a part of the tree",
        details: """
            Grants from above are listed too, with where they are from. Without REF, all
            that is shared with you is listed.
            """
    ) { invocation throws(Failure) in
        guard let word = invocation.operand(0) else {
            let answer = try Daemon.ask(DaemonRequest("GET", Endpoint.shared))
            if invocation.wantsJSON { return try answer.print() }
            let grants = try answer.decoded(as: GrantsReply.self).grants
            return try put(table(grants.map { [text($0.ref), $0.rights.description, "to \(Accounts.display($0.who))"] }))
        }
        let answer = try Daemon.ask(DaemonRequest("GET", Endpoint.acl, query: [("ref", try ReferenceArgument.parse(word))]))
        if invocation.wantsJSON { return try answer.print() }
        let grants = try answer.decoded(as: GrantsReply.self).grants
        try put(table(grants.map { [Accounts.display($0.who), $0.rights.description] + ($0.direct ? [] : ["from \(text($0.ref))"]) }))
    }
}
