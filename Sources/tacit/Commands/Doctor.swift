// SPDX-License-Identifier: MIT

import ControlAPI
import Linux

extension Command {
    static let doctor = Command(
        "doctor", summary: "check the store, the log and the daemon",
        details: "Says what is wrong and what to do about it. Only the owner of the store may do it."
    ) { invocation throws(Failure) in
        let answer = try Daemon.ask(DaemonRequest("GET", Endpoint.doctor))
        let reply = try answer.decoded(as: DoctorReply.self)
        if invocation.wantsJSON {
            try answer.print()
        } else {
            let values = reply.checked.values ? "each opened" : "none opened, since the store is locked"
            try put(
                "checked \(reply.checked.nodes) nodes, \(reply.checked.versions) versions (\(values)), "
                    + "\(reply.checked.auditLines) lines of the audit log\(reply.problems.isEmpty ? ": all is well" : "")\n")
            for problem in reply.problems {
                try put("\(text(problem.what))\n" + (problem.hint.map { "  hint: \(text($0))\n" } ?? ""))
            }
        }
        guard reply.problems.isEmpty else {
            throw Failure(.damaged, reply.problems.count == 1 ? "1 problem" : "\(reply.problems.count) problems")
        }
    }
}
