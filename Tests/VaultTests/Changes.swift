// SPDX-License-Identifier: MIT

import Foundation
import Linux
import Secrets

@testable import Vault

/// Short forms for what changes several things, in rows of tests.
extension Safe {
    func reference(_ text: String) throws -> Reference { try Reference.parse(text) }

    /// Sets items of one secret, in one transaction; nil removes an item. Gives the versions made, by item.
    @discardableResult
    func apply(
        _ secret: String, _ items: KeyValuePairs<String, String?>, mode: SecretChange.Mode = .either, expecting: [String: Int64] = [:],
        description: String? = nil, policy: AccessPolicy.Change? = nil, replacesItems: Bool = false, by caller: Caller? = nil
    ) throws -> [String: Int64] {
        try apply(
            [(secret, items)], mode: mode, expecting: expecting, description: description, policy: policy,
            replacesItems: replacesItems, by: caller)
    }

    @discardableResult
    func apply(
        _ secrets: [(String, KeyValuePairs<String, String?>)], mode: SecretChange.Mode = .either, expecting: [String: Int64] = [:],
        description: String? = nil, policy: AccessPolicy.Change? = nil, replacesItems: Bool = false, by caller: Caller? = nil
    ) throws -> [String: Int64] {
        var values: [UInt8] = []
        let changes = try secrets.map { secret, items in
            let changes = items.map { name, text -> ItemChange in
                let start = values.count
                values += Array((text ?? "").utf8)
                return ItemChange(
                    Array(name.utf8), text == nil ? .remove : .set(start..<values.count), expected: expecting[name])
            }
            return SecretChange(
                try reference(secret), mode: mode, description: description.map { Array($0.utf8) }, policy: policy,
                replacesItems: replacesItems, items: changes)
        }
        let applied = try unsafe vault.apply(changes, values: values.span.bytes, by: caller ?? owner)
        return Dictionary(applied.versions.map { ("\($0.item)", $0.version) }) { $1 }
    }

    func remove(_ path: String, purge: Bool = false, by caller: Caller? = nil) throws {
        _ = try vault.remove(try reference(path), purge: purge, by: caller ?? owner)
    }

    /// The references of what was deleted, as the caller sees it.
    func deleted(below path: String? = nil, for caller: Caller? = nil) throws -> [String] {
        try vault.deleted(below: try path.map { try reference($0) }, for: caller ?? owner).map { "\($0.reference)" }
    }

    func deletedID(_ path: String) throws -> DeletedID {
        guard let item = try vault.deleted(below: nil, for: owner).first(where: { "\($0.reference)" == path }) else {
            throw VaultError.notFound
        }
        return item.id
    }

    /// Where it is then.
    @discardableResult
    func restore(_ path: String, to newPath: String? = nil, by caller: Caller? = nil) throws -> String {
        "\(try vault.restore(try deletedID(path), to: try newPath.map { try reference($0) }, by: caller ?? owner))"
    }

    func copy(_ from: String, to: String, overwrite: Bool = false, by caller: Caller? = nil) throws {
        _ = try vault.copy(try reference(from), to: try reference(to), overwrite: overwrite, by: caller ?? owner)
    }

    @discardableResult
    func migrate(_ from: String, to: String, overwrite: Bool = false, dryRun: Bool = false, by caller: Caller) throws -> [String] {
        try vault.migrate(
            try reference(from), to: try reference(to), overwrite: overwrite, dryRun: dryRun, by: caller, progress: { _, _ in }
        ).secrets.map { "\($0.from) \($0.to)\($0.exists ? " exists" : "")" }.sorted()
    }

    func items(_ path: String, for caller: Caller) throws -> [String] {
        try vault.show(try reference(path), for: caller).items.map { String(decoding: $0.name, as: UTF8.self) }
    }

    /// How many lines the log has with all of these in them.
    func logged(_ parts: String...) -> Int { auditLines.filter { line in parts.allSatisfy(line.contains) }.count }

    /// Nothing is wrong with the store.
    var isSound: Bool { (try? vault.check(for: owner)) == [] }

    func nodeCount() throws -> Int64 { try vault.nodeCount() }
}
