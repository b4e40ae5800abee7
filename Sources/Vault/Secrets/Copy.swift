// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets
internal import Sodium

/// Copying inside of the vault: values are decrypted and sealed again, and shown to nobody.
extension Vault {
    /// The plan of a copy, after the decisions.
    struct CopyPlan {
        /// The secret, or the item or folder of one.
        let source: Place
        let items: [(from: Openable, to: ItemPath)]
        let target: Target

        enum Target {
            /// A secret to be made, with the description and the policy of the other one.
            case new(name: [UInt8], in: Place, like: NodeRow)
            case existing(Place)
        }

        /// The secret that is written to.
        var reference: Reference {
            switch target {
            case .new(let name, let folder, _): Reference(components: folder.path + [name])
            case .existing(let place): place.exactReference
            }
        }
    }

    /// Copies the current versions of a secret, an item or a folder of files. Grants and older versions are not copied; the policy and
    /// the description of a secret are, if a new one is made.
    ///
    /// With `overwrite`, what is there gets new versions, and what else is there stays. Takes `read` on each item, `list` on a secret
    /// of which a new one is made, `write` where they go, and the root key. Throws `denied` (logged), `locked` (logged), `exists`,
    /// `notFound`, `isAFolder`, `notAFolder`, `invalidName`, `invalidValue` (a file that can't be a variable), `notPermitted`, `corrupt`.
    /// Nothing is copied then.
    package func copy(_ from: Reference, to: Reference, overwrite: Bool, by caller: Caller) throws(VaultError) -> Applied {
        // A secret that holds one item stands for it where an item is meant.
        let isItem = Self.split(to)?.item != nil
        let inode = try concerning(from) { () throws(VaultError) in try resolve(from, item: isItem, for: caller) }
        let caller = caller.doing("copy")
        return try change(by: caller) { store, caller throws(VaultError) -> Applied in
            guard let place = try store.place(inode) else { throw .about(from, .notFound) }
            return try concerning(to) { () throws(VaultError) in
                let plan = try self.plan(place, to: Self.path(to, for: caller), overwrite: overwrite, for: caller, store)
                let change = Change(store: store, caller: caller, now: SystemClock.now())
                var applied = Applied()
                try self.carryOut(plan, change, &applied)
                return applied
            }
        }.value
    }

    private func plan(
        _ source: Place, to path: [[UInt8]], overwrite: Bool, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) -> CopyPlan {
        guard source.exactReference.components != path else { throw .notPermitted("a copy goes to another place") }
        if source.kind == .secret, source.inode.facet == .itself {
            guard let name = path.last else { throw .invalidName("a secret has a name") }
            let folder = try seen(Array(path.dropLast()), for: caller, store)
            return try planSecret(source, to: name, in: folder, overwrite: overwrite, for: caller, store)
        }
        guard source.inode.facet == .itself, source.kind.isItem || source.kind == .folder else {
            throw .about(source.exactReference, .notPermitted("a secret, an item or a folder of files can be copied"))
        }
        // The secret that it goes to is there: three names, a home's one of them.
        guard path.count > 3 else { throw .notPermitted("an item goes to vars/NAME or files/PATH of a secret") }
        let secret = try seen(Array(path.prefix(3)), for: caller, store)
        guard secret.kind == .secret else { throw .notPermitted("an item goes to vars/NAME or files/PATH of a secret") }
        let destination = Array(path.dropFirst(3))
        var items: [(from: Openable, to: ItemPath)] = []
        for item in try copyable(in: source, for: caller, store) {
            items.append((item, try ItemPath(destination + item.name.dropFirst(source.inSecret.count))))
        }
        return try authorized(CopyPlan(source: source, items: items, target: .existing(secret)), overwrite: overwrite, for: caller, store)
    }

    /// A whole secret, to a folder of secrets that is there.
    func planSecret(
        _ source: Place, to name: [UInt8], in folder: Place, overwrite: Bool, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) -> CopyPlan {
        guard folder.holdsSecrets else { throw .notPermitted("a secret lies in a project, a target, @org or a home") }
        try Name.checking(name, as: .secret)
        var items: [(from: Openable, to: ItemPath)] = []
        for item in try copyable(in: source, for: caller, store) { items.append((item, try ItemPath(item.name))) }
        guard let node = try store.node(source.inode.node) else { throw .notFound }
        guard let existing = try store.child(of: folder.inode.node, named: name, variable: false) else {
            // Its description and its policy go with it, and are for who may list all of it.
            try concerning(source.exactReference) { () throws(VaultError) in _ = try authorize(.list, on: source, for: caller) }
            try authorize(.write, on: folder, for: caller, reference: folder.reference(to: name))
            return CopyPlan(source: source, items: items, target: .new(name: name, in: folder, like: node))
        }
        guard let place = try store.place(Inode(existing.id)) else { throw .notFound }
        let plan = CopyPlan(source: source, items: items, target: .existing(place))
        // A place that the caller may not see is refused like one that is not there.
        guard overwrite, try maySee(place, caller, store) else {
            try authorize(.write, on: folder, for: caller, reference: folder.reference(to: name))
            throw .exists
        }
        return try authorized(plan, overwrite: true, for: caller, store)
    }

    /// The items in what is to be copied, each of which the caller may read.
    func copyable(in source: Place, for caller: Caller, _ store: StoreConnection) throws(VaultError) -> [Openable] {
        try concerning(source.exactReference) { () throws(VaultError) in try openable(in: source, for: caller, store) }
    }

    private func authorized(
        _ plan: CopyPlan, overwrite: Bool, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) -> CopyPlan {
        guard case .existing(let secret) = plan.target else { return plan }
        for item in plan.items {
            let (existing, folder) = try locate(item.to, in: secret, store)
            if let existing {
                guard let place = try store.place(Inode(existing.id)) else { throw .notFound }
                try authorize(.write, on: place, for: caller)
                if !overwrite { throw .exists }
            } else {
                try authorize(.write, on: folder, for: caller, reference: secret.reference(to: item.to))
            }
        }
        return plan
    }

    func carryOut(_ plan: CopyPlan, _ change: Change, _ applied: inout Applied) throws(VaultError) {
        let secret: Place
        switch plan.target {
        case .existing(let place): secret = place
        case .new(let name, let folder, let like):
            secret = try insertSecret(name, in: folder, description: like.description, type: like.type, policy: like.policy, change)
        }
        for item in plan.items {
            let reason = "\(item.from.decision.reason), copied to \(secret.reference(to: item.to))"
            let value = try value(of: item.from, reason: reason, for: change.caller, change.store)
            try value.withBytes { value throws(VaultError) in try self.put(value, at: item.to, in: secret, change, &applied) }
        }
    }
}
