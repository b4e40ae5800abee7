internal import Linux
internal import Secrets

/// The one way in which anything is changed.
extension Vault {
    /// Makes a change: all of what `body` does is durable and logged when this returns, everything in this process and in the kernel that
    /// remembered something else has forgotten it, or none of it happened.
    ///
    /// `body` is lent the store and an actor that stands for `actor` in this change: what is logged for it becomes part of the change. It
    /// may run more than once, so it changes nothing but rows, and returns what it has to tell. Of a change that throws, the audit log is told
    /// what was refused, and no more.
    func change<Result>(
        by actor: Actor, _ body: (StoreConnection, Actor) throws(VaultError) -> Result
    ) throws(VaultError) -> (value: Result, changes: ChangeSet) {
        let draft = ChangeDraft()
        let made: (value: Result, changes: ChangeSet)
        var isLogged = false
        do throws(VaultError) {
            made = try store.write { store throws(VaultError) in
                draft.begin()
                let value = try body(store, actor.making(draft))
                try keepWithinQuotas(store, by: actor.making(draft))
                return value
            } sealing: { store throws(VaultError) in
                store.record(draft.events)
                for line in draft.lines {
                    try append(line)
                    isLogged = true
                }
                // What the disk has, not what is written: or else a loss of power after this would look like an end that was cut off.
                do throws(AuditError) { store.state.logEnd = try audit.sync() } catch { throw error.inChange(configuration.auditPath) }
            }
        } catch {
            if isLogged {
                try? log(actor, nil, allowed: false, reason: "not committed: nothing of it was done")
            } else {
                for line in draft.refusals { try append(line) }
            }
            throw error
        }
        draft.noteOpenings()
        reserves.growIfDue()
        if !actor.tellsKernel { caches.observer?.forget(made.changes) }
        return made
    }
}
