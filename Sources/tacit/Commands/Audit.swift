// SPDX-License-Identifier: MIT

import ControlAPI
import FoundationEssentials
import Linux

extension Command {
    static let audit = Command(
        "audit", summary: "print the audit log",
        details: """
            Who opened, changed or was refused what: a line each. Only the owner of the store
            may see it. With --json the lines are printed as they are written.
            """,
        options: [DeclaredOption("verify", "check that no line was changed, removed or put in, and print none"), .json]
    ) { invocation throws(Failure) in
        if invocation.arguments.has("verify") { return try verify(json: invocation.wantsJSON) }
        var lines = AuditLines()
        let asJSON = invocation.wantsJSON
        try Daemon.stream(DaemonRequest("GET", Endpoint.audit)) { part throws(Failure) in
            try asJSON ? put(Array(part)) : lines.print(part)
        }
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

/// The audit log for people, a line at a time from parts of any size.
struct AuditLines {
    private var line: [UInt8] = []
    private let decoder = JSONDecoder()
    /// More than the daemon ever writes on one line.
    private static let longest = 1 << 20

    /// Prints the lines that end in `part`.
    mutating func print(_ part: ArraySlice<UInt8>) throws(Failure) {
        var output = ""
        for byte in part {
            if byte == UInt8(ascii: "\n") {
                output += shown(line) + "\n"
                line.removeAll(keepingCapacity: true)
            } else if line.count < Self.longest {
                line.append(byte)
            }
        }
        try put(output)
    }

    /// `2026-01-02T03:04:05.678901Z allow open acme/web/db/vars/PASSWORD v3 uid=1001 gid=1001 pid=77 comm=psql: grant to …`; a line
    /// that isn't one of the log is shown as it is.
    func shown(_ line: [UInt8]) -> String {
        guard let entry = try? decoder.decode(AuditReply.self, from: Data(line)) else { return text(line) }
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
