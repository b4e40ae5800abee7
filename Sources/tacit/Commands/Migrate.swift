// SPDX-License-Identifier: MIT

import ControlAPI
import FoundationEssentials
import Linux

extension Command {
    static let migrate = Command(
        "migrate", operands: [Operand("SOURCE", .scope), Operand("DESTINATION", .scope)],
        summary: "copy all secrets of a scope into another, shown to nobody",
        details: """
            A scope is an organization's @org, a project, a target, or user. The daemon copies,
            all or nothing: if a secret of the same name is at DESTINATION, nothing is copied,
            unless --overwrite is given. SOURCE stays as it is.
            """,
        options: [
            DeclaredOption("overwrite", "replace secrets of the same name"),
            DeclaredOption("dry-run", letter: "n", "only say what would be copied"), .json,
        ]
    ) { invocation throws(Failure) in
        var query = [(name: "from", value: try invocation.reference(0)), (name: "to", value: try invocation.reference(1))]
        if invocation.arguments.has("overwrite") { query.append((name: "overwrite", value: Array("true".utf8))) }
        let isDry = invocation.arguments.has("dry-run")
        if isDry { query.append((name: "dryRun", value: Array("true".utf8))) }
        var lines = MigrationLines(asJSON: invocation.wantsJSON)
        try Daemon.stream(DaemonRequest("POST", Endpoint.migrate, query: query)) { part throws(Failure) in try lines.take(part) }
        guard let secrets = lines.secrets else { throw Failure(.failed, "the daemon's answer ends early") }
        guard !invocation.wantsJSON else { return }
        let items = secrets.reduce(0) { $0 + $1.items }
        try put(table(secrets.map { [text($0.from), text($0.to) + ($0.exists ? ", replaced" : "")] }))
        try put("\(secrets.count) secrets, \(items) items" + (isDry ? "; nothing was copied\n" : "\n"))
    }
}

/// The daemon's answer to `migrate`, a line at a time from parts of any size.
struct MigrationLines {
    /// The secrets that were copied, once that is known.
    private(set) var secrets: [MigrateLine.Secret]?
    private var line: [UInt8] = []
    private var progress = ProgressLine(of: "items")
    private let asJSON: Bool
    /// More than the daemon writes on one line: a line for each of a million secrets would not fit.
    private static let longest = 64 << 20

    init(asJSON: Bool) {
        self.asJSON = asJSON
    }

    mutating func take(_ part: ArraySlice<UInt8>) throws(Failure) {
        for byte in part {
            guard byte == UInt8(ascii: "\n") else {
                guard line.count < Self.longest else { throw Failure(.failed, "the daemon's answer is too long") }
                line.append(byte)
                continue
            }
            try endLine()
            line.removeAll(keepingCapacity: true)
        }
    }

    private mutating func endLine() throws(Failure) {
        let answer = DaemonAnswer(bytes: line)
        switch try answer.decoded(as: MigrateLine.self) {
        case .progress(let done, let total): progress.show(done, of: total)
        case .done(let secrets):
            progress.end()
            self.secrets = secrets
            if asJSON { try answer.print() }
        case .refused(let refusal):
            progress.end()
            throw Failure(refusal)
        }
    }
}
