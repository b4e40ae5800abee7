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
            .project,
            DeclaredOption("references", argument: "PREFIX", kind: .text, "list the parts of the tree that go on from PREFIX"),
            DeclaredOption("secrets", "list the names that -s takes"),
            DeclaredOption("targets", "list the targets of the project"),
            DeclaredOption("variables", argument: "REF", kind: .reference, "list the variables of a secret"),
            DeclaredOption("versions", argument: "REF", kind: .reference, "list the numbers of versions"),
            DeclaredOption("deleted", "list what can be restored"),
            DeclaredOption("jobs", "list the ids of the jobs that run"),
        ]
    ) { invocation throws(Failure) in
        if let offered = try Offered.words(invocation) {
            // A name that a terminal can't be given is none to be typed either.
            return try put(offered.filter { text($0) == $0 && !$0.contains("\u{FFFD}") }.map { $0 + "\n" }.joined())
        }
        switch invocation.operand(0).map({ string($0) }) {
        case "bash": try put(CompletionScript.bash)
        case "zsh": try put(CompletionScript.zsh)
        case "fish": try put(CompletionScript.fish)
        default: throw .usage("completion needs bash, zsh or fish", of: invocation.command)
        }
    }
}
