// SPDX-License-Identifier: MIT

import Bytes
import Foundation
import Linux
import Secrets
import TestSupport
import Testing

@testable import Vault

/// What a change does not tell of is as it was: a kernel that keeps whatever it has seen, and forgets only what changes tell it to, shows
/// the same tree as one that keeps nothing. So do the caches of the vault.
@Suite struct ShadowKernelTests {
    /// What a kernel keeps of the tree, for ever.
    private struct Kernel: Equatable {
        struct Shown: Equatable {
            var attributes: String
            var acl: String
            var contents: [UInt8]?
        }

        var names: [EntryName: Inode] = [:]
        var shown: [Inode: Shown] = [:]

        mutating func forget(_ changes: ChangeSet) {
            for inode in changes.inodes.union(changes.contents) { shown[inode] = nil }
            for name in changes.names { names[name] = nil }
        }

        /// Whether all that is kept is so.
        func differences(from truth: Kernel) -> [String] {
            // Names in a folder go with it.
            names.filter { truth.names[$0.key] != $0.value && truth.shown[$0.key.folder] != nil }.map {
                "the name \(String(decoding: $0.key.name, as: UTF8.self))"
            }
                + shown.filter { truth.shown[$0.key] != $0.value && truth.shown[$0.key] != nil }.map {
                    "\($0.key.number): \($0.value) is now \(truth.shown[$0.key].map { "\($0)" } ?? "nothing")"
                }
                // What is no more is found by its name alone.
                + shown.filter { inode, _ in truth.shown[inode] == nil && names.values.contains(inode) }.map { "\($0.key.number) is gone" }
        }
    }

    private static let people: [UInt32] = [1001, 1002, 1003]

    /// All that there is, as it is read from the store.
    private func truth(_ safe: Safe) throws -> Kernel {
        var kernel = Kernel()
        let homes = Self.people.map { Inode(NodeID(home: $0)) }
        try visit(.root, safe, &kernel)
        for home in homes { try visit(home, safe, &kernel) }
        return kernel
    }

    private func visit(_ inode: Inode, _ safe: Safe, _ kernel: inout Kernel) throws {
        let vault = safe.vault
        vault.places.forgetAll()
        let attributes = try vault.attributes(of: inode)
        let path = try vault.place(inode).path
        // Homes are their users' own.
        let uid = path.count > 1 && path[0] == Array(".users".utf8) ? UInt32(String(decoding: path[1], as: UTF8.self)) : nil
        let caller = uid.map { Safe.caller($0) } ?? safe.owner
        var contents: [UInt8]?
        if attributes.form == .item {
            if let snapshot = try? vault.open(inode, .read, for: caller) {
                contents = snapshot.withBytes { bytes in bytes.byteOffsets.map { bytes.octet($0) } }
            }
        }
        kernel.shown[inode] = Kernel.Shown(
            attributes: "\(attributes)",
            acl: "\(String(describing: try vault.accessACL(of: inode)))\(String(describing: try vault.defaultACL(of: inode)))",
            contents: contents)
        guard attributes.form == .folder else { return }
        for entry in try vault.list(inode, after: 0, limit: 1000, for: caller) {
            kernel.names[EntryName(entry.name, in: inode)] = entry.inode
            try visit(entry.inode, safe, &kernel)
        }
    }

    /// One random change, and all that the kernel was told of it; nil if it was refused.
    private func step(_ safe: Safe, _ random: inout Seeded) throws -> ChangeSet? {
        let paths = ["acme", "acme/web", "acme/api", "acme/web@prod", "acme/@org", "other", "other/web"]
        let secrets = ["acme/web/db", "acme/web/mail", "acme/api/db", "acme/@org/db", "acme/web@prod/db", "other/web/db"]
        let items = ["vars/A", "vars/B", "files/a", "files/d/a", "files/d/e/a", "files/e/a"]
        func pick(_ list: [String]) -> String { list[Int.random(in: list.indices, using: &random)] }
        let vault = safe.vault
        let secret = pick(secrets)
        let any =
            Bool.random(using: &random)
            ? pick(paths) : Bool.random(using: &random) ? secret : secret + "/" + pick(items + ["vars", "files", "files/d", "files/d/e"])
        let person = Principal.user(Self.people[Int.random(in: 0..<3, using: &random)])
        let rights: Rights = [[.read], [.write], [.manage], [.list], [.read, .manage]][Int.random(in: 0..<5, using: &random)]
        func split(_ path: String) throws -> (Inode, [UInt8]) {
            let parts = path.split(separator: "/")
            return (try safe.inode(parts.dropLast().joined(separator: "/")), Array((parts.last ?? "").utf8))
        }
        let observed = Observer()
        vault.observe(observed)
        do {
            switch Int.random(in: 0..<20, using: &random) {
            case 0, 1:
                let (folder, name) = try split(any)
                _ = try vault.mkdir(name, in: folder, by: safe.owner)
            case 2:
                let (folder, name) = try split(any)
                _ = try vault.rmdir(name, in: folder, by: safe.owner)
            case 3:
                let (folder, name) = try split(any)
                _ = try vault.unlink(name, in: folder, by: safe.owner)
            case 4, 5:
                let to = Bool.random(using: &random) ? pick(secrets) : secret + "/" + pick(items + ["files/d", "files/f"])
                let ((folder, name), (newFolder, newName)) = (try split(any), try split(to))
                _ = try vault.rename(
                    name, in: folder, to: newName, in: newFolder, replace: Bool.random(using: &random), by: safe.owner)
            case 6:
                let (folder, name) = try split("acme/web")
                _ = try vault.rename(name, in: folder, to: Array("shop".utf8), in: folder, replace: false, by: safe.owner)
                // As it was, for those that follow.
                _ = try vault.rename(Array("shop".utf8), in: folder, to: name, in: folder, replace: false, by: safe.owner)
            case 7, 8, 9: _ = try vault.grant(rights, to: person, on: try safe.inode(any), by: safe.owner)
            case 10: _ = try vault.revoke(nil, from: person, on: try safe.inode(any), by: safe.owner)
            case 11: _ = try vault.setTime(Int64.random(in: 0..<1 << 60, using: &random), of: try safe.inode(any), by: safe.owner)
            case 12, 13: try safe.apply(secret, [pick(items): "\(UInt8.random(in: 0...255, using: &random))"])
            case 14: try safe.write("A=\(UInt8.random(in: 0...9, using: &random))\nC=x\n", to: secret + "/env")
            case 15: try safe.apply(secret, [:], description: "d", policy: .init(debug: Bool.random(using: &random)))
            case 16: try safe.remove(any, purge: Bool.random(using: &random))
            case 17:
                let deleted = try vault.deleted(below: nil, for: safe.owner)
                guard !deleted.isEmpty else { return nil }
                _ = try vault.restore(deleted[Int.random(in: deleted.indices, using: &random)].id, to: nil, by: safe.owner)
            case 18: try safe.copy(secret, to: pick(secrets), overwrite: Bool.random(using: &random))
            default:
                if Bool.random(using: &random) {
                    _ = try vault.rollback(try safe.reference(secret + "/vars/A"), to: 1, by: safe.owner)
                } else {
                    try safe.write("home", to: ".users/1001/own/vars/PIN", by: Safe.caller(1001))
                }
            }
        } catch is VaultError { return nil }
        var told = ChangeSet()
        for other in observed.told.value {
            told.events += other.events
            told.inodes.formUnion(other.inodes)
            told.names.formUnion(other.names)
            told.contents.formUnion(other.contents)
        }
        return told
    }

    /// Keeps what the kernel was told by changes over a socket, before they were answered.
    private final class Observer: ContentObserver {
        let told = Box<[ChangeSet]>([])
        func forgetValues() {}
        func forget(_ changes: ChangeSet, by uid: UInt32) { told.change { $0.append(changes) } }
    }

    @Test(arguments: 1...2, [false, true]) func `nothing changes untold`(seed: UInt64, twice: Bool) throws {
        let safe = try Safe()
        safe.vault.store.rehearses = twice
        for path in ["acme", "acme/web", "acme/api", "acme/web@prod", "other", "other/web", "acme/web/db", "acme/api/db"] {
            try safe.mkdir(path)
        }
        try safe.apply("acme/web/db", ["vars/A": "one", "files/d/a": "x", "files/d/e/a": "y"])
        try safe.mkdir(".users/1001/own", by: Safe.caller(1001))
        // The owner of the store reads nothing else.
        for path in ["acme", "other"] { try safe.grant([.read], to: .user(Safe.owner), on: path) }
        var random = Seeded(seed)
        var kernel = try truth(safe)
        var made = 0
        for number in 1...100 {
            guard let changes = try step(safe, &random) else { continue }
            made += 1
            // What the vault keeps by itself decides as what it reads.
            for inode in kernel.shown.keys {
                guard let kept = safe.vault.places.place(inode) else { continue }
                let read = try safe.vault.store.read { store throws(VaultError) in try store.place(inode) }
                #expect(read.map { "\($0)" } == "\(kept)", "change \(number) of seed \(seed)")
            }
            kernel.forget(changes)
            let now = try truth(safe)
            let wrong = kernel.differences(from: now)
            #expect(wrong == [], "change \(number) of seed \(seed): \(changes.events)")
            kernel = now
            // Places are kept again, for the next.
            for inode in kernel.shown.keys { _ = try safe.vault.place(inode) }
        }
        #expect(made > 20)
        #expect(safe.isSound)
        #expect(try safe.vault.verifyAudit(for: safe.owner).problem == nil)
    }
}
