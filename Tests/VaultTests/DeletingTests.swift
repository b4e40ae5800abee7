// SPDX-License-Identifier: MIT

import Foundation
import SQLite
import Secrets
import TestSupport
import Testing

@testable import Vault

/// Deleting, restoring and destroying.
@Suite struct DeletingTests {
    private let reader = Safe.caller(1001)
    private let writer = Safe.caller(1002)
    private let stranger = Safe.caller(1003)
    private let one = Safe.caller(1004)

    private func safe() throws -> Safe {
        let safe = try Safe()
        try safe.furnish()
        try safe.grant([.read], to: .user(1001), on: "acme/web")
        try safe.grant([.write], to: .user(1002), on: "acme/web")
        try safe.apply("acme/web/db", ["vars/A": "one", "vars/B": "two", "files/db": "x", "files/tls/tls/key": "pem"])
        try safe.grant([.read], to: .user(1004), on: "acme/web/db/vars/A")
        return safe
    }

    @Test func `a deleted secret is gone and comes back`() throws {
        let safe = try safe()
        let nodes = try safe.nodeCount()
        let inodes = try ["", "/vars", "/env", "/vars/A", "/files/tls/tls/key"].map { try safe.inode("acme/web/db" + $0) }
        let stale = try safe.vault.remove(try safe.reference("acme/web/db"), purge: false, by: writer)
        #expect(!safe.exists("acme/web/db"))
        for inode in inodes {
            // What the kernel still has of it is stale, and it is told so.
            #expect(refusal { _ = try safe.vault.attributes(of: inode) } == "notFound")
            #expect(refusal { _ = try safe.vault.open(inode, .read, for: reader) } == "notFound")
            #expect(refusal { try safe.commit("x", to: .item(inode)) } == "notFound")
            #expect(refusal { _ = try safe.vault.list(inode, after: 0, limit: 9, for: safe.owner) } == "notFound")
            #expect(stale.inodes.contains(inode))
        }
        #expect(stale.names.map { String(decoding: $0.name, as: UTF8.self) } == ["db"])
        #expect(try safe.nodeCount() == nodes - 7)
        #expect(try safe.names(in: "acme/web", for: safe.owner) == [])
        // Who had a grant below does not pass any more, nor has it among what is shared.
        #expect(refusal { _ = try safe.names(in: "acme", for: one) } == "denied")
        #expect(try safe.vault.shared(with: one).isEmpty)
        #expect(safe.isSound)
        try safe.restart()
        #expect(safe.isSound)

        #expect(try safe.restore("acme/web/db", by: writer) == "acme/web/db")
        #expect(try safe.inode("acme/web/db/vars/A") == inodes[3])
        #expect(try safe.holds("A=one\nB=two\n", "acme/web/db/env", for: reader))
        #expect(try safe.holds("one", "acme/web/db/vars/A", for: one))
        #expect(try safe.names(in: "acme/web", for: one) == ["db"])
        #expect(try safe.holds("pem", "acme/web/db/files/tls/tls/key", for: reader))
        #expect(try safe.deleted() == [])
        #expect(try safe.nodeCount() == nodes)
        #expect(safe.isSound)
    }

    @Test(arguments: ["vars/A", "files/tls", "files/tls/tls/key", "files/db"]) func `a deleted part comes back`(_ part: String) throws {
        let safe = try safe()
        let path = "acme/web/db/" + part
        let before = try safe.items("acme/web/db", for: reader)
        try safe.remove(path, by: writer)
        #expect(!safe.exists(path))
        #expect(try safe.items("acme/web/db", for: reader).allSatisfy { !$0.hasPrefix(part) })
        if part == "vars/A" { #expect(try safe.holds("B=two\n", "acme/web/db/env", for: reader)) }
        #expect(try safe.deleted() == [path])
        #expect(safe.isSound)
        try safe.restore(path)
        #expect(try safe.items("acme/web/db", for: reader) == before)
        #expect(try safe.holds("A=one\nB=two\n", "acme/web/db/env", for: reader))
        #expect(safe.isSound)
    }

    @Test func `versions come back too`() throws {
        let safe = try safe()
        try safe.apply("acme/web/db", ["vars/A": "newer"])
        try safe.remove("acme/web/db/vars/A")
        // The name is free, and is another item's then.
        try safe.apply("acme/web/db", ["vars/A": "other"], expecting: ["vars/A": 0])
        #expect(refusal { try safe.restore("acme/web/db/vars/A") } == "exists")
        try safe.rename("acme/web/db/vars/A", to: "acme/web/db/vars/OTHER")
        try safe.restore("acme/web/db/vars/A")
        _ = try safe.vault.rollback(try safe.reference("acme/web/db/vars/A"), to: 1, by: writer)
        #expect(try safe.holds("A=one\nB=two\nOTHER=other\n", "acme/web/db/env", for: reader))
        #expect(safe.isSound)
    }

    @Test func `restores under another name`() throws {
        let safe = try safe()
        try safe.mkdir("acme/api")
        try safe.mkdir("other")
        try safe.mkdir("other/web")
        try safe.remove("acme/web/db/vars/A")
        #expect(try safe.restore("acme/web/db/vars/A", to: "acme/web/db/vars/LONGER", by: writer) == "acme/web/db/vars/LONGER")
        #expect(try safe.holds("B=two\nLONGER=one\n", "acme/web/db/env", for: reader))
        try safe.remove("acme/web/db")
        #expect(refusal { try safe.restore("acme/web/db", to: "other/web/db") } == "crossScope")
        #expect(refusal { try safe.restore("acme/web/db", to: "acme/none/db") } == "notFound")
        #expect(refusal { try safe.restore("acme/web/db", to: "acme/db") } == "notPermitted")
        #expect(refusal { try safe.restore("acme/web/db", to: "acme/web/-") } == "invalidName")
        #expect(refusal { try safe.restore("acme/web/db", to: "acme/@org") } == "notPermitted")
        // Other grants may count there: who may write here and there, and not read, must not be able to read it there.
        try safe.grant([.write, .read], to: .user(1002), on: "acme/api")
        #expect(refusal { try safe.restore("acme/web/db", to: "acme/api/db", by: writer) } == "denied")
        #expect(try safe.restore("acme/web/db", to: "acme/api/db2") == "acme/api/db2")
        #expect(try safe.holds("one", "acme/api/db2/vars/LONGER", for: one))
        #expect(safe.isSound)
    }

    @Test func `only who may remove sees and restores`() throws {
        let safe = try safe()
        try safe.grant([.manage], to: .user(1005), on: "acme/web/db")
        try safe.remove("acme/web/db")
        let id = try safe.deletedID("acme/web/db")
        for caller in [reader, stranger, one] {
            #expect(try safe.deleted(for: caller) == [])
            #expect(refusal { _ = try safe.vault.restore(id, to: nil, by: caller) } == "denied")
            #expect(refusal { try safe.vault.purge(id, by: caller) } == "denied")
        }
        #expect(safe.logged("acme/web/db", "deny", "\"uid\":1003") == 2)
        #expect(try safe.deleted(for: writer) == ["acme/web/db"])
        // Who manages the secret, and may not write to the project, may destroy it, and not put it there.
        #expect(try safe.deleted(for: Safe.caller(1005)) == ["acme/web/db"])
        #expect(refusal { _ = try safe.vault.restore(id, to: nil, by: Safe.caller(1005)) } == "denied")
        try safe.vault.purge(id, by: Safe.caller(1005))
        #expect(refusal { _ = try safe.vault.restore(id, to: nil, by: safe.owner) } == "notFound")
        #expect(refusal { _ = try safe.vault.restore(DeletedID(uuid: [1]), to: nil, by: safe.owner) } == "notFound")
        #expect(refusal { try safe.remove("acme/web", by: reader) } == "denied")
    }

    @Test func `lists below a place`() throws {
        let safe = try safe()
        try safe.remove("acme/web/db/vars/A")
        try safe.remove("acme/web/db/files/db")
        try safe.apply("user/own", ["vars/PIN": "1"], by: reader)
        try safe.remove("user/own", by: reader)
        #expect(try safe.deleted(below: "acme/web/db/vars") == ["acme/web/db/vars/A"])
        #expect(try safe.deleted(below: "acme/web/d") == [])
        #expect(try safe.deleted(below: "user", for: reader) == [".users/1001/own"])
        #expect(try safe.deleted(for: writer).count == 2)
        let item = try #require(try safe.vault.deleted(below: nil, for: reader).first)
        // By another clock than the deletion: as far apart as the two have run since.
        #expect(abs(item.expires - item.deleted - 7 * 86_400_000_000) < 3_600_000_000)
        #expect(item.author == 1001)
        #expect(DeletedID(Array("\(item.id)".utf8)) == item.id)
        #expect(DeletedID(Array("\(item.id)".uppercased().utf8)) == item.id)
        for text in ["", "x", "\(item.id)0", String("\(item.id)".dropLast()), "\(item.id)".replacingOccurrences(of: "-", with: "0")] {
            #expect(DeletedID(Array(text.utf8)) == nil)
        }
    }

    @Test func `parts of what is deleted wait for it`() throws {
        let safe = try safe()
        try safe.remove("acme/web/db/files/tls/tls/key")
        try safe.remove("acme/web/db/files/tls")
        try safe.remove("acme/web/db/vars/A", by: writer)
        try safe.remove("acme/web/db")
        let all = ["acme/web/db", "acme/web/db/vars/A", "acme/web/db/files/tls", "acme/web/db/files/tls/tls/key"]
        #expect(try safe.deleted(for: writer) == all)
        #expect(safe.isSound)
        #expect(refusal { try safe.restore("acme/web/db/vars/A") } == "notFound")
        try safe.rename("acme/web", to: "acme/site")
        try safe.restore("acme/site/db")
        try safe.restore("acme/site/db/vars/A")
        #expect(try safe.holds("A=one\nB=two\n", "acme/site/db/env", for: reader))
        try safe.remove("acme/site/db", purge: true)
        // With the secret goes what was deleted from it.
        #expect(try safe.deleted() == [])
        #expect(try safe.vault.status().versions == 0)
        #expect(safe.isSound)
    }

    @Test func `purging destroys the keys`() throws {
        let safe = try safe()
        let node = try safe.inode("acme/web/db/vars/A").node
        let sealed = try safe.vault.store.read { store throws(VaultError) in try store.versions(of: node).map(\.dataKey) }
        try safe.remove("acme/web/db/vars/A")
        try safe.vault.purge(try safe.deletedID("acme/web/db/vars/A"), by: writer)
        #expect(try safe.deleted() == [])
        try expectNowhere(sealed, safe)
        #expect(safe.isSound)
        try safe.vault.close()
        try expectNowhere(sealed, safe)
    }

    @Test(arguments: [true, false]) func `no key stays in the log of the store`(_ isPurged: Bool) throws {
        let safe = try safe()
        var sealed: [[UInt8]] = []
        for name in ["vars/A", "files/tls/tls/key"] {
            let node = try safe.inode("acme/web/db/" + name).node
            sealed += try safe.vault.store.read { store throws(VaultError) in try store.versions(of: node).map(\.dataKey) }
        }
        // As long as the log is not written back, it has the pages of old.
        #expect(try files(of: safe).contains { file in sealed.contains { file.range(of: Data($0)) != nil } })
        try safe.remove("acme/web/db", purge: isPurged)
        if !isPurged { try safe.vault.destroyExpired(now: .max) }
        try expectNowhere(sealed, safe)
    }

    /// Somebody reads the store while something is purged: nobody waits for them, and what they kept is done by the sweep.
    @Test func `readers hold up no purge`() throws {
        let safe = try safe()
        let node = try safe.inode("acme/web/db/vars/A").node
        let sealed = try safe.vault.store.read { store throws(VaultError) in try store.versions(of: node).map(\.dataKey) }
        let (vault, owner, reference) = (safe.vault, safe.owner, try safe.reference("acme/web/db"))
        // So long that nobody passes who waits.
        _ = try vault.store.write { store throws(VaultError) in
            try sqlite { () throws(SQLiteError) in try store.connection.execute("PRAGMA busy_timeout = 2000000000") }
        }
        let isPurged = Box(false)
        let isInTime = try vault.store.read { store throws(VaultError) in
            try store.snapshot { () throws(VaultError) in
                _ = try store.nodeCount()
                Thread.detachNewThread {
                    if (try? vault.remove(reference, purge: true, by: owner)) != nil { isPurged.change { $0 = true } }
                }
                return (try? Wait.until("the purge", seconds: 120) { isPurged.value }) != nil
            }
        }
        #expect(isInTime)
        #expect(vault.sweep())
        try expectNowhere(sealed, safe)
    }

    private func files(of safe: Safe) throws -> [Data] {
        try ["", "-wal"].map { try #require(FileManager.default.contents(atPath: safe.configuration.storePath + $0)) }
    }

    /// Neither in the store nor in its write-ahead log, if there is one.
    private func expectNowhere(_ keys: [[UInt8]], _ safe: Safe) throws {
        for file in ["", "-wal"].compactMap({ FileManager.default.contents(atPath: safe.configuration.storePath + $0) }) {
            for key in keys { #expect(file.range(of: Data(key)) == nil) }
        }
    }

    @Test func `what goes with another is logged`() throws {
        let safe = try safe()
        try safe.remove("acme/web/db/vars/B")
        try safe.remove("acme/web/db/files/tls/tls/key")
        try safe.remove("acme/web/db/files/tls/tls", purge: true)
        #expect(safe.logged("acme/web/db/files/tls/tls/key", "destroyed with what it was deleted from") == 1)
        try safe.remove("acme/web/db", purge: true)
        #expect(safe.logged("acme/web/db/vars/B", "destroyed with what it was deleted from") == 1)
        try safe.apply("acme/web/db", ["vars/A": "new"])
        try safe.remove("acme/web/db")
        for path in ["acme/web@prod", "acme/web", "acme"] { try safe.remove(path, purge: true) }
        #expect(safe.logged(#""ref":"acme/web/db""#, "destroyed with what it was deleted from") == 1)
        #expect(try safe.vault.status().versions == 0)
    }

    @Test func `a row of old destroys nothing that was restored`() throws {
        let safe = try safe()
        try safe.remove("acme/web/db")
        let file = try StoreFile(safe.configuration.storePath)
        try file.connection.execute("CREATE TEMP TABLE kept AS SELECT * FROM deleted")
        try safe.restore("acme/web/db")
        try file.connection.execute("INSERT INTO deleted SELECT * FROM kept")
        try safe.vault.destroyExpired(now: .max)
        #expect(try safe.holds("one", "acme/web/db/vars/A", for: reader))
        #expect(!safe.isSound)
    }

    @Test(.timeLimit(.minutes(30))) func `rows in circles hold up nothing`() throws {
        let safe = try safe()
        try safe.remove("acme/web/db/vars/A")
        try safe.remove("acme/web/db/vars/B")
        let nodes = try ["A", "B"].map { name in
            let id = try safe.deletedID("acme/web/db/vars/" + name)
            return try safe.vault.store.read { store throws(VaultError) in try store.deletedRow(uuid: id.uuid)?.node.rawValue ?? 0 }
        }
        let file = try StoreFile(safe.configuration.storePath)
        try file.connection.execute("UPDATE deleted SET parent = CASE node WHEN \(nodes[0]) THEN \(nodes[1]) ELSE \(nodes[0]) END")
        _ = try safe.vault.store.write { store throws(VaultError) in
            guard let node = NodeID(rawValue: nodes[0]) else { throw .notFound }
            return try store.delete(node)
        }
        #expect(try safe.vault.status().versions == 2)
    }

    @Test func `what has expired is destroyed`() throws {
        let safe = try safe()
        try safe.remove("acme/web/db/vars/A")
        try safe.remove("acme/web/db/files/tls")
        try safe.remove("acme/web/db")
        let time = try #require(
            try safe.vault.store.read { store throws(VaultError) in try store.deletedRows() }.compactMap(\.watched).min())
        for now in [Int64.min, 0, time, time + Vault.retention - 1] {
            try safe.vault.destroyExpired(now: now)
            #expect(try safe.deleted().count == 3)
        }
        try safe.vault.destroyExpired(now: time + Vault.retention)
        #expect(try safe.deleted().count < 3)
        try safe.vault.destroyExpired(now: .max)
        #expect(try safe.deleted() == [])
        #expect(try safe.vault.status().versions == 0)
        #expect(safe.logged("\"action\":\"expire\"", "acme/web/db", "destroyed") > 0)
        #expect(safe.isSound)
    }

    @Test func `the sweep runs at the start and never after the end`() throws {
        let safe = try safe()
        try safe.remove("acme/web/db/vars/B")
        let generation = try generation(safe)
        try safe.vault.startSweeping()
        // It has noted the time at its end.
        try Wait.until("a sweep", seconds: 300) { try self.generation(safe) > generation }
        #expect(try safe.deleted() == ["acme/web/db/vars/B"])
        // As if it had been deleted eight days ago.
        try safe.age(by: 8)
        try safe.vault.startSweeping()
        try Wait.until("another sweep", seconds: 300) { try safe.deleted().isEmpty }
        try safe.remove("acme/web/db/vars/A")
        try safe.age(by: 8)
        let vault = safe.vault
        try safe.restart()
        #expect(!vault.sweep())
        #expect(try safe.deleted() == ["acme/web/db/vars/A"])
        #expect(safe.vault.sweep())
        #expect(try safe.deleted() == [])
    }

    private func generation(_ safe: Safe) throws -> Int64 {
        try safe.vault.store.read { store throws(VaultError) in try store.readState()?.generation ?? 0 }
    }

    @Test func `scopes must be empty`() throws {
        let safe = try safe()
        for path in ["acme", "acme/web"] { #expect(refusal { try safe.remove(path, purge: true) } == "notEmpty") }
        for path in ["/", ".users", "user"] { #expect(refusal { try safe.remove(path) } == "notPermitted", "\(path)") }
        for path in ["acme/web/db/env", "acme/web/db/vars", "acme/web/db/files"] {
            #expect(refusal { try safe.remove(path) } == "notPermitted", "\(path)")
        }
        #expect(refusal { try safe.remove("acme/web/none") } == "notFound")
        #expect(refusal { try safe.remove("acme/web/db/vars/A", by: reader) } == "denied")
    }

    /// A secret outlives its project, and goes with the organization whose key its values are sealed to.
    @Test func `what was deleted outlives its project only`() throws {
        let safe = try safe()
        try safe.remove("acme/web/db/vars/A")
        try safe.remove("acme/web/db")
        for path in ["acme/web@prod", "acme/web"] { try safe.remove(path, purge: true) }
        #expect(safe.isSound)
        // The grants of the project are gone with it.
        #expect(try safe.deleted(for: writer) == [])
        #expect(try safe.deleted() == ["acme/web/db", "acme/web/db/vars/A"])
        #expect(refusal { try safe.restore("acme/web/db") } == "notFound")
        try safe.mkdir("acme/web")
        try safe.grant([.write], to: .user(1002), on: "acme/web")
        #expect(refusal { try safe.restore("acme/web/db", by: writer) } == "denied")
        try safe.restore("acme/web/db")
        #expect(safe.exists("acme/web/db/vars/B"))
        try safe.remove("acme/web/db")
        try safe.remove("acme/web", purge: true)
        try safe.remove("acme", purge: true)
        #expect(try safe.deleted() == [])
        #expect(try safe.vault.status().versions == 0)
        #expect(safe.isSound)
    }

    @Test func `homes keep their own`() throws {
        let safe = try safe()
        try safe.apply("user/own", ["vars/PIN": "1"], by: reader)
        try safe.remove("user/own", by: reader)
        // The owner of the store may tidy up, and put nothing there.
        let id = try safe.deletedID(".users/1001/own")
        #expect(refusal { _ = try safe.vault.restore(id, to: nil, by: safe.owner) } == "denied")
        #expect(refusal { _ = try safe.vault.restore(id, to: nil, by: writer) } == "denied")
        _ = try safe.vault.restore(id, to: try safe.reference("user/other"), by: reader)
        #expect(try safe.holds("1", ".users/1001/other/vars/PIN", for: reader))
        #expect(safe.isSound)
    }

    @Test func `deletes while locked`() throws {
        let safe = try safe()
        try safe.vault.lock(by: safe.owner)
        try safe.remove("acme/web/db")
        try safe.restore("acme/web/db")
        try safe.vault.unlock(by: safe.owner)
        #expect(try safe.holds("one", "acme/web/db/vars/A", for: reader))
    }

    @Test func `a row that was changed restores nothing`() throws {
        let safe = try safe()
        try safe.remove("acme/web/db")
        let id = try safe.deletedID("acme/web/db")
        for change in ["time = 0", "path = x'2f'", "parent = parent + 1", "author = 7", "scope = 1"] {
            let file = try StoreFile(safe.configuration.storePath)
            try file.connection.execute("CREATE TEMP TABLE kept AS SELECT * FROM deleted; UPDATE deleted SET \(change)")
            #expect(try safe.deleted() == [])
            #expect(refusal { _ = try safe.vault.restore(id, to: nil, by: safe.owner) } == "notFound")
            try safe.vault.destroyExpired(now: .max)
            #expect(!safe.isSound)
            try file.connection.execute("DELETE FROM deleted; INSERT INTO deleted SELECT * FROM kept")
        }
        #expect(safe.isSound)
        try safe.restore("acme/web/db")
    }
}

extension Safe {
    /// Makes all that was deleted older, with valid seals.
    fileprivate func age(by days: Int64) throws {
        _ = try vault.store.write { store throws(VaultError) in
            for row in try store.deletedRows() {
                guard let node = try store.node(row.node) else { continue }
                try store.removeDeletedRow(of: row.node)
                try store.insert(
                    DeletedRow(
                        node: row.node, parent: row.parent, scope: row.scope, path: row.path, time: row.time, author: row.author,
                        watched: (row.watched ?? 0) - days * 86_400_000_000), of: node)
            }
        }
    }
}
