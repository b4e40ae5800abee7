// SPDX-License-Identifier: MIT

internal import Linux
internal import Secrets

/// The usage of the store by one home.
struct HomeUsage: Equatable, Sendable {
    /// Bytes of all versions of all values, of descriptions and of policies, with what was deleted and can be restored.
    var bytes: Int64 = 0
    /// Secrets, folders, variables and files, likewise.
    var items: Int64 = 0

    static func + (one: HomeUsage, other: HomeUsage) -> HomeUsage {
        HomeUsage(bytes: one.bytes &+ other.bytes, items: one.items &+ other.items)
    }

    static func - (one: HomeUsage, other: HomeUsage) -> HomeUsage {
        HomeUsage(bytes: one.bytes &- other.bytes, items: one.items &- other.items)
    }
}

/// The usage of all homes, as of the last commit: counted once, then kept by what each change adds. A home that no change has added to is
/// not in it.
final class HomeLedger: Sendable {
    private static let most = 1 << 14
    private let usage = Guarded<[NodeID: HomeUsage]>([:])

    func usage(of home: NodeID) -> HomeUsage? { usage.withLock { $0[home] } }

    func set(_ counted: HomeUsage, of home: NodeID) {
        usage.withLock { usage in
            if usage.count >= Self.most { usage = [:] }
            usage[home] = counted
        }
    }

    /// A change is committed.
    func add(_ changes: [NodeID: HomeUsage]) {
        guard !changes.isEmpty else { return }
        usage.withLock { usage in
            for (home, change) in changes { usage[home] = usage[home].map { $0 + change } }
        }
    }
}

/// The growth of homes and secrets in the current change: functions that write rows record it.
struct HomeChanges {
    private(set) var changes: [NodeID: HomeUsage] = [:]
    /// How many variables were made in a secret, or restored to it: anywhere, not in homes only.
    fileprivate(set) var variables: [NodeID: Int] = [:]
    /// The home that a node lies in, nil if in none, of those that were looked for.
    fileprivate var homes: [NodeID: NodeID?] = [:]

    mutating func add(_ change: HomeUsage, to home: NodeID) {
        changes[home] = (changes[home] ?? HomeUsage()) + change
    }
}

extension StoreConnection {
    /// The usage of a home, with the growth by the current change.
    func usage(of home: NodeID, _ ledger: HomeLedger) throws(VaultError) -> HomeUsage {
        let change = recorder?.homes.changes[home] ?? HomeUsage()
        if let known = ledger.usage(of: home) { return known + change }
        let counted = try countUsage(of: home)
        ledger.set(counted - change, of: home)
        return counted
    }

    /// From rows that nobody verifies: who can write to the store can make a quota wrong, and no more.
    private func countUsage(of home: NodeID) throws(VaultError) -> HomeUsage {
        try rows(
            """
            WITH RECURSIVE inside (id) AS (
              SELECT id FROM node WHERE parent = ?1 AND id <> parent
              UNION SELECT node FROM deleted WHERE scope = ?1
              UNION SELECT node.id FROM node JOIN inside ON node.parent = inside.id AND node.id <> node.parent
            )
            SELECT count(*), coalesce(sum(
              coalesce(length(node.policy), 0) + coalesce(length(node.description), 0)
              + (SELECT coalesce(sum(version.length), 0) FROM version WHERE version.node = node.id)), 0)
            FROM inside JOIN node ON node.id = inside.id
            """, [.integer(home.rawValue)]
        ) { HomeUsage(bytes: $0.integer(1), items: $0.integer(0)) }.first ?? HomeUsage()
    }

    /// Bytes and items of what can be restored in a home: what destroying all of it takes from `usage`.
    func restorable(in home: NodeID) throws(VaultError) -> HomeUsage {
        try rows(
            """
            WITH RECURSIVE inside (id) AS (
              SELECT node FROM deleted WHERE scope = ?1
              UNION SELECT node.id FROM node JOIN inside ON node.parent = inside.id AND node.id <> node.parent
            )
            SELECT count(*), coalesce(sum(
              coalesce(length(node.policy), 0) + coalesce(length(node.description), 0)
              + (SELECT coalesce(sum(version.length), 0) FROM version WHERE version.node = node.id)), 0)
            FROM inside JOIN node ON node.id = inside.id
            """, [.integer(home.rawValue)]
        ) { HomeUsage(bytes: $0.integer(1), items: $0.integer(0)) }.first ?? HomeUsage()
    }

    /// The home that a node lies in, or was deleted from; nil for what lies in none.
    func home(of node: NodeID) throws(VaultError) -> NodeID? {
        var passed: [NodeID] = []
        var current = node
        var home: NodeID?
        // No tree is deeper, as in `place`.
        for _ in 0..<4096 {
            if let known = recorder?.homes.homes[current] {
                home = known
                break
            }
            if current.homeUID != nil {
                home = current
                break
            }
            passed.append(current)
            let parent = try rows("SELECT parent FROM node WHERE id = ?", [.integer(current.rawValue)]) { NodeID(rawValue: $0.integer(0)) }
            guard let parent = parent.first ?? nil else { break }
            if parent == current {
                let scope = try rows("SELECT scope FROM deleted WHERE node = ?", [.integer(current.rawValue)]) {
                    NodeID(rawValue: $0.integer(0))
                }
                home = (scope.first ?? nil).flatMap { $0.homeUID == nil ? nil : $0 }
                break
            }
            current = parent
        }
        for id in passed { recorder?.homes.homes[id] = .some(home) }
        return home
    }

    // MARK: What functions that write rows say

    func countInsertion(of node: NodeRow) throws(VaultError) {
        if node.kind == .variable { recorder?.homes.variables[node.parent, default: 0] += 1 }
        guard recorder != nil, node.kind != .home, let home = try home(of: node.parent) else { return }
        recorder?.homes.add(HomeUsage(bytes: node.extraBytes, items: 1), to: home)
    }

    func countUpdate(of old: NodeRow, to new: NodeRow) throws(VaultError) {
        if new.kind == .variable, new.parent != old.parent, !new.isDeleted { recorder?.homes.variables[new.parent, default: 0] += 1 }
        guard recorder != nil, old.extraBytes != new.extraBytes, let home = try home(of: new.id) else { return }
        recorder?.homes.add(HomeUsage(bytes: new.extraBytes - old.extraBytes), to: home)
    }

    func countVersion(of node: NodeRow, bytes: Int64) throws(VaultError) {
        guard recorder != nil, bytes > 0, let home = try home(of: node.parent) else { return }
        recorder?.homes.add(HomeUsage(bytes: bytes), to: home)
    }

    func countDestruction(of usage: HomeUsage, in home: NodeID?) {
        guard let home else { return }
        recorder?.homes.add(HomeUsage() - usage, to: home)
    }
}

extension NodeRow {
    /// Bytes that its description and its policy take up.
    var extraBytes: Int64 { Int64((policy?.count ?? 0) + (description?.count ?? 0)) }
}
