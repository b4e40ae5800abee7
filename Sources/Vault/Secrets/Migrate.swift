// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// The secrets that a migration copied, or would copy.
package struct Migrated: Sendable {
    package struct Secret: Sendable {
        package let from: Reference
        package let to: Reference
        /// How many items it has.
        package let items: Int
        /// Whether there was a secret of that name already.
        package let exists: Bool
    }

    package internal(set) var secrets: [Secret] = []
}

/// Copying all secrets of a scope, as `copy` does, in one transaction.
extension Vault {
    /// Copies every secret of an organization, of `@org`, a project, a target or a home to another such scope; an organization's go to
    /// the scopes of the same names in the other, which are made if they are not there.
    ///
    /// Takes `list` on the scope, `read` on each item and `write` where they go. Secrets that are there already refuse all of it
    /// (`conflict`), unless `overwrite`. With `dryRun`, tells what would be done, conflicts included, and opens nothing. `progress` is told
    /// how many secrets are done, and of how many. Throws what `copy` does, as `about` the secret.
    package func migrate(
        _ from: Reference, to: Reference, overwrite: Bool, dryRun: Bool, by caller: Caller, progress: (_ done: Int, _ total: Int) -> Void
    ) throws(VaultError) -> Migrated {
        let source = try concerning(from) { () throws(VaultError) in try resolve(from, for: caller) }
        let destination = try concerning(to) { () throws(VaultError) in try resolve(to, for: caller) }
        let caller = caller.doing("copy")
        if dryRun {
            return try store.read { store throws(VaultError) in
                try store.snapshot { () throws(VaultError) in
                    let plan = try self.plan(from: source, to: destination, for: caller, store)
                    return Migrated(secrets: plan.flatMap(\.secrets).map(\.told))
                }
            }
        }
        return try change(by: caller) { store, caller throws(VaultError) -> Migrated in
            let plan = try self.plan(from: source, to: destination, for: caller, store)
            let migrated = Migrated(secrets: plan.flatMap(\.secrets).map(\.told))
            let conflicts = migrated.secrets.filter(\.exists)
            if !overwrite, let first = conflicts.first {
                let others = conflicts.count == 1 ? "" : ", and so do \(conflicts.count - 1) more"
                throw .about(first.to, .conflict("it exists already\(others)"))
            }
            let change = Change(store: store, caller: caller, now: SystemClock.now())
            try self.carryOut(plan, change, progress)
            return migrated
        }.value
    }

    /// The secrets of one folder of secrets.
    private struct ScopePlan {
        /// Where they go; nil if that is made, in the organization.
        let folder: Place?
        let name: [UInt8]
        let organization: Place?
        let secrets: [SecretPlan]
    }

    private struct SecretPlan {
        let name: [UInt8]
        let like: NodeRow
        let source: Place
        let items: [(from: Openable, to: ItemPath)]
        let existing: Place?
        let to: Reference

        var told: Migrated.Secret {
            Migrated.Secret(from: source.exactReference, to: to, items: items.count, exists: existing != nil)
        }
    }

    private func plan(
        from source: Inode, to destination: Inode, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) -> [ScopePlan] {
        guard let from = try store.place(source), let to = try store.place(destination) else { throw .notFound }
        guard source != destination else { throw .notPermitted("a migration goes to another scope") }
        // Else a refusal would name what may not be seen, and an empty secret would be copied unseen.
        try authorize(.list, on: from, for: caller)
        if from.holdsSecrets, to.holdsSecrets {
            return [try plan(from, to: to, name: to.path.last ?? [], in: nil, for: caller, store)]
        }
        guard from.kind == .organization, to.kind == .organization else {
            throw .notPermitted("a \(from.kind.word) can't be migrated to a \(to.kind.word)")
        }
        var plans: [ScopePlan] = []
        // A target needs its project.
        for kind in [NodeKind.shared, .project, .target] {
            for node in try store.children(of: source.node, kind: kind) {
                guard let scope = try store.place(Inode(node.id)) else { throw .notFound }
                var place: Place?
                if let folder = try store.child(of: destination.node, named: node.name, variable: false) {
                    place = try store.place(Inode(folder.id))
                }
                plans.append(try plan(scope, to: place, name: node.name, in: to, for: caller, store))
            }
        }
        return plans
    }

    private func plan(
        _ from: Place, to folder: Place?, name: [UInt8], in organization: Place?, for caller: Caller, _ store: StoreConnection
    ) throws(VaultError) -> ScopePlan {
        // A scope that is made takes what it inherits, and one that may not be seen is refused as if it were made.
        let isSeen = if let folder { try maySee(folder, caller, store) } else { false }
        if !isSeen, let organization {
            try authorize(anyOf: [.write, .manage], on: organization, for: caller, reference: organization.reference(to: name))
        }
        let path = folder?.path ?? (organization?.path ?? []) + [name]
        var secrets: [SecretPlan] = []
        for node in try store.children(of: from.inode.node, kind: .secret) {
            do throws(VaultError) {
                guard let source = try store.place(Inode(node.id)) else { throw .notFound }
                secrets.append(try plan(source, node, to: folder, path, in: organization, for: caller, store))
            } catch { throw error.concerning(Reference(components: from.path + [node.name])) }
        }
        return ScopePlan(folder: folder, name: name, organization: organization, secrets: secrets)
    }

    private func plan(
        _ source: Place, _ node: NodeRow, to folder: Place?, _ path: [[UInt8]], in organization: Place?, for caller: Caller,
        _ store: StoreConnection
    ) throws(VaultError) -> SecretPlan {
        let to = Reference(components: path + [node.name])
        if let folder {
            let plan = try planSecret(source, to: node.name, in: folder, overwrite: true, for: caller, store)
            var existing: Place?
            if case .existing(let place) = plan.target { existing = place }
            return SecretPlan(name: node.name, like: node, source: source, items: plan.items, existing: existing, to: to)
        }
        guard let organization else { throw .notFound }
        var items: [(from: Openable, to: ItemPath)] = []
        for item in try copyable(in: source, for: caller, store) { items.append((item, try ItemPath(item.name))) }
        try authorize(.write, on: organization, for: caller, reference: "\(to)")
        return SecretPlan(name: node.name, like: node, source: source, items: items, existing: nil, to: to)
    }

    private func carryOut(
        _ plan: [ScopePlan], _ change: Change, _ progress: (_ done: Int, _ total: Int) -> Void
    ) throws(VaultError) {
        let total = plan.reduce(0) { $0 + $1.secrets.count }
        var done = 0
        for scope in plan {
            let folder =
                if let known = scope.folder { known } else { try insertScope(scope.name, in: scope.organization, change) }
            for secret in scope.secrets {
                progress(done, total)
                let target: CopyPlan.Target =
                    if let existing = secret.existing { .existing(existing) } else {
                        .new(name: secret.name, in: folder, like: secret.like)
                    }
                var applied = Applied()
                do throws(VaultError) {
                    try carryOut(CopyPlan(source: secret.source, items: secret.items, target: target), change, &applied)
                } catch { throw error.concerning(secret.source.exactReference) }
                done += 1
            }
        }
        progress(done, total)
    }

    /// A project, a target or `@org`, as in another organization.
    private func insertScope(
        _ name: [UInt8], in organization: Place?, _ change: Change
    ) throws(VaultError) -> Place {
        guard let organization else { throw .notFound }
        let kind = try kind(ofNew: name, in: organization)
        let store = change.store
        let node = NodeRow(
            id: try store.takeNodeID(), uuid: NodeRow.newUUID(), parent: organization.inode.node, kind: kind, name: name,
            created: change.now, changed: change.now)
        try store.insert(node)
        try store.touch(organization.inode.node, now: change.now)
        try log(change.caller, organization.reference(to: name), .made, reason: "made: \(kind.word)")
        guard let place = try store.place(Inode(node.id)) else { throw .corrupt("\(organization.reference): a new folder is not in it") }
        return place
    }
}
