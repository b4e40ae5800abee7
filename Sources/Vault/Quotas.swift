internal import Linux
package import Secrets

/// Quotas of homes, and of the variables of a secret (tacitd.8, SHARES AND QUOTAS).
extension Vault {
    /// How many variables a secret may have, and lines an `env` that is written to it; nil for no limit.
    package func mostVariables(of secret: Inode, for actor: Actor) -> Int? {
        guard isLimited(actor.uid) else { return nil }
        guard case .home? = try? place(secret).subject.realm else { return shares.secretItems }
        return shares.homeSecretItems
    }

    /// In a change: refuses so many more variables than a secret may have. Throws `tooMany`.
    func checkVariables(of secret: NodeID, adding count: Int = 1, for actor: Actor, _ store: StoreConnection) throws(VaultError) {
        guard count > 0, let most = mostVariables(of: Inode(secret), for: actor) else { return }
        guard count <= most, try store.variableCount(of: secret, atMost: most) + count <= most else { throw .tooMany(variables: most) }
    }

    /// How many lines a text may have that is written to an `env`: as many as a secret may have variables, or as it has already.
    package func mostLines(of environment: Inode, for actor: Actor) throws(VaultError) -> Int? {
        guard let most = mostVariables(of: environment, for: actor) else { return nil }
        return max(most, try store.read { store throws(VaultError) in try store.variableCount(of: environment.node, atMost: .max) })
    }

    /// Refuses what a home has no room for while its bytes come: at write(2), since a shell ignores an error of close(2). What a commit
    /// would destroy is taken for gone; where only that can tell how much it is, nothing is refused here. Throws `quota`.
    ///
    /// - Parameter bytes: of the value, or of all values in a text of `env`.
    package func checkRoom(for bytes: Int, in target: WriteTarget, by actor: Actor) throws(VaultError) {
        guard let most = shares.homeSize, isLimited(actor.uid), let home = try homeOf(target.folder),
            let known = caches.homes.usage(of: home), known.bytes + Int64(bytes) > most
        else { return }
        let gone = try store.read { store throws(VaultError) in
            try store.restorable(in: home).bytes + store.bytesDestroyed(byWritingTo: target, keeping: configuration.versionLimit)
        }
        guard known.bytes - gone + Int64(bytes) <= most else { throw Self.full(home, shares) }
    }

    /// The same of one more item, at creat(2).
    func checkRoomForItem(in folder: Inode, for actor: Actor) throws(VaultError) {
        guard let most = shares.homeItems, isLimited(actor.uid), let home = try homeOf(folder), let known = caches.homes.usage(of: home),
            known.items + 1 > most
        else { return }
        let gone = try store.read { store throws(VaultError) in try store.restorable(in: home).items }
        guard known.items - gone + 1 <= most else { throw Self.full(home, shares) }
    }

    private func homeOf(_ inode: Inode) throws(VaultError) -> NodeID? {
        guard let place = try? place(inode), case .home = place.subject.realm else { return nil }
        return place.scope
    }

    /// In a change, when all else of it is done: destroys what was deleted from the homes that it adds to, the oldest first, until they are
    /// within their quotas. Throws `quota` if that does not suffice.
    func keepWithinQuotas(_ store: StoreConnection, by actor: Actor) throws(VaultError) {
        for (home, change) in store.recorder?.homes.changes ?? [:] {
            guard change.bytes > 0 || change.items > 0, let uid = home.homeUID, isLimited(uid) else { continue }
            var usage = try store.usage(of: home, caches.homes)
            while exceeds(change.bytes, usage.bytes, shares.homeSize) || exceeds(change.items, usage.items, shares.homeItems) {
                guard let oldest = try store.oldestDeleted(from: home) else { throw Self.full(home, shares) }
                let remover = actor.doing("expire")
                try destroy(oldest.node, by: remover, store)
                try log(
                    remover, Place.reference(oldest.components), .destroyed,
                    reason: "destroyed to make room in its home, was deleted at \(Clock.rfc3339(oldest.time))")
                usage = try store.usage(of: home, caches.homes)
            }
        }
    }

    private func exceeds(_ added: Int64, _ used: Int64, _ most: Int?) -> Bool {
        guard let most else { return false }
        return added > 0 && used > most
    }

    private static func full(_ home: NodeID, _ shares: Shares) -> VaultError {
        let limits = [shares.homeSize.map { "\($0) bytes" }, shares.homeItems.map { "\($0) items" }].compactMap { $0 }
        return .quota("a home holds at most \(limits.joined(separator: " and ")), former versions included")
    }
}

extension WriteTarget {
    /// Something in the same home.
    fileprivate var folder: Inode {
        switch self {
        case .item(let inode), .environment(let inode, _): inode
        case .new(_, _, let parent): parent
        }
    }
}
