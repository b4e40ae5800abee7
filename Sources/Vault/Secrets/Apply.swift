// SPDX-License-Identifier: MIT

internal import Linux
package import Secrets

/// A change of one secret, as part of a change that is made as a whole or not at all.
package struct SecretChange: Sendable {
    package enum Mode: Sendable {
        /// The secret must not exist yet.
        case create
        /// It must exist.
        case update
        /// It is made if it does not exist.
        case either
    }

    /// `acme/web/db`, or `user/mail`.
    package var reference: Reference
    package var mode: Mode
    /// Nil leaves it as it is; empty means that there is none. See `Vault.maximumDescription`.
    package var description: [UInt8]?
    /// Nil leaves it as it is; empty means that there is none. See `Vault.maximumType`.
    package var type: [UInt8]?
    /// Nil leaves it as it is.
    package var policy: AccessPolicy.Change?
    /// Whether items that are not named are removed.
    package var replacesItems: Bool
    package var items: [ItemChange]

    package init(
        _ reference: Reference, mode: Mode, description: [UInt8]? = nil, type: [UInt8]? = nil, policy: AccessPolicy.Change? = nil,
        replacesItems: Bool = false, items: [ItemChange] = []
    ) {
        self.reference = reference
        self.mode = mode
        self.description = description
        self.type = type
        self.policy = policy
        self.replacesItems = replacesItems
        self.items = items
    }

    /// One of its items, by the item's name.
    func reference(to item: [UInt8]) -> Reference {
        Reference(components: reference.components + item.split(separator: UInt8(ascii: "/")).map { Array($0) })
    }
}

/// A change of one item of a secret.
package struct ItemChange: Sendable {
    package enum Action: Sendable {
        /// These bytes of the values are its next version, exactly: no newline is dropped.
        case set(Range<Int>)
        /// It is deleted, and can be restored.
        case remove
    }

    /// `vars/NAME` or `files/a/b`. Folders on the way are made.
    package var name: [UInt8]
    package var action: Action
    /// The number of the version that whoever asks has seen, 0 if there was none; nil if they did not look.
    package var expected: Int64?

    package init(_ name: [UInt8], _ action: Action, expected: Int64? = nil) {
        self.name = name
        self.action = action
        self.expected = expected
    }
}

/// The result of a change of several secrets and items at once.
package struct Applied: Sendable {
    /// The versions made, by item, in the order they were asked for.
    package internal(set) var versions: [(item: Reference, version: Int64)] = []
}

/// Changing several secrets and items at once: all of it in one transaction, or nothing.
extension Vault {
    /// The most bytes that a type may have: a qualified name of Kubernetes has a prefix of 253, `/`, and 63. It is UTF-8 without NUL.
    package static let maximumType = 317
    /// The most bytes that a description may have. It is UTF-8 without NUL.
    package static let maximumDescription = 1024

    /// Makes and changes secrets with their items. Two writers lose nothing of each other's: what each has seen is compared
    /// (`ItemChange.expected`) in the transaction that changes it. What is removed can be restored.
    ///
    /// Items take `write`, a policy takes `manage`, a description either; a new secret takes `write` on its folder, or without items
    /// `manage`. Throws `denied` (logged), `conflict`, `exists`, `notFound`, `invalidName`, `invalidValue`, `tooLarge`, `notPermitted`,
    /// each `about` the secret or the item.
    package func apply(_ changes: [SecretChange], values: RawSpan, by caller: Caller) throws(VaultError) -> Applied {
        try change(by: caller) { store, caller throws(VaultError) -> Applied in
            guard Set(changes.map { Self.path($0.reference, for: caller) }).count == changes.count else {
                throw .invalidName("a secret is named twice")
            }
            var plans: [ApplyPlan] = []
            for change in changes {
                try concerning(change.reference) { () throws(VaultError) in
                    plans.append(try self.plan(change, values: values, for: caller, store))
                }
            }
            let change = Change(store: store, caller: caller, now: SystemClock.now())
            var applied = Applied()
            for plan in plans {
                try concerning(plan.change.reference) { () throws(VaultError) in
                    try self.carryOut(plan, values: values, change, &applied)
                }
            }
            return applied
        }.value
    }

    private func carryOut(
        _ plan: ApplyPlan, values: RawSpan, _ change: Change, _ applied: inout Applied
    ) throws(VaultError) {
        let secret: Place
        if let node = plan.secret {
            secret = try describe(node, plan, change)
        } else {
            let description = plan.change.description.flatMap { $0.isEmpty ? nil : $0 }
            secret = try insertSecret(
                plan.name, in: plan.folder, description: description, type: plan.change.type.flatMap { $0.isEmpty ? nil : $0 },
                policy: try plan.change.policy.map { change throws(VaultError) in try Self.policy(nil, changed: change).serialize() },
                change)
        }
        // Removals come first: they make room.
        for path in plan.items.filter({ $0.change.action.isRemoval }).map(\.path) + plan.left {
            guard let node = try locate(path, in: secret, change.store).item, let place = try change.store.place(Inode(node.id)) else {
                throw .about(plan.change.reference(to: path.bytes), .notFound)
            }
            try discard(node, place, change)
        }
        for item in plan.items {
            guard case .set(let range) = item.change.action else { continue }
            try concerning(plan.change.reference(to: item.change.name)) { () throws(VaultError) in
                try put(values.extracting(range), at: item.path, in: secret, isOwn: true, change, &applied)
            }
        }
    }

    /// A stored policy with a change. Throws `invalidName`.
    private static func policy(_ stored: [UInt8]?, changed change: AccessPolicy.Change) throws(VaultError) -> AccessPolicy {
        do {
            let policy = try stored.map { stored throws(AccessPolicyError) in try AccessPolicy.parse(stored) } ?? .standard
            return try policy.applying(change)
        } catch {
            switch error {
            case .name(let problem): throw .invalidName("a project in the policy: \(problem)")
            case .tooManyProjects: throw .invalidName("a policy lists at most \(AccessPolicy.maximumProjects) projects")
            case .dates: throw .invalidName("a policy's dates end with the year 9999, and its rotation is at most 100 years")
            case .malformed: throw .corrupt("its policy can't be read")
            }
        }
    }

    /// Sets the policy, the description and the type of a secret that is there.
    private func describe(_ secret: NodeRow, _ plan: ApplyPlan, _ change: Change) throws(VaultError) -> Place {
        guard let place = try change.store.place(Inode(secret.id)) else { throw .notFound }
        var node = secret
        if let description = plan.change.description {
            node.description = description.isEmpty ? nil : description
            try log(change.caller, place.reference, .described, reason: "described")
        }
        if let type = plan.change.type {
            node.type = type.isEmpty ? nil : type
            try log(change.caller, place.reference, .described, reason: "given a type")
        }
        if let wanted = plan.change.policy {
            let policy = try Self.policy(secret.policy, changed: wanted)
            // Once it was another it is kept, and says so: what was deleted or replaced meanwhile may have come under that one.
            node.policy = policy == .standard && node.policy == nil ? nil : policy.serialize()
            try log(change.caller, place.reference, .policy, reason: "policy: \(policy.text)")
        }
        guard plan.change.description != nil || plan.change.type != nil || plan.change.policy != nil else { return place }
        node.changed = change.now
        node.modified = nil
        try change.store.update(node)
        return place
    }
}

extension ItemChange.Action {
    fileprivate var isRemoval: Bool {
        if case .remove = self { true } else { false }
    }
}

extension AccessPolicy {
    /// For the audit log.
    var text: String {
        let names =
            switch projects {
            case .all: "all"
            case .none: "none"
            case .only(let names): names.map { String(decoding: $0, as: UTF8.self) }.sorted().joined(separator: ",")
            }
        let permissions = "projects \(names), debug \(debug ? "allow" : "deny"), attach \(attach ? "allow" : "deny")"
        guard dates != .none else { return permissions }
        return "\(permissions), expires \(dates.expiry.text), rotate \(dates.rotation.text), on expiry \(dates.onExpire.rawValue)"
    }
}
