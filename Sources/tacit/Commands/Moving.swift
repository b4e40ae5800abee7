// SPDX-License-Identifier: MIT

import ControlAPI
import Linux

extension Command {
    static let move = Command(
        "mv", operands: [Operand("SOURCE", .reference), Operand("DESTINATION", .reference)],
        summary: "rename a secret, or move it within its scope",
        details: "Nothing may be at DESTINATION. To another scope, cp and then rm do it."
    ) { invocation throws(Failure) in
        let query = [(name: "from", value: try invocation.secretReference(0)), (name: "to", value: try invocation.secretReference(1))]
        let answer = try Daemon.ask(DaemonRequest("POST", Endpoint.move, query: query))
        if invocation.wantsJSON { try answer.print() }
    }

    static let copy = Command(
        "cp", operands: [Operand("SOURCE", .reference), Operand("DESTINATION", .reference)],
        summary: "copy a secret or an item, shown to nobody",
        details: """
            The daemon copies it. You must be able to read SOURCE and to write DESTINATION.
            What is at DESTINATION stays, and is an error, unless --overwrite is given.
            """,
        options: [DeclaredOption("overwrite", "replace what is there"), .json]
    ) { invocation throws(Failure) in
        var query = [(name: "from", value: try invocation.secretReference(0)), (name: "to", value: try invocation.secretReference(1))]
        if invocation.arguments.has("overwrite") { query.append((name: "overwrite", value: Array("true".utf8))) }
        let answer = try Daemon.ask(DaemonRequest("POST", Endpoint.copy, query: query))
        if invocation.wantsJSON { try answer.print() }
    }
}
