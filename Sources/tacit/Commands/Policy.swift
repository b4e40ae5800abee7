// SPDX-License-Identifier: MIT

import ControlAPI
import Secrets

extension Command {
    static let policy = Command(
        "policy", operands: [Operand("REF", .reference)], summary: "show or change which jobs may use a secret",
        details: """
            Without an option the policy is shown. It matters beside the grants: a job uses a
            secret only if both let it.
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
        try put(
            table([
                ["projects", reply.projects.words], ["debug", reply.debug.rawValue], ["attach", reply.attach.rawValue],
            ]))
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
