// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets

/// A place in the tree with everything that decides about it: what it is, and the grants on it and on the way to it.
///
/// It says nothing of values: those are read anew at each open. That is why places can be kept (`Places`).
struct Place: Sendable {
    let inode: Inode
    let kind: NodeKind
    let uuid: [UInt8]
    /// The names from the top to here, `vars` and the like included.
    let path: [[UInt8]]
    let subject: Subject
    /// The organization or home whose key new values are sealed to; nil above those.
    let scope: NodeID?
    /// The inodes on the way down to here, nearest first, this one and the root left out.
    let above: [Inode]
    /// The secret that it is, or is in.
    let secret: NodeID?
    /// The policy of that secret; nil if it can't be read.
    let policy: AccessPolicy?
    /// The parent folder as the tree shows it.
    var parent: Inode { above.first ?? .root }

    var isEnvironment: Bool { inode.facet == .env }
    /// Whether it can be opened.
    var isItem: Bool { isEnvironment || (inode.facet == .itself && kind.isItem) }
    var isFolder: Bool { !isItem }

    /// The policy of its secret. Throws `corrupt` if that can't be read.
    func readablePolicy() throws(VaultError) -> AccessPolicy {
        guard let policy else { throw .corrupt("\(reference): its policy can't be read") }
        return policy
    }

    /// Why its secret's policy refuses reads, to everybody; nil if it does not. The clock is asked only where it matters.
    var readRefusal: Reason? {
        guard let policy else { return .unknownPolicy }
        guard let deadline = policy.dates.deadline, SystemClock.now() / 1_000_000 >= deadline else { return nil }
        return .expired
    }

    /// The owner of the place as a job sees it: its own organization, another, or a home.
    func origin(for organization: NodeID) -> JobOrigin {
        switch subject.realm {
        case .home: .home
        case .tree: scope == organization ? .sameOrganization : .otherOrganization
        }
    }

    /// The place as a reference, for the audit log and messages. Names need not be UTF-8.
    var reference: String {
        path.isEmpty ? "/" : path.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    }
}

/// The places looked at lately. Any change of the tree or of grants empties it; a change of a value does not.
final class Places: Sendable {
    /// How many are kept: some 500 bytes each.
    private static let capacity = 8192

    private struct State {
        var generation: UInt64 = 0
        var places: [Inode: Place] = [:]
    }

    private let state = Guarded(State())

    var generation: UInt64 { state.withLock { $0.generation } }

    func place(_ inode: Inode) -> Place? { state.withLock { $0.places[inode] } }

    /// Keeps a place that was read from the store in `generation`, unless something has changed since.
    func keep(_ place: Place, generation: UInt64) {
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.places.count >= Self.capacity { state.places.removeAll(keepingCapacity: true) }
            state.places[place.inode] = place
        }
    }

    /// Called after the commit of a change, before it is acknowledged.
    func forgetAll() {
        state.withLock { state in
            state.generation &+= 1
            state.places.removeAll(keepingCapacity: true)
        }
    }
}

extension StoreConnection {
    /// The row of a node; a home has one also before anything is in it.
    func nodeOrHome(_ id: NodeID) throws(VaultError) -> NodeRow? {
        if let node = try node(id) { return node }
        guard let uid = id.homeUID else { return nil }
        return NodeRow(
            id: id, uuid: [], parent: .users, kind: .home, name: Array(String(uid).utf8), created: identity.created,
            changed: identity.created)
    }

    /// Reads a place, walking up to the root; nil if there is no such node, or a row on the way does not verify.
    func place(_ inode: Inode) throws(VaultError) -> Place? {
        guard let node = try nodeOrHome(inode.node), inode.facet == .itself || node.kind == .secret else { return nil }
        // Nearest first: the inodes whose grants count here, and the names.
        var levels: [Inode] = [inode]
        var above: [Inode] = []
        var names: [[UInt8]] = []
        var realm = Realm.tree
        var scope: NodeID?
        var secret: NodeRow?

        if let name = inode.facet.name {
            names.append(name)
            // A user who may read all variables may read them in one piece.
            if inode.facet == .env { levels.append(Inode(node.id, .vars)) }
            levels.append(Inode(node.id))
            above.append(Inode(node.id))
        }
        var current = node
        // No tree is deeper: a path has at most 4096 bytes (PATH_MAX).
        for _ in 0..<4096 {
            guard current.id != .root else { break }
            names.append(current.name)
            switch current.kind {
            case .secret: secret = current
            case .organization: scope = current.id
            case .home:
                scope = current.id
                if let uid = current.id.homeUID { realm = .home(owner: uid) }
            default: break
            }
            guard let parent = try nodeOrHome(current.parent), parent.id != current.id else { return nil }
            if parent.kind == .secret {
                let facet = Inode(parent.id, current.kind == .variable ? .vars : .files)
                names.append(facet.facet.name ?? [])
                levels.append(facet)
                above.append(facet)
            }
            if parent.id != .root {
                levels.append(Inode(parent.id))
                above.append(Inode(parent.id))
            }
            current = parent
        }
        guard current.id == .root else { return nil }

        var grants: [[Grant]] = []
        for level in levels {
            if case .home = realm { break }
            grants.append(try self.grants(on: level).map(\.grant))
        }
        return Place(
            inode: inode, kind: node.kind, uuid: node.uuid, path: names.reversed(),
            subject: Subject(realm: realm, kind: node.kind, facet: inode.facet, levels: grants), scope: scope, above: above,
            secret: secret?.id, policy: secret.map { $0.policy.map { try? AccessPolicy.parse($0) } ?? .standard } ?? .standard)
    }
}
