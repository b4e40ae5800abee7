internal import Linux
internal import Secrets

/// The decision and its line in the audit log. Nothing else in the vault compares a uid.
extension Vault {
    /// Inside a job nobody owns the store.
    func identity(of actor: Actor) -> Identity {
        Identity(uid: actor.uid, gid: actor.gid, ownsStore: actor.job == nil && actor.uid == configuration.ownerUID)
    }

    /// Decides; says nothing to the audit log. For what only looks at names, and for questions (`why`).
    func decision(_ right: Rights, on place: Place, for actor: Actor) -> Decision {
        if let membership = actor.job { return decision(right, on: place, in: membership.job, membership.mode) }
        do {
            return try decide(right, on: place.subject, for: identity(of: actor), groups: actor.groups)
        } catch {
            // Its groups can't be read: the caller is gone, or hidden from us; or they can't be read now.
            return Decision(allowed: false, reason: error.isShortage ? .shortage(error.rawValue) : .unknownCaller)
        }
    }

    func allows(_ right: Rights, on place: Place, for actor: Actor) -> Bool {
        decision(right, on: place, for: actor).allowed
    }

    /// Whether the actor may see all that is in a place, and what is said of it: not who may but pass through it.
    func listsAll(of place: Place, for actor: Actor) -> Bool {
        let decision = decision(.list, on: place, for: actor)
        return decision.allowed && decision.reason != .everybody && decision.reason != .wayOfJob
    }

    /// Decides, and logs a refusal before it is thrown. What is allowed is logged by `log` with what came of it.
    @discardableResult
    func authorize(
        _ right: Rights, on place: Place, for actor: Actor, reference: String? = nil, version: Int64? = nil, refusingAs told: Reason? = nil
    ) throws(VaultError) -> Decision {
        let decision = decision(right, on: place, for: actor)
        guard decision.allowed else {
            if case .shortage(let error) = decision.reason { throw .exhausted(Errno(rawValue: error), "the caller can't be told") }
            let reason = told ?? decision.reason
            try log(actor, reference ?? place.reference, version: version, allowed: false, reason: "\(reason)")
            throw .denied(reason)
        }
        return decision
    }

    /// Refuses what is not there as it would be refused if it were, and logs it: unless the actor may list the folder, and so may know.
    func authorizeMissing(_ reference: String, in folder: Place, _ right: Rights, for actor: Actor) throws(VaultError) {
        if !listsAll(of: folder, for: actor) { try authorize(right, on: folder, for: actor, reference: reference) }
    }

    /// Refuses a caller who can't be told for certain: logs it, and throws `denied`.
    package func refuseUnknown(_ actor: Actor) throws(VaultError) -> Never {
        try log(actor, nil, allowed: false, reason: "\(Reason.unknownCaller)")
        throw .denied(.unknownCaller)
    }

    /// Whether the actor is root, or the user who runs the daemon.
    package func isOwner(_ actor: Actor) -> Bool { identity(of: actor).ownsStore }

    /// Any of these rights will do; the refusal of the first is the one that is told.
    @discardableResult
    func authorize(
        anyOf rights: [Rights], on place: Place, for actor: Actor, reference: String? = nil, refusingAs told: Reason? = nil
    ) throws(VaultError) -> Decision {
        for right in rights.dropFirst() {
            let decision = decision(right, on: place, for: actor)
            if decision.allowed { return decision }
        }
        guard let first = rights.first else { throw .denied(.noGrant) }
        return try authorize(first, on: place, for: actor, reference: reference, refusingAs: told)
    }

    /// Writes a line to the audit log; throws `audit` if that fails, and then nothing may be done or handed out. In a change, the line
    /// becomes part of it.
    ///
    /// `about`: the job that it is about, where that is not the actor's own.
    func log(
        _ actor: Actor, _ reference: String?, version: Int64? = nil, about job: Job? = nil, allowed: Bool, reason: String
    ) throws(VaultError) {
        try logDamage(actor)
        try append(event(actor, reference, version: version, about: job, allowed: allowed, reason: reason), for: actor)
    }

    /// Logs, in a change, that something was done, and has watchers told of it.
    func log(
        _ actor: Actor, _ reference: String, version: Int64? = nil, _ action: ChangeEvent.Action, reason: String
    ) throws(VaultError) {
        try log(actor, reference, version: version, allowed: true, reason: reason)
        actor.draft?.add(ChangeEvent(reference: reference, version: version, action: action))
    }

    /// Writes a line of a change to the audit log. Throws `audit`, and `noSpace` where its disk is full.
    func append(_ line: ChangeDraft.Line) throws(VaultError) {
        do throws(AuditError) { try audit.append(line.event, time: line.time) } catch { throw error.inChange(configuration.auditPath) }
        if let pace, isLimited(line.event.uid) { pace.note(line.event.uid) }
    }

    /// Rows that did not verify since the last line, each told once.
    private func logDamage(_ actor: Actor) throws(VaultError) {
        for report in damage.take() {
            try append(event(actor.doing("verify"), nil, version: nil, about: nil, allowed: false, reason: report), for: actor)
        }
    }

    private func append(_ event: AuditEvent, for actor: Actor) throws(VaultError) {
        if let draft = actor.draft { return draft.add(event) }
        do throws(VaultError) { try append(ChangeDraft.Line(event: event, time: Clock.now())) } catch {
            // Of what changes nothing, the log is all that is wanted, and it can't be written.
            guard case .noSpace(let problem) = error else { throw error }
            throw .audit(problem)
        }
    }

    /// The most processes that a line names on the way from the root of a job.
    private static let lineage = 8

    func event(
        _ actor: Actor, _ reference: String?, version: Int64?, about job: Job?, allowed: Bool, reason: String
    ) -> AuditEvent {
        AuditEvent(
            action: actor.action, ref: reference, version: version, uid: actor.uid, gid: actor.gid, pid: actor.pid,
            comm: actor.comm, job: (job ?? actor.job?.job)?.id.description,
            lineage: actor.job?.enclosure.lineage(limit: Self.lineage), allowed: allowed, reason: reason)
    }
}

extension AuditError {
    /// What it is to a change that can't be logged.
    func inChange(_ path: String) -> VaultError {
        let problem = "\(path): \(self)"
        return cause == .noSpace ? .noSpace(problem) : .audit(problem)
    }
}
