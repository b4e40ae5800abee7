// SPDX-License-Identifier: MIT

import ControlAPI

extension Command {
    static let revoke = Command(
        "revoke", operands: [Operand("REF", .reference), Operand("WHO", .who), Operand("[RIGHTS]", .rights)],
        summary: "take rights on a part of the tree from a user or a group",
        details: """
            Only what was granted on REF itself can be taken away there: what comes from
            above is revoked above. Without RIGHTS, all are taken.
            \(Who.explanation)
            """
    ) { invocation throws(Failure) in
        let (reference, who) = try invocation.referenceAndWho()
        let rights = try invocation.operand(2).map { word throws(Failure) in try RightsArgument.parse(word) }
        let request = try DaemonRequest("POST", Endpoint.revoke, query: [("ref", reference)])
            .with(GrantRequest(who: who, rights: rights))
        let answer = try Daemon.ask(request)
        if invocation.wantsJSON { try answer.print() }
    }
}
