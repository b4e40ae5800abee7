// SPDX-License-Identifier: MIT

/// The one door to the values.
///
/// Everything that reads, changes or shares a secret goes through `Vault`, whatever the way in: the file system, the control
/// socket, later others. It decides (`Secrets.decide`), logs (`AuditLog`), and only then does what is asked, in one
/// transaction of the store. Nothing below it knows who is asking; nothing above it holds a key.
///
/// Words: an *inode* names a place in the tree (`Secrets.Inode`), a *caller* is who asks (`Caller`), a *place* is an inode with
/// all that decides about it (`Place`), a *snapshot* is one decrypted version (`Snapshot`).
///
/// Guarantees: no value leaves without a line in the audit log that was written before; a change is durable, whole and logged
/// when the call returns, or did not happen; no row that does not verify is believed.
internal import Linux
internal import Secrets
internal import Sodium
internal import Synchronization

package final class Vault: Sendable {
    let configuration: VaultConfiguration
    let store: Store
    let seals: Seals
    let caches = Caches()
    let membershipCache = MembershipCache()
    let aclCommands = ACLCommands()
    let makers = Makers()
    let formerNames = FormerNames()
    let removals = Removals()
    let jobs = Jobs()
    let audit: AuditLog
    let damage: DamageReports
    let watched: WatchedTime
    let reserves: Reserves
    let pace: Pace?
    let turns = Turns()
    let counts = StatusCounts()
    /// Set by `close`, which waits for a sweep that goes on.
    let closed = Mutex(false)
    /// Held until `close`: no other process opens the store.
    private let lock: FileDescriptor

    /// Microseconds since the epoch.
    package let started: Int64

    var places: Places { caches.places }
    var keyring: Keyring { caches.keyring }

    /// Opens the store and the audit log, and unlocks with the configured root key if there is one: without, it starts locked.
    ///
    /// Throws `storage` or `corrupt` if the store, the node key or the audit log can't be used, `wrongKey` if there is a root key
    /// and it belongs to another store.
    package init(_ configuration: VaultConfiguration) throws(VaultError) {
        self.configuration = configuration
        started = SystemClock.now()
        lock = try KeyFile.lock(configuration.nodeKeyPath)
        let nodeKey = try KeyFile.read(configuration.nodeKeyPath)
        let seals = try sodium { () throws(SodiumError) in try Seals(nodeKey: nodeKey) }
        let damage = DamageReports()
        self.seals = seals
        self.damage = damage
        pace = configuration.shares.auditRate.map { Pace(rate: $0) }
        let reserves = Reserves(configuration)
        let caches = caches
        self.reserves = reserves
        store = try Self.openStore(configuration, reserves) { () throws(VaultError) in
            try Store(path: configuration.storePath, logLimit: reserves.logLimit, seals: seals, caches: caches, report: { damage.note($0) })
        }
        reserves.grow()
        watched = try store.read { store throws(VaultError) in
            WatchedTime(after: try store.watchRow(), latest: try store.deletedRows().compactMap(\.watched).max() ?? 0)
        }
        audit = try reserves.lending { [store] () throws(VaultError) in
            do throws(AuditError) {
                return try AuditLog(
                    path: configuration.auditPath, key: seals.auditKey, anchor: store.logEnd, carried: store.carriedLines,
                    report: { damage.note($0) })
            } catch { throw error.inChange(configuration.auditPath) }
        }
        try unlockAtStart()
    }

    /// Writes everything out, for a clean stop. The vault must not be used any more.
    package func close() throws(VaultError) {
        closed.withLock { $0 = true }
        keyring.lock()
        audit.close()
        defer { lock.unlock() }
        do throws(AuditError) { try audit.sync() } catch { throw .audit("\(configuration.auditPath): \(error)") }
        try fromReserve { () throws(VaultError) in
            _ = try change(by: daemon("stop")) { store, _ throws(VaultError) in try store.setWatchRow(self.watched.row) }
        }
        do throws(VaultError) { try store.checkpoint() } catch {
            // On a full disk the changes stay in the store's log, which the next start reads.
            guard case .noSpace = error else { throw error }
        }
    }

    /// Has `body` called, once, when nothing can be read or changed any more: a change failed, and it is not known whether it was made.
    package func whenEnded(_ body: @escaping @Sendable () -> Void) { store.whenEnded(body) }

    /// Opens the audit log's file anew, for logrotate(8).
    package func reopenAudit() throws(VaultError) {
        try fromReserve { () throws(VaultError) in
            do throws(AuditError) { try audit.reopen() } catch { throw error.inChange(configuration.auditPath) }
        }
        try fromReserve { () throws(VaultError) in _ = try change(by: daemon("rotate")) { _, _ throws(VaultError) in } }
    }

    /// The place of an inode; throws `notFound`.
    func place(_ inode: Inode) throws(VaultError) -> Place {
        if let kept = places.place(inode) { return kept }
        let generation = places.generation
        guard let place = try store.read({ store throws(VaultError) in try store.place(inode) }) else { throw .notFound }
        places.keep(place, generation: generation)
        return place
    }

    /// The daemon itself, where it does something that nobody asked for.
    func daemon(_ action: String) -> Caller {
        Caller(uid: ThisProcess.uid, gid: ThisProcess.gid, pid: ThisProcess.id, comm: Array("tacitd".utf8), action: action, groups: { [] })
    }
}
