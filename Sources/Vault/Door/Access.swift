// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets

/// Access: the decision on a call, and its line in the audit log. Nothing else in the vault compares a uid.
extension Vault {
    /// Inside a job nobody owns the store.
    func identity(of caller: Caller) -> Identity {
        Identity(
            uid: caller.uid, gid: caller.gid, ownsStore: caller.job == nil && caller.uid == configuration.ownerUID,
            isAlone: configuration.isPersonal)
    }

    /// Decides; says nothing to the audit log. For what only looks at names, and for questions (`why`).
    func decision(_ right: Rights, on place: Place, for caller: Caller) -> Decision {
        let decision = decisionByRights(right, on: place, for: caller)
        guard right == .read, decision.allowed, let refusal = place.readRefusal else { return decision }
        return Decision(allowed: false, reason: refusal)
    }

    private func decisionByRights(_ right: Rights, on place: Place, for caller: Caller) -> Decision {
        if let membership = caller.job { return decision(right, on: place, in: membership.job, membership.mode) }
        do {
            return try decide(right, on: place.subject, for: identity(of: caller), groups: caller.groups)
        } catch {
            // Its groups can't be read: the caller is gone, or hidden from us; or they can't be read now.
            return Decision(allowed: false, reason: error.isShortage ? .shortage(error.rawValue) : .unknownCaller)
        }
    }

    func allows(_ right: Rights, on place: Place, for caller: Caller) -> Bool {
        decision(right, on: place, for: caller).allowed
    }

    /// Whether the caller may see all that is in a place, and what is said of it. One who may only pass through it may not.
    func listsAll(of place: Place, for caller: Caller) -> Bool {
        let decision = decision(.list, on: place, for: caller)
        return decision.allowed && decision.reason != .everybody && decision.reason != .wayOfJob
    }

    /// Decides, and logs a refusal before it is thrown. What is allowed is logged by `log` with what came of it.
    @discardableResult
    func authorize(
        _ right: Rights, on place: Place, for caller: Caller, reference: String? = nil, version: Int64? = nil,
        refusingAs told: Reason? = nil,
        orAny others: ArraySlice<Rights> = []
    ) throws(VaultError) -> Decision {
        let decision = decision(right, on: place, for: caller)
        guard decision.allowed else {
            if case .shortage(let error) = decision.reason { throw .exhausted(Errno(rawValue: error), "the caller can't be told") }
            // What holds for everybody is told before what the caller lacks.
            let reason = place.readRefusal == decision.reason ? decision.reason : told ?? decision.reason
            try log(caller, reference ?? place.reference, version: version, allowed: false, reason: "\(reason)")
            throw .denied(reason, for: [right] + others)
        }
        return decision
    }

    /// Refuses what is not there as it would be refused if it were, and logs it: unless the caller may list the folder, and so may know.
    func authorizeMissing(_ reference: String, in folder: Place, _ right: Rights, for caller: Caller) throws(VaultError) {
        if !listsAll(of: folder, for: caller) { try authorize(right, on: folder, for: caller, reference: reference) }
    }

    /// Refuses a caller who can't be told for certain: logs it, and throws `denied`.
    package func refuseUnknown(_ caller: Caller) throws(VaultError) -> Never {
        try log(caller, nil, allowed: false, reason: "\(Reason.unknownCaller)")
        throw .denied(.unknownCaller)
    }

    /// Whether the caller is root, or the user who runs the daemon.
    package func isOwner(_ caller: Caller) -> Bool { identity(of: caller).ownsStore }

    /// Any of these rights will do; the refusal of the first is the one that is told.
    @discardableResult
    func authorize(
        anyOf rights: [Rights], on place: Place, for caller: Caller, reference: String? = nil, refusingAs told: Reason? = nil
    ) throws(VaultError) -> Decision {
        for right in rights.dropFirst() {
            let decision = decision(right, on: place, for: caller)
            if decision.allowed { return decision }
        }
        guard let first = rights.first else { throw .denied(.noGrant) }
        return try authorize(first, on: place, for: caller, reference: reference, refusingAs: told, orAny: rights.dropFirst())
    }

    /// Writes a line to the audit log; throws `audit` if that fails, and then nothing may be done or handed out. In a change, the line
    /// becomes part of it.
    ///
    /// `about`: the job that it is about, where that is not the caller's own.
    func log(
        _ caller: Caller, _ reference: String?, version: Int64? = nil, about job: Job? = nil, allowed: Bool, reason: String
    ) throws(VaultError) {
        try logDamage(caller)
        try append(event(caller, reference, version: version, about: job, allowed: allowed, reason: reason), for: caller)
    }

    /// Logs, in a change, that something was done, and has watchers told of it.
    func log(
        _ caller: Caller, _ reference: String, version: Int64? = nil, _ action: ChangeEvent.Action, reason: String
    ) throws(VaultError) {
        try log(caller, reference, version: version, allowed: true, reason: reason)
        caller.draft?.add(ChangeEvent(reference: reference, version: version, action: action))
    }

    /// Writes a line of a change to the audit log. Throws `audit`, and `noSpace` where its disk is full.
    func append(_ line: ChangeDraft.Line) throws(VaultError) {
        do throws(AuditError) { try audit.append(line.event, time: line.time) } catch { throw error.inChange(configuration.auditPath) }
        if let pace, isLimited(line.event.uid) { pace.note(line.event.uid) }
    }

    /// Rows that did not verify since the last line, each told once.
    private func logDamage(_ caller: Caller) throws(VaultError) {
        for report in damage.take() {
            try append(event(caller.doing("verify"), nil, version: nil, about: nil, allowed: false, reason: report), for: caller)
        }
    }

    private func append(_ event: AuditEvent, for caller: Caller) throws(VaultError) {
        if let draft = caller.draft { return draft.add(event) }
        do throws(VaultError) { try append(ChangeDraft.Line(event: event, time: SystemClock.now())) } catch {
            // Of what changes nothing, the log is all that is wanted, and it can't be written.
            guard case .noSpace(let problem) = error else { throw error }
            throw .audit(problem)
        }
    }

    /// The most processes that a line names on the way from the root of a job.
    private static let lineage = 8

    func event(
        _ caller: Caller, _ reference: String?, version: Int64?, about job: Job?, allowed: Bool, reason: String
    ) -> AuditEvent {
        AuditEvent(
            action: caller.action, ref: reference, version: version, uid: caller.uid, gid: caller.gid, pid: caller.pid,
            comm: caller.comm, job: (job ?? caller.job?.job)?.id.description,
            lineage: caller.job?.enclosure.lineage(limit: Self.lineage), allowed: allowed, reason: reason)
    }
}

extension AuditError {
    /// The error for a change that can't be logged.
    func inChange(_ path: String) -> VaultError {
        let problem = "\(path): \(self)"
        return cause == .noSpace ? .noSpace(problem) : .audit(problem)
    }
}
