// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Vault

/// Checking everything, for the owner of the store.
enum DoctorHandlers {
    static func doctor(_ call: Call) throws(Refused) -> Reply {
        let caller = call.peer.acting("doctor")
        let findings = try asking { () throws(VaultError) in try call.vault.check(for: caller) }
        let log = try asking { () throws(VaultError) in try call.vault.verifyAudit(for: caller) }
        let status = try asking { () throws(VaultError) in try call.vault.status() }
        var problems = findings.map { DoctorReply.Problem(what: $0, hint: "a copy of the store from before has it whole") }
        problems += status.damage.filter { !findings.contains($0) }.map { DoctorReply.Problem(what: "since the start: \($0)") }
        if let problem = log.problem {
            let line = log.line.map { "line \($0): " } ?? ""
            problems.append(DoctorReply.Problem(what: "the audit log: \(line)\(problem)"))
        }
        return try Reply(
            DoctorReply(
                problems: problems,
                checked: DoctorReply.Checked(
                    nodes: status.nodes, versions: status.versions, values: !status.isLocked, auditLines: log.lines)))
    }
}
