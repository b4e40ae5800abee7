// SPDX-License-Identifier: MIT

import ControlAPI
import FoundationEssentials
import Linux

extension Command {
    static let audit = Command(
        "audit", summary: "print the audit log",
        details: """
            Who opened, changed or was refused what: a line each. Only the owner of the store
            may see it. With --json the lines are printed as they are written, and with
            --follow those that come are printed too, until you interrupt it.
              tacit audit --ref acme/web --user alice --since 2h
            """,
        options: AuditFilter.options
            + [
                DeclaredOption("follow", letter: "f", "go on with lines as they are written"),
                DeclaredOption("verify", "check that no line was changed, removed or put in, and print none"), .json,
            ]
    ) { invocation throws(Failure) in
        let filter = try AuditFilter(invocation)
        if invocation.arguments.has("verify") {
            guard filter.isOpen, !invocation.arguments.has("follow") else {
                throw .usage("--verify is about the whole log", of: invocation.command)
            }
            return try verify(json: invocation.wantsJSON)
        }
        var lines = AuditLines(filter, asJSON: invocation.wantsJSON)
        let endpoint = invocation.arguments.has("follow") ? Endpoint.followAudit : Endpoint.audit
        try Daemon.stream(DaemonRequest("GET", endpoint)) { part throws(Failure) in try lines.print(part) }
    }

    private static func verify(json: Bool) throws(Failure) {
        let answer = try Daemon.ask(DaemonRequest("GET", Endpoint.verifyAudit))
        let reply = try answer.decoded(as: VerifyReply.self)
        if json { try answer.print() }
        guard reply.intact else {
            let place = reply.line.map { "at line \($0)" } ?? "after line \(reply.lines)"
            throw Failure(.damaged, "the audit log is not as it was written \(place): \(text(reply.problem ?? "unknown"))")
        }
        if !json { try put("\(reply.lines) lines, none changed, removed or put in\n") }
    }
}

/// Prints the audit log, a line at a time from parts of any size.
struct AuditLines {
    private let filter: AuditFilter
    private let asJSON: Bool
    private var line: [UInt8] = []
    private let decoder = JSONDecoder()
    /// More than the daemon ever writes on one line.
    private static let longest = 1 << 20

    init(_ filter: AuditFilter, asJSON: Bool) {
        self.filter = filter
        self.asJSON = asJSON
    }

    /// Prints the lines that end in `part` and are asked for.
    mutating func print(_ part: ArraySlice<UInt8>) throws(Failure) {
        var output: [UInt8] = []
        for byte in part {
            if byte == UInt8(ascii: "\n") {
                if line.isEmpty {
                    // It only tells that the daemon is there.
                } else if asJSON, filter.isOpen {
                    output += line + [byte]
                } else if let shown = shown(line) {
                    output += asJSON ? line + [byte] : Array(shown.utf8) + [byte]
                }
                line.removeAll(keepingCapacity: true)
            } else if line.count < Self.longest {
                line.append(byte)
            }
        }
        try put(output)
    }

    /// `2026-01-02T03:04:05.678901Z allow open acme/web/db/vars/PASSWORD v3 uid=1001 gid=1001 pid=77 comm=psql: grant to …`; a line
    /// that isn't one of the log is shown as it is. Nil for one that is not asked for.
    func shown(_ line: [UInt8]) -> String? {
        guard let entry = try? decoder.decode(AuditReply.self, from: Data(line)) else { return filter.isOpen ? text(line) : nil }
        guard filter.takes(entry) else { return nil }
        var words = [entry.time, entry.verdict, entry.action]
        if let ref = entry.ref { words.append(ref) }
        if let version = entry.version { words.append("v\(version)") }
        if let uid = entry.uid { words.append("uid=\(uid)") }
        if let gid = entry.gid { words.append("gid=\(gid)") }
        if let pid = entry.pid { words.append("pid=\(pid)") }
        if let comm = entry.comm { words.append("comm=\(comm)") }
        if let job = entry.job { words.append("job=\(job)") }
        return words.map { text($0) }.joined(separator: " ") + (entry.reason.map { ": \(text($0))" } ?? "")
    }
}
