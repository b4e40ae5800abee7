// SPDX-License-Identifier: MIT

import Foundation
import SQLite
import Secrets
import Testing

@testable import Vault

/// Stores that an older release made open, and have all that was in them.
@Suite struct OldStoreTests {
    private let reader = Safe.caller(1001)

    /// The files of a store of version 1: its tables, and in them rows as that version sealed them.
    private func storeOfVersionOne() throws -> String {
        let new = try Safe()
        try new.furnish()
        try new.apply("acme/web/db", ["vars/A": "old", "files/tls/key": "pem"], policy: .init(debug: false))
        try new.apply("acme/web/db", ["vars/A": "new"])
        try new.apply("user/own", ["vars/PIN": "mine"], by: reader)
        try new.grant([.read], to: .user(1001), on: "acme/web")
        try new.vault.close()

        let folder = try Safe.newFolder()
        for file in ["node.key", "root.key", "audit.log"] {
            try FileManager.default.copyItem(atPath: new.folder + "/" + file, toPath: folder + "/" + file)
        }
        let path = folder + "/tacit.db"
        try SchemaMigration.migrate(try Connection(path: path, mode: .create), steps: Array(Store.migrations.prefix(1)))
        let (from, to) = (try StoreFile(new.configuration.storePath), try StoreFile(path))
        let known = try from.tables()
        for table in try to.tables() where table.name != "audit" {
            let source = try #require(known.first { $0.name == table.name })
            // What version 1 had no column for is at the end, and empty.
            let columns = try table.columns.map { try #require(source.columns.firstIndex(of: $0)) }
            let rows = try from.rows(of: source).map { row in
                for (index, name) in source.columns.enumerated() where !table.columns.contains(name) { #expect(row[index] == .null) }
                return columns.map { row[$0] }
            }
            #expect(try to.replace([], by: rows, in: table))
        }
        // The end of the log had a table and a seal of its own.
        let table = try #require(try to.tables().first { $0.name == "audit" })
        let seals = try Seals(nodeKey: try KeyFile.read(new.configuration.nodeKeyPath))
        let rows = try ["store", "state"].map { name in
            let table = try #require(known.first { $0.name == name })
            return try #require(from.rows(of: table).first)
        }
        let (store, state) = (rows[0], rows[1])
        guard case .blob(let uuid) = store[1], case .integer(let count) = state[1], case .integer(let offset) = state[2],
            case .blob(let chain) = state[3]
        else { throw VaultError.notFound }
        let end = AuditAnchor(count: count, offset: offset, chain: chain)
        let seal = seals.seal(StoreState(generation: 0, logEnd: end).canonicalBytes(store: uuid))
        let row: StoreFile.Row = [.integer(1), .integer(end.count), .integer(end.offset), .blob(end.chain), .blob(seal)]
        #expect(try to.replace([], by: [row], in: table))
        #expect(try SchemaMigration.version(of: to.connection) == 1)
        #expect(try to.tables().allSatisfy { $0.name != "deleted" && !$0.columns.contains("description") })
        return folder
    }

    @Test func `version one opens with all that it had`() throws {
        let safe = try Safe(folder: try storeOfVersionOne())
        #expect(try SchemaMigration.version(of: try StoreFile(safe.configuration.storePath).connection) == Int64(Store.migrations.count))
        // The tables are those of a new store, and every row verifies.
        #expect(try safe.vault.check(for: safe.owner) == [])
        #expect(try safe.holds("new", "acme/web/db/vars/A", for: reader))
        #expect(try safe.holds("pem", "acme/web/db/files/tls/key", for: reader))
        #expect(try safe.holds("mine", ".users/1001/own/vars/PIN", for: reader))
        let shown = try safe.vault.show(try safe.reference("acme/web/db"), for: reader)
        #expect(shown.description == nil && shown.policy?.debug == false)

        // What version 2 brought.
        _ = try safe.vault.rollback(try safe.reference("acme/web/db/vars/A"), to: 1, by: safe.owner)
        try safe.apply("acme/web/db", [:], description: "the database")
        // What that release had no column for.
        let item = try safe.inode("acme/web/db/files/tls/key")
        #expect(try safe.vault.attributes(of: item).modified == nil)
        _ = try safe.vault.setTime(981_173_106_123_456_789, of: item, by: safe.owner)
        #expect(try safe.vault.attributes(of: item).modified == 981_173_106_123_456_789)
        try safe.remove("acme/web/db")
        try safe.restart()
        try safe.restore("acme/web/db")
        #expect(try safe.holds("old", "acme/web/db/vars/A", for: reader))
        #expect(safe.isSound)
    }

    /// The files that `tacit` and `tacitd` 0.1.0 made, with a version replaced, an item deleted, a home, a grant and a policy.
    @Test func `a store of the first release opens with all that it had`() throws {
        let folder = try Safe.newFolder()
        let stored = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Stores/0.1.0").path
        for file in ["tacit.db", "node.key", "root.key", "audit.log"] {
            try FileManager.default.copyItem(atPath: stored + "/" + file, toPath: folder + "/" + file)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder + "/" + file)
        }
        let safe = try Safe(folder: folder)
        // Nothing is told of: each row verifies as that program sealed it, the end of the log too.
        #expect(safe.vault.damage.all == [])
        #expect(try safe.vault.check(for: safe.owner) == [])
        #expect(try safe.vault.verifyAudit(for: safe.owner).problem == nil)
        #expect(try safe.holds("new", "acme/web/db/vars/A", for: reader))
        #expect(try safe.holds("pem", "acme/web/db/files/tls/key", for: reader))
        #expect(try safe.holds("mine", ".users/0/own/vars/PIN", for: Safe.caller(0)))
        #expect(try safe.deleted() == ["acme/web/db/vars/GONE"])

        // It had no generation: the first change is the first.
        func generation() throws -> Int64? { try safe.vault.store.read { store throws(VaultError) in try store.readState()?.generation } }
        #expect(try generation() == 0)
        // Where it lay is not known: who may write there shows it to nobody who reads there.
        try safe.grant([.write], to: .user(1003), on: "acme/web/db")
        #expect(refusal { try safe.restore("acme/web/db/vars/GONE", by: Safe.caller(1003)) } == "denied")
        try safe.restore("acme/web/db/vars/GONE")
        #expect(try generation() == 2)
        _ = try safe.vault.rollback(try safe.reference("acme/web/db/vars/A"), to: 1, by: safe.owner)
        try safe.restart()
        #expect(try safe.holds("old", "acme/web/db/vars/A", for: reader))
        #expect(try safe.holds("gone", "acme/web/db/vars/GONE", for: reader))
        #expect(try generation() == 4)
        #expect(safe.isSound)
        #expect(try safe.vault.verifyAudit(for: safe.owner).problem == nil)
    }

    /// A migration, once released, is never edited: a store made by it would differ from one made by another release.
    @Test func `released migrations stay as they are`() {
        // FNV-1a, 64 bits.
        let sums = Schema.migrations.map { $0.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } }
        #expect(
            sums == [
                8_261_799_013_943_216_296, 8_700_964_406_338_598_305, 12_998_641_948_725_885_126, 9_810_415_501_205_670_906,
                8_954_809_202_631_871_640,
                4_839_069_879_579_897_535, 5_680_794_238_209_324_550,
            ])
    }

    @Test func `a newer store is refused`() throws {
        let safe = try Safe()
        try safe.vault.close()
        let file = try StoreFile(safe.configuration.storePath)
        try file.connection.execute("PRAGMA user_version = \(Store.migrations.count + 1)")
        #expect(refusal { _ = try Vault(safe.configuration) } == "storage")
    }
}
