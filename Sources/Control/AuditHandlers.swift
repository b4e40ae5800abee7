// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Linux
internal import Vault

/// The audit log, for the owner of the store.
enum AuditHandlers {
    /// More than the log ever writes on one line, in bytes.
    private static let longestLine = 65536

    /// The lines that the log has now, as they are, and those that come.
    static func follow(_ call: Call) throws(Refused) -> Reply {
        let seconds: Int64? = try call.number("seconds", in: 0...86_400)
        let file = try asking { () throws(VaultError) in try call.vault.auditFile(for: call.peer.acting("audit")) }
        try call.service.followers.begin(call.peer, of: call.vault)
        let end = seconds.map { SystemClock.monotonic() + $0 * 1_000_000 }
        let follower = AuditFollower(service: call.service, peer: call.peer, end: end)
        do throws(Errno) { return .stream(pipe: try follower.start(with: file).release()) } catch {
            throw .busy("the log can't be followed: \(error)")
        }
    }

    /// The lines that the log has now, as they are.
    static func read(_ call: Call) throws(Refused) -> Reply {
        let file = try asking { () throws(VaultError) in try call.vault.auditFile(for: call.peer.acting("audit")) }
        let length: Int64
        do {
            length = try lengthOfWholeLines(of: file)
        } catch {
            throw Refused(500, "the audit log can't be read: \(error)", code: .storage)
        }
        return .lines(file: file.release(), length: UInt64(max(0, length)))
    }

    /// The length of a file up to the end of its last line: a line that is being written just now may be there in part.
    static func lengthOfWholeLines(of file: borrowing FileDescriptor) throws(Errno) -> Int64 {
        let end = try file.status().size
        let tail = try file.readBackwards(from: end, longest: longestLine)
        let torn = tail.reversed().prefix { $0 != UInt8(ascii: "\n") }.count
        return end - Int64(torn)
    }

    static func verify(_ call: Call) throws(Refused) -> Reply {
        let found = try asking { () throws(VaultError) in try call.vault.verifyAudit(for: call.peer.acting("audit verify")) }
        return try Reply(
            VerifyReply(intact: found.problem == nil, lines: found.lines, line: found.line, problem: found.problem))
    }
}
