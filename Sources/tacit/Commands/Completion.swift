// SPDX-License-Identifier: MIT

import ControlAPI
import Linux

extension Command {
    static let completion = Command(
        "completion", operands: [Operand("[bash|zsh|fish]", .choice(["bash", "zsh", "fish"]))],
        summary: "print what makes a shell complete tacit's words",
        details: """
            For bash and zsh: eval "$(tacit completion bash)"
            For fish:         tacit completion fish | source
            Parts of the tree and jobs are asked of the daemon as they are completed, so they
            are what the caller may see.
            """,
        options: [
            DeclaredOption("references", argument: "PREFIX", kind: .text, "list the parts of the tree that go on from PREFIX"),
            DeclaredOption("jobs", "list the ids of the jobs that run"),
        ]
    ) { invocation throws(Failure) in
        if invocation.arguments.has("jobs") {
            let jobs = try Daemon.ask(DaemonRequest("GET", Endpoint.jobs)).decoded(as: JobsReply.self).jobs
            return try put(jobs.map { text($0.id) + "\n" }.joined())
        }
        if let prefix = invocation.arguments.argument("references") {
            return try put(try references(prefix).map { $0 + "\n" }.joined())
        }
        switch invocation.operand(0).map({ string($0) }) {
        case "bash": try put(CompletionScript.bash)
        case "zsh": try put(CompletionScript.zsh)
        case "fish": try put(CompletionScript.fish)
        default: throw .usage("completion needs bash, zsh or fish", of: invocation.command)
        }
    }

    /// The references that begin with a prefix, in the form it was written in: with `secret:`, or below the mountpoint.
    private static func references(_ prefix: [UInt8]) throws(Failure) -> [String] {
        var written: [UInt8] = []
        var asked = prefix
        let scheme = Array("secret:".utf8)
        if asked.starts(with: scheme) {
            written = scheme
            asked.removeFirst(scheme.count)
        } else if asked.first == UInt8(ascii: "/") {
            let mountpoint = Array(try Daemon.status().mountpoint.utf8) + [UInt8(ascii: "/")]
            guard asked.starts(with: mountpoint) else { return [] }
            written = mountpoint
            asked.removeFirst(mountpoint.count)
        }
        let reply = try Daemon.ask(DaemonRequest("GET", Endpoint.complete, query: [(name: "prefix", value: asked)]))
            .decoded(as: CompleteReply.self)
        // A name that a terminal can't be given is none to be typed either.
        return reply.names.map { string(written) + $0 }.filter { text($0) == $0 && !$0.contains("\u{FFFD}") }
    }
}
