// SPDX-License-Identifier: MIT

import Secrets
import Sodium

@testable import Vault

/// What observers may open by `read` or `run`, or could after giving themselves `read` by `manage`: all versions, current, kept or
/// deleted. It is worked out anew from the rows, slowly, by other code than decides.
struct Oracle {
    private let nodes: [Int64: StoreRows.Node]
    private let deleted: [Int64: StoreRows.Deleted]
    /// The grants to observers that let open, by the inode's number.
    private let grants: [Int64: [StoreRows.Grant]]
    private let observers: Set<Int64>

    /// `Rights.read`, `.run` and `.manage`.
    private static let opening: Int64 = 2 | 8 | 16
    private enum Kind {
        static let secret: Int64 = 8
        static let variable: Int64 = 9
    }
    private enum Facet {
        static let env: Int64 = 1
        static let vars: Int64 = 2
        static let files: Int64 = 3
    }
    /// `NodeID(home:)`
    private static let homes: Int64 = 1 << 32

    init(_ rows: StoreRows, observers: [UInt32]) throws {
        nodes = try rows.nodes()
        deleted = try rows.deleted()
        self.observers = Set(observers.map { Int64($0) })
        let users = self.observers
        grants = Dictionary(grouping: try rows.grants().filter { users.contains($0.user) && $0.rights & Self.opening != 0 }, by: \.subject)
    }

    /// Whether the observers may open an item, or may once it is restored to where it was: grants that came to that place later than it
    /// went were not given on it.
    func opens(_ item: Int64) -> Bool {
        var current = item
        var before = Int64.max
        // No tree of these tests is deeper.
        for _ in 0..<64 {
            if observers.contains(current - Self.homes) { return true }
            if isOpen(current, 0, before: before) { return true }
            guard let node = nodes[current] else { return false }
            var parent = node.parent
            if let gone = deleted[current] {
                before = min(before, gone.time)
                parent = nodes[gone.parent] == nil ? gone.scope : gone.parent
            }
            guard parent != current else { return false }
            if nodes[parent]?.kind == Kind.secret {
                let facets = node.kind == Kind.variable ? [Facet.vars, Facet.env] : [Facet.files]
                if facets.contains(where: { isOpen(parent, $0, before: before) }) { return true }
            }
            current = parent
        }
        return false
    }

    private func isOpen(_ node: Int64, _ facet: Int64, before: Int64) -> Bool {
        grants[node << 3 | facet]?.contains { $0.created < before } ?? false
    }
}

/// Opens versions as nobody can: without asking who may.
final class Opener {
    /// By the UUID of the version, which is of one value for ever.
    private var opened: [[UInt8]: [UInt8]?] = [:]

    /// Nil if it can't be opened: the version is damaged.
    func bytes(of version: StoreRows.Version, in world: World) -> [UInt8]? {
        if let known = opened[version.uuid] { return known }
        let bytes = try? open(version, in: world.vault)
        opened[version.uuid] = .some(bytes)
        return bytes
    }

    private func open(_ version: StoreRows.Version, in vault: Vault) throws -> [UInt8]? {
        guard let id = NodeID(rawValue: version.node) else { return nil }
        return try vault.store.read { store throws(VaultError) -> [UInt8]? in
            guard let node = try store.node(id), let row = try store.version(version.number, of: id) else { return nil }
            let key = try vault.keyring.dataKey(of: row, sealedTo: try store.verify(row, of: node))
            let value = try Envelope.open(row, with: key, store: store.identity.uuid, item: node.uuid)
            return value.withBytes { WorldUser.bytes($0) }
        }
    }
}
