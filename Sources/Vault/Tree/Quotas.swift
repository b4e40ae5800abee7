// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// Quotas of homes, and of the variables of a secret (tacitd(8), SHARES AND QUOTAS).
extension Vault {
    /// How many variables a secret may have, and lines an `env` that is written to it; nil for no limit.
    package func mostVariables(of secret: Inode, for caller: Caller) -> Int? {
        guard isLimited(caller.uid), let place = try? place(secret) else { return nil }
        return mostVariables(in: place.subject.realm)
    }

    private func mostVariables(in realm: Realm) -> Int? {
        if case .home = realm { shares.homeSecretItems } else { shares.secretItems }
    }

    /// At creat(2): refuses one more variable than a secret may have. Throws `tooMany`.
    func checkRoomForVariable(in secret: Inode, for caller: Caller) throws(VaultError) {
        guard let most = mostVariables(of: secret, for: caller) else { return }
        let count = try store.read { store throws(VaultError) in try store.variableCount(of: secret.node, atMost: most) }
        guard count < most else { throw .tooMany(variables: most) }
    }

    /// In a change that has just added a variable to a secret: refuses it if those that the change adds are too many by themselves, so that
    /// not all of them are made for nothing. Throws `tooMany`.
    func checkAddedVariables(of secret: NodeID, for caller: Caller, _ store: StoreConnection) throws(VaultError) {
        guard isLimited(caller.uid), let added = store.recorder?.homes.variables[secret] else { return }
        // Of fewer it need not be known where they are.
        let least = [shares.homeSecretItems, shares.secretItems].compactMap { $0 }.min() ?? .max
        guard added > least else { return }
        guard let most = try mostVariables(of: secret, store), added > most else { return }
        throw .tooMany(variables: most)
    }

    /// In a change, when all else of it is done: refuses it if secrets that it added variables to have more of them than they may have.
    /// Throws `tooMany`.
    private func checkVariables(_ store: StoreConnection, for caller: Caller) throws(VaultError) {
        guard isLimited(caller.uid) else { return }
        for secret in (store.recorder?.homes.variables ?? [:]).keys {
            guard let most = try mostVariables(of: secret, store) else { continue }
            guard try store.variableCount(of: secret, atMost: most + 1) <= most else { throw .tooMany(variables: most) }
        }
    }

    /// As the change that goes on sees the secret: it may have made it.
    private func mostVariables(of secret: NodeID, _ store: StoreConnection) throws(VaultError) -> Int? {
        guard let place = try store.place(Inode(secret)) else { return nil }
        return mostVariables(in: place.subject.realm)
    }

    /// How many lines a text may have that is written to an `env`: as many as a secret may have variables, or as it has already.
    package func mostLines(of environment: Inode, for caller: Caller) throws(VaultError) -> Int? {
        guard let most = mostVariables(of: environment, for: caller) else { return nil }
        return max(most, try store.read { store throws(VaultError) in try store.variableCount(of: environment.node, atMost: .max) })
    }

    /// Refuses what a home has no room for while its bytes come: at write(2), since a shell ignores an error of close(2). What a commit
    /// would destroy is taken for gone; where only that can tell how much it is, nothing is refused here. Throws `quota`.
    ///
    /// - Parameter bytes: of the value, or of all values in a text of `env`.
    package func checkRoom(for bytes: Int, in target: WriteTarget, by caller: Caller) throws(VaultError) {
        guard let most = shares.homeSize, isLimited(caller.uid), let home = try homeOf(target.folder),
            let known = caches.homes.usage(of: home), known.bytes + Int64(bytes) > most
        else { return }
        let gone = try store.read { store throws(VaultError) in
            try store.restorable(in: home).bytes + store.bytesDestroyed(byWritingTo: target, keeping: configuration.versionLimit)
        }
        guard known.bytes - gone + Int64(bytes) <= most else { throw Self.full(home, shares) }
    }

    /// The same of one more item, at creat(2).
    func checkRoomForItem(in folder: Inode, for caller: Caller) throws(VaultError) {
        guard let most = shares.homeItems, isLimited(caller.uid), let home = try homeOf(folder), let known = caches.homes.usage(of: home),
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
    /// within their quotas. Throws `quota` if that would not suffice, and then has destroyed nothing; `tooMany` of a secret's variables.
    func keepWithinQuotas(_ store: StoreConnection, by caller: Caller) throws(VaultError) {
        try checkVariables(store, for: caller)
        for (home, change) in store.recorder?.homes.changes ?? [:] {
            guard change.bytes > 0 || change.items > 0, let uid = home.homeUID, isLimited(uid) else { continue }
            let usage = try store.usage(of: home, caches.homes)
            guard exceeds(change, usage) else { continue }
            guard !exceeds(change, usage - (try store.restorable(in: home))) else { throw Self.full(home, shares) }
            try makeRoom(in: home, for: change, store, by: caller.doing("expire"))
        }
    }

    /// Everybody's changes wait while this goes on, so the list is asked for once.
    private func makeRoom(in home: NodeID, for change: HomeUsage, _ store: StoreConnection, by remover: Caller) throws(VaultError) {
        for node in try store.deletedNodes(from: home) {
            guard exceeds(change, try store.usage(of: home, caches.homes)) else { return }
            // It may have gone with another.
            guard let oldest = try store.deletedRow(of: node) else { continue }
            try destroy(node, by: remover, store)
            try log(
                remover, Place.reference(oldest.components), .destroyed,
                reason: "destroyed to make room in its home, was deleted at \(SystemClock.rfc3339(oldest.time))")
        }
        guard !exceeds(change, try store.usage(of: home, caches.homes)) else { throw Self.full(home, shares) }
    }

    /// On a full disk: destroys what was deleted longest ago from the homes that a change adds to, as much as it adds and some more, for
    /// what is stored beside values. False if nothing was.
    func makeRoom(inStoreFor added: [NodeID: HomeUsage], by caller: Caller) throws(VaultError) -> Bool {
        let homes = added.filter { $1.bytes > 0 || $1.items > 0 }
        guard !homes.isEmpty else { return false }
        let isAny = try store.read { store throws(VaultError) in
            for home in homes.keys {
                if try !store.deletedNodes(from: home).isEmpty { return true }
            }
            return false
        }
        guard isAny else { return false }
        let isMade = try fromReserve { () throws(VaultError) in
            try change(by: caller.doing("expire")) { store, remover throws(VaultError) -> Bool in
                var isMade = false
                for (home, added) in homes {
                    let before = try store.usage(of: home, self.caches.homes)
                    for node in try store.deletedNodes(from: home) {
                        let usage = try store.usage(of: home, self.caches.homes)
                        guard before.bytes - usage.bytes < added.bytes + Self.besideValues else { break }
                        guard let oldest = try store.deletedRow(of: node) else { continue }
                        try self.destroy(node, by: remover, store)
                        try self.log(
                            remover, Place.reference(oldest.components), .destroyed,
                            reason: "destroyed to make room in the store, was deleted at \(SystemClock.rfc3339(oldest.time))")
                        isMade = true
                    }
                }
                return isMade
            }.value
        }
        if isMade { store.scrub() }
        return isMade
    }

    /// Bytes of rows and pages that a change writes beside its values.
    private static let besideValues: Int64 = 64 << 10

    private func exceeds(_ added: HomeUsage, _ used: HomeUsage) -> Bool {
        func exceeds(_ added: Int64, _ used: Int64, _ most: Int?) -> Bool { most.map { added > 0 && used > $0 } ?? false }
        return exceeds(added.bytes, used.bytes, shares.homeSize) || exceeds(added.items, used.items, shares.homeItems)
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
