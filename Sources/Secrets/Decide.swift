// SPDX-License-Identifier: MIT

/// The realm of a node: the rule under which it stands.
package enum Realm: Hashable, Sendable {
    /// The organizations: grants decide.
    case tree
    /// The home of a user: theirs alone, never shared.
    case home(owner: UInt32)
}

/// The subject of a decision: a place with the grants that count there.
package struct Subject: Sendable {
    package let realm: Realm
    package let kind: NodeKind
    package let facet: Facet
    /// The grants on it and on what is above it, nearest first; the first level is its own, and has none if empty.
    /// For a variable: those on the variable, its secret's `vars`, the secret, the project, the organization.
    /// For `env`: those on `env`, `vars`, the secret and so on. Within a level in the order of granting.
    package let levels: [[Grant]]

    package init(realm: Realm, kind: NodeKind, facet: Facet = .itself, levels: [[Grant]]) {
        self.realm = realm
        self.kind = kind
        self.facet = facet
        self.levels = levels
    }

    /// Whether it is listed rather than read.
    package var isFolder: Bool { facet == .itself ? kind.isFolder : facet != .env }

    /// Whether grants are possible on it: not on the root, nor in homes.
    package var isShareable: Bool { realm == .tree && kind != .root && kind != .users && kind != .home }
}

/// The identity of a caller, as the kernel told it with the request or the socket.
package struct Identity: Hashable, Sendable {
    package let uid: UInt32
    /// The group that came with the request. The others are asked for when they matter.
    package let gid: UInt32
    /// Whether it is root, or the user who runs the daemon.
    package let ownsStore: Bool
    /// Whether the store is an ordinary user's own, and mounted for them alone: then its owner needs no grants in it.
    package let isAlone: Bool

    package init(uid: UInt32, gid: UInt32, ownsStore: Bool, isAlone: Bool = false) {
        self.uid = uid
        self.gid = gid
        self.ownsStore = ownsStore
        self.isAlone = isAlone
    }

    /// (uid_t)-1: what the kernel gives for an id that it can't express.
    var isUnknown: Bool { uid == .max }
}

/// The reason of a decision.
package enum Reason: Hashable, Sendable, CustomStringConvertible {
    /// A grant to this principal, this many levels above the subject (0: on itself).
    case grant(Principal, level: Int)
    case ownerOfStore
    case ownerOfHome
    /// Everybody may list the root; it shows each caller only what they may get at.
    case everybody
    case noGrant
    /// The store's owner manages; values take a grant, for them too.
    case ownerWithoutGrant
    /// Only the store's owner may do this: organizations, locking, the audit log.
    case ownerOnly
    /// Somebody else's home.
    case neverShared
    /// The caller can't be told for certain.
    case unknownCaller
    /// The groups can't be asked for now, for want of descriptors or memory: this error number of the system. No refusal.
    case shortage(Int32)
    /// The caller is in a job that has this.
    case ofJob
    /// It leads to what the caller's job has.
    case wayOfJob
    /// The caller is in a job that does not have this.
    case notOfJob
    /// The caller is in a job that was ended.
    case jobHasEnded
    /// Only a process of a job may do this, and the caller is in none.
    case notInJob
    /// The caller is in a job, from where nothing is changed or ruled.
    case insideJob
    /// The secret's policy, inside a job.
    case policy(PolicyRefusal)
    /// The value has expired, and its secret's policy refuses reads of it. Callers who may see the policy see since when.
    case expired
    /// The secret's policy can't be read: it may refuse reads.
    case unknownPolicy
    /// The user who started the caller's job has lost the rights to this since.
    case starterMayNot
    /// Only processes of the job may do this, and the caller is none.
    case outsideJob
    /// The caller started the job.
    case starterOfJob
    /// Only the user who started the job may do this.
    case notStarter
    /// Stored bytes would be kept that the caller may not read, and the outcome would tell of them.
    case wouldKeep
    /// Somebody could read or run there what they can't where it is, and the caller may neither read nor manage it.
    case wouldWiden
    /// Values that are written to a name that something else had would come under the grants on what gets the name now.
    case wouldName
    /// Shells would print the value of a variable that the caller may neither read nor manage.
    case wouldTell

    /// Short and stable, for the audit log.
    package var description: String {
        switch self {
        case .grant(let principal, _): "grant to \(principal)"
        case .ownerOfStore: "owner of the store"
        case .ownerOfHome: "owner of the home"
        case .everybody: "open to everybody"
        case .noGrant: "no grant"
        case .ownerWithoutGrant: "no grant, and owning the store does not imply this right"
        case .ownerOnly: "reserved to the owner of the store"
        case .neverShared: "in the home of another user"
        case .unknownCaller: "unknown caller"
        case .shortage: "not decided: too many open files, or no memory"
        case .ofJob: "given to the job"
        case .wayOfJob: "leads to secrets of the job"
        case .notOfJob: "not given to the job"
        case .jobHasEnded: "the job has ended"
        case .notInJob: "in no job"
        case .insideJob: "not from inside a job"
        case .policy(let refusal): refusal.description
        case .expired: "it has expired, and its policy refuses reads of expired values"
        case .unknownPolicy: "its policy can't be read"
        case .starterMayNot: "the user who started the job may no longer run or read it"
        case .outsideJob: "not from outside the job"
        case .starterOfJob: "started the job"
        case .notStarter: "did not start the job"
        case .wouldKeep: "keeping stored bytes takes read"
        case .wouldWiden: "more users could read or run it there, which takes read or manage"
        case .wouldTell: "shells tell the value of a variable of that name, which takes read or manage"
        case .wouldName: "it has grants of its own, and giving it a name in this folder takes manage on the folder"
        }
    }

    /// The description, and for a grant where it stands: "grant to user 1001 on acme/web". The names are the references
    /// of the subject's levels, nearest first.
    package func description(levels names: [String]) -> String {
        guard case .grant(_, let level) = self, names.indices.contains(level) else { return description }
        return "\(description) on \(names[level])"
    }
}

/// An answer of `decide`.
package struct Decision: Hashable, Sendable {
    package let allowed: Bool
    package let reason: Reason

    package init(allowed: Bool, reason: Reason) {
        self.allowed = allowed
        self.reason = reason
    }

    static func allow(_ reason: Reason) -> Decision { Decision(allowed: true, reason: reason) }
    static func deny(_ reason: Reason) -> Decision { Decision(allowed: false, reason: reason) }
}

/// Whether a caller may use a right on a subject.
///
/// The right is exactly one; anything else is denied. `groups` gives the caller's groups. It is asked only when no grant
/// to the uid or to the request's gid suffices and one to another group would; what it throws is thrown on.
package func decide<E: Error>(
    _ right: Rights, on subject: Subject, for caller: Identity, groups: () throws(E) -> [UInt32]
) throws(E) -> Decision {
    guard right.rawValue.nonzeroBitCount == 1, Rights.all.contains(right) else { return .deny(.noGrant) }
    if caller.isUnknown { return .deny(.unknownCaller) }

    if let implied = impliedRights(on: subject, for: caller), implied.rights.contains(right) {
        return .allow(implied.reason)
    }
    if case .home = subject.realm { return .deny(.neverShared) }
    if subject.isShareable {
        var ofGroups: [(group: UInt32, level: Int)] = []
        for (level, grants) in subject.levels.enumerated() {
            for grant in grants where grant.rights.withImplied.contains(right) {
                switch grant.principal {
                case .user(caller.uid), .group(caller.gid): return .allow(.grant(grant.principal, level: level))
                case .user: continue
                case .group(let group): ofGroups.append((group, level))
                }
            }
        }
        if !ofGroups.isEmpty {
            let mine = Set(try groups())
            if let grant = ofGroups.first(where: { mine.contains($0.group) }) {
                return .allow(.grant(.group(grant.group), level: grant.level))
            }
        }
    }
    return .deny(caller.ownsStore ? .ownerWithoutGrant : .noGrant)
}

/// All rights of a caller on a subject: those for which `decide` allows. `groups` is asked when there are grants to
/// groups that would add something.
package func effectiveRights<E: Error>(
    on subject: Subject, for caller: Identity, groups: () throws(E) -> [UInt32]
) throws(E) -> Rights {
    if caller.isUnknown { return [] }
    var rights = impliedRights(on: subject, for: caller)?.rights ?? []
    guard subject.isShareable else { return rights }
    var ofGroups: [Grant] = []
    for grant in subject.levels.joined() {
        switch grant.principal {
        case .user(caller.uid), .group(caller.gid): rights.formUnion(grant.rights)
        case .user: continue
        case .group: ofGroups.append(grant)
        }
    }
    ofGroups.removeAll { $0.rights.withImplied.isSubset(of: rights.withImplied) }
    if !ofGroups.isEmpty {
        let mine = Set(try groups())
        for grant in ofGroups {
            if case .group(let group) = grant.principal, mine.contains(group) { rights.formUnion(grant.rights) }
        }
    }
    return rights.intersection(.all).withImplied
}

/// The rights that a caller has without any grant.
private func impliedRights(on subject: Subject, for caller: Identity) -> (rights: Rights, reason: Reason)? {
    if case .home(caller.uid) = subject.realm { return (.all, .ownerOfHome) }
    if caller.ownsStore {
        // In a home they may tidy up, and put nothing where its user would trust it.
        guard subject.realm == .tree else { return ([.list, .manage], .ownerOfStore) }
        // "Root has no implicit `read`": neither does it run jobs with what it may not read. In a mount of one's own there is nobody to
        // keep the values from.
        return (caller.isAlone ? .all : [.list, .write, .manage], .ownerOfStore)
    }
    if subject.realm == .tree, subject.kind == .root { return (.list, .everybody) }
    return nil
}
