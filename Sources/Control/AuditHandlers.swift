internal import ControlAPI
internal import Linux
internal import Vault

/// The audit log, for the owner of the store.
enum AuditHandlers {
    /// The lines that the log has now, as they are.
    static func read(_ call: Call) throws(Refused) -> Reply {
        let file = try asking { () throws(VaultError) in try call.vault.auditFile(for: call.peer.acting("audit")) }
        let length: UInt64
        do {
            length = UInt64(max(0, try file.status().size))
        } catch {
            throw Refused(500, "the audit log can't be read: \(error)", code: .storage)
        }
        return .lines(file: file.release(), length: length)
    }

    static func verify(_ call: Call) throws(Refused) -> Reply {
        let found = try asking { () throws(VaultError) in try call.vault.verifyAudit(for: call.peer.acting("audit verify")) }
        return try Reply(
            VerifyReply(intact: found.problem == nil, lines: found.lines, line: found.line, problem: found.problem))
    }
}
