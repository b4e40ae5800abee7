// SPDX-License-Identifier: MIT

import Secrets
import Testing

@testable import Vault

/// Copies and migrations: sealed to the key of where they go, decided item by item, all or nothing.
@Suite struct CopyingTests {
    private let reader = Safe.caller(1001)

    private func safe() throws -> Safe {
        let safe = try Safe()
        try safe.furnish()
        for path in ["other", "other/web"] { try safe.mkdir(path) }
        try safe.apply("acme/web/db", ["vars/A": "old", "files/tls/key": "pem"], description: "the database")
        try safe.apply("acme/web/db", ["vars/A": "new"])
        try safe.apply("acme/web@prod/db", ["vars/A": "live"])
        try safe.apply("acme/@org/mail", ["vars/A": "shared"])
        for path in ["acme", "other"] { try safe.grant([.read, .write], to: .user(1001), on: path) }
        return safe
    }

    /// The organizations or homes whose keys the versions of an item are sealed to.
    private func scopes(_ path: String, _ safe: Safe) throws -> Set<NodeID> {
        let node = try safe.inode(path).node
        return Set(
            try safe.vault.store.read { store throws(VaultError) in
                guard let row = try store.node(node) else { throw .notFound }
                return try store.versions(of: node).map { version throws(VaultError) in try store.verify(version, of: row).scope }
            })
    }

    @Test func `a copy is sealed to where it goes`() throws {
        let safe = try safe()
        try safe.copy("acme/web/db", to: "other/web/db", by: reader)
        try safe.copy("acme/web/db", to: "user/db", by: reader)
        for (path, scope) in [("acme/web/db", "acme"), ("other/web/db", "other"), (".users/1001/db", ".users/1001")] {
            for item in ["vars/A", "files/tls/key"] {
                #expect(try scopes("\(path)/\(item)", safe) == [try safe.inode(scope).node])
            }
            #expect(try safe.holds("new", path + "/vars/A", for: reader))
            #expect(try safe.vault.show(try safe.reference(path), for: reader).description == Array("the database".utf8))
        }
        // Only the current version, and no grants, go with it.
        #expect(try safe.vault.history(try safe.reference("other/web/db/vars/A"), for: reader).map(\.number) == [1])
        // What went with its organization's key is read no less.
        for path in ["acme/web/db", "acme/web@prod/db", "acme/@org/mail"] { try safe.remove(path, purge: true) }
        for path in ["acme/web@prod", "acme/web", "acme"] { try safe.remove(path) }
        #expect(try safe.holds("new", "other/web/db/vars/A", for: reader))
        #expect(safe.isSound)
    }

    @Test func `a rollback is sealed to the scopes key`() throws {
        let safe = try safe()
        _ = try safe.vault.rollback(try safe.reference("acme/web/db/vars/A"), to: 1, by: reader)
        #expect(try safe.holds("old", "acme/web/db/vars/A", for: reader))
        #expect(try scopes("acme/web/db/vars/A", safe) == [try safe.inode("acme").node])
    }

    @Test func `an organization moves whole`() throws {
        let safe = try safe()
        var told: [[Int]] = []
        let migrated = try safe.vault.migrate(
            try safe.reference("acme"), to: try safe.reference("other"), overwrite: false, dryRun: false, by: reader
        ) { told.append([$0, $1]) }
        #expect(migrated.secrets.map { "\($0.to)" } == ["other/@org/mail", "other/web/db", "other/web@prod/db"])
        // Told before each, so that whoever waits sees that it goes on.
        #expect(told == [[0, 3], [1, 3], [2, 3], [3, 3]])
        #expect(try safe.holds("live", "other/web@prod/db/vars/A", for: reader))
        #expect(try scopes("other/web@prod/db/vars/A", safe) == [try safe.inode("other").node])
        #expect(safe.isSound)
    }

    @Test func `one refusal stops all`() throws {
        let safe = try safe()
        try safe.apply("other/web/db", ["vars/A": "theirs"])
        #expect(refusal { try safe.migrate("acme", to: "other", by: reader) } == "conflict")
        #expect(!safe.exists("other/@org/mail") && !safe.exists("other/web@prod"))
        #expect(try safe.migrate("acme", to: "other", dryRun: true, by: reader).contains("acme/web/db other/web/db exists"))
        let writer = Safe.caller(1002)
        try safe.grant([.write], to: .user(1002), on: "other")
        try safe.grant([.read], to: .user(1002), on: "acme/web/db")
        try safe.grant([.list], to: .user(1002), on: "acme")
        #expect(refusal { try safe.migrate("acme", to: "other", overwrite: true, by: writer) } == "denied")
        try safe.vault.lock(by: safe.owner)
        #expect(refusal { try safe.migrate("acme", to: "other", overwrite: true, by: reader) } == "locked")
        #expect(!safe.exists("other/@org/mail"))
        try safe.vault.unlock(by: safe.owner)
        #expect(try safe.holds("theirs", "other/web/db/vars/A", for: reader))
        #expect(safe.isSound)
    }
}
