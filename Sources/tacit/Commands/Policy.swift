// SPDX-License-Identifier: MIT

import ControlAPI
import Secrets

extension Command {
    static let policy = Command(
        "policy", operands: [Operand("REF", .reference)], summary: "show or change which jobs may use a secret, and until when",
        details: """
            Without an option the policy is shown. It matters beside the grants: a job uses a
            secret only if both let it. A date is 2027-01-31 (its start, in UTC),
            2027-01-31T18:00:00Z, or so long from now: 90d. It stays until it is changed here,
            also when a new value is stored. --rotate counts from the last value that was
            stored, and is for tacit due. A period is a number with s, m, h or d behind it:
            seconds, minutes, hours, days. never takes either away.
              tacit policy acme/web/db --expires 2027-01-31 --on-expire deny
              tacit policy acme/web/db --rotate 90d
            """,
        options: PolicyArguments.options + [.json]
    ) { invocation throws(Failure) in
        let reference = try invocation.secretReference()
        let query = [(name: "ref", value: reference)]
        let change = try PolicyArguments.parse(invocation, of: (try? Reference.parse(reference)) ?? Reference(components: []))
        let answer =
            change.isEmpty
            ? try Daemon.ask(DaemonRequest("GET", Endpoint.policy, query: query))
            : try Daemon.ask(try DaemonRequest("POST", Endpoint.policy, query: query).with(change))
        if invocation.wantsJSON { return try answer.print() }
        guard change.isEmpty else { return }
        let reply = try answer.decoded(as: PolicyReply.self)
        var rows = [["projects", reply.projects.words], ["debug", reply.debug.rawValue], ["attach", reply.attach.rawValue]]
        if (reply.expires, reply.rotate, reply.onExpire) != (.never, .never, .warn) {
            rows += [["expires", reply.expires.text], ["rotate", reply.rotate.text], ["on-expire", reply.onExpire.rawValue]]
        }
        try put(table(rows))
    }
}

extension PolicyProjects {
    /// As `--projects` takes them.
    var words: String {
        switch self {
        case .all: "all"
        case .none: "none"
        case .only(let names): names.map { text($0) }.joined(separator: ",")
        }
    }
}
