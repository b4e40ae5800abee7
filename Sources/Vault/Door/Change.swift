// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets

/// The one door for changes of the store.
extension Vault {
    /// Makes a change: all of what `body` does is durable and logged when this returns, everything in this process and in the kernel that
    /// remembered something else has forgotten it, or none of it happened.
    ///
    /// `body` is lent the store and a caller that stands for `caller` in this change: what is logged for it becomes part of the change. It
    /// may run more than once, so it changes nothing but rows, and returns what it has to tell. Of a change that throws, the audit log is
    /// told what was refused, and no more.
    func change<Result>(
        by caller: Caller, _ body: (StoreConnection, Caller) throws(VaultError) -> Result
    ) throws(VaultError) -> (value: Result, changes: ChangeSet) {
        var lacking: [NodeID: HomeUsage] = [:]
        do throws(VaultError) { return try make(by: caller, lacking: &lacking, body) } catch {
            guard try makeRoom(inStoreFor: lacking, by: caller) else { throw error }
        }
        return try make(by: caller, lacking: &lacking, body)
    }

    /// - Parameter lacking: what the change would have added to homes, if it failed since the store's disk is full.
    private func make<Result>(
        by caller: Caller, lacking: inout [NodeID: HomeUsage], _ body: (StoreConnection, Caller) throws(VaultError) -> Result
    ) throws(VaultError) -> (value: Result, changes: ChangeSet) {
        let draft = ChangeDraft()
        var added: [NodeID: HomeUsage] = [:]
        var isLogFull = false
        let made: (value: Result, changes: ChangeSet)
        var carried: [CarriedLine] = []
        var isLogged = false
        let ending = Store.Ending(
            sealing: { store throws(VaultError) in
                store.record(draft.events)
                do throws(VaultError) { carried = try self.carry(draft.lines, in: store) } catch {
                    isLogFull = true
                    throw error
                }
            },
            superseding: { store, error throws(VaultError) in
                let failure = self.event(caller, nil, version: nil, about: nil, allowed: false, reason: "not committed: \(error.words)")
                carried = try self.carry(draft.refusals + [ChangeDraft.Line(event: failure, time: SystemClock.now())], in: store)
            },
            committed: { store in
                isLogged = true
                self.audit.append(carried, of: store.state.generation)
                if let pace = self.pace { for line in draft.lines where self.isLimited(line.event.uid) { pace.note(line.event.uid) } }
            },
            makingRoom: { self.reserves.giveUp() })
        do throws(VaultError) {
            made = try turns.take(of: caller.uid) { () throws(VaultError) in
                let change = { (store: StoreConnection) throws(VaultError) -> Result in
                    draft.begin()
                    defer { added = store.recorder?.homes.changes ?? [:] }
                    let value = try body(store, caller.making(draft))
                    try self.keepWithinQuotas(store, by: caller.making(draft))
                    return value
                }
                return try store.write(change, ending: ending)
            }
        } catch {
            if case .noSpace = error, !isLogFull { lacking = added }
            if !isLogged { for line in draft.refusals { try append(line) } }
            throw error
        }
        draft.noteOpenings()
        reserves.growIfDue()
        if !caller.tellsKernel { caches.observer?.forget(made.changes, by: caller.uid) }
        return made
    }

    /// Makes lines rows of the change that is being made, and drops those that the disk has in the log.
    private func carry(_ lines: [ChangeDraft.Line], in store: StoreConnection) throws(VaultError) -> [CarriedLine] {
        let generation = store.state.generation
        var carried: [CarriedLine] = []
        for (part, line) in lines.enumerated() {
            var event = line.event
            event.generation = generation
            let text = Array(AuditLine.draft(event, time: line.time)[AuditLine.firstChain.count...])
            carried.append(CarriedLine(generation: generation, part: Int64(part), text: text))
        }
        let bytes = carried.reduce(0) { $0 + $1.text.count + AuditLine.chainLength + 1 }
        do throws(AuditError) { try audit.prepare(for: bytes) } catch { throw error.inChange(configuration.auditPath) }
        let covered = audit.covered
        store.state.logEnd = covered.end
        try store.dropLines(upTo: covered.generation)
        try store.carry(carried)
        return carried
    }
}
