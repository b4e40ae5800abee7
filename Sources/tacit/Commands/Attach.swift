// SPDX-License-Identifier: MIT

import Supervisor
import ControlAPI
import Glibc
import Linux

extension Command {
    static let attach = Command(
        "attach", operands: [Operand("JOB", .job), Operand("[COMMAND]", .program), Operand("[ARGUMENT]…", .file)],
        summary: "run a command in a job that runs already",
        details: """
            The command has the job's variables in its environment, and reads its files in
            job/. Secrets whose policy forbids attached shells are not for it. Without
            COMMAND, it is the shell of the caller. tacit jobs lists the jobs.
              tacit attach 5f0c3e9a1b2d4c68 -- ps -ef
            """,
        options: MaskChoice.options
    ) { invocation throws(Failure) in
        let id = try invocation.job(invocation.operand(0) ?? [])
        let masking = try MaskChoice(invocation)
        let command = Array(invocation.arguments.operands.dropFirst())
        try InsideJob.prepare(invocation)
        let request = DaemonRequest("POST", Endpoint.attach, query: [(name: "id", value: id)])
        let job = try Daemon.ask(request, trusted: true).decoded(as: JobReply.self)
        let values = try JobValues(all: masking != .nothing)
        try InsideJob.run(command.isEmpty ? shell : command, in: job, values, masking: masking).finish()
    }

    private static var shell: [[UInt8]] {
        let shell = unsafe getenv("SHELL").map { unsafe String(cString: $0) } ?? ""
        return [shell.isEmpty ? "/bin/sh" : shell, "-i"].map { Array($0.utf8) }
    }
}
