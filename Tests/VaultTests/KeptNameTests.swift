// SPDX-License-Identifier: MIT

import Linux
import Secrets
import Testing

@testable import Vault

/// Variables with names that a shell keeps for itself: they are there, and `env` has a comment in their places.
@Suite struct KeptNameTests {
    private static let comment = "# UID: a shell keeps this name for itself; read vars/UID\n"

    private let reader = Safe.caller(1001)

    private func safe() throws -> Safe {
        let safe = try Safe()
        try safe.furnish()
        try safe.grant([.read], to: .user(1001), on: "acme/web")
        return safe
    }

    private func expect(env text: String, _ safe: Safe) throws {
        #expect(try safe.holds(text, "acme/web/db/env", for: reader))
        #expect(try safe.vault.attributes(of: try safe.inode("acme/web/db/env")).size == Int64(text.utf8.count))
        #expect(try safe.vault.check(for: safe.owner) == [])
    }

    /// What a change does to the row's sum of lines, it does to the text's length: the size is right without the values.
    @Test func `the size of env is that of its text, whatever is changed`() throws {
        let safe = try safe()
        try safe.apply("acme/web/db", ["vars/A": "1", "vars/UID": "1000", "vars/Z": "it's"])
        try expect(env: "A=1\n" + Self.comment + "Z=\"it's\"\n", safe)
        #expect(try safe.holds("1000", "acme/web/db/vars/UID", for: reader))
        // A longer value, and one that is quoted: the comment stays.
        try safe.write("a long value with $(commands) in it", to: "acme/web/db/vars/UID")
        try expect(env: "A=1\n" + Self.comment + "Z=\"it's\"\n", safe)
        try safe.rename("acme/web/db/vars/UID", to: "acme/web/db/vars/UIDS")
        try expect(env: "A=1\nUIDS='a long value with $(commands) in it'\nZ=\"it's\"\n", safe)
        try safe.rename("acme/web/db/vars/UIDS", to: "acme/web/db/vars/UID")
        try safe.restart()
        try expect(env: "A=1\n" + Self.comment + "Z=\"it's\"\n", safe)
        try safe.remove("acme/web/db/vars/UID")
        try expect(env: "A=1\nZ=\"it's\"\n", safe)
        try safe.restore("acme/web/db/vars/UID")
        try expect(env: "A=1\n" + Self.comment + "Z=\"it's\"\n", safe)
        _ = try safe.vault.rollback(try safe.reference("acme/web/db/vars/UID"), to: 1, by: safe.owner)
        try expect(env: "A=1\n" + Self.comment + "Z=\"it's\"\n", safe)
        #expect(try safe.holds("1000", "acme/web/db/vars/UID", for: reader))
        try safe.unlink("acme/web/db/vars/A")
        try safe.unlink("acme/web/db/vars/Z")
        try expect(env: Self.comment, safe)
    }

    @Test func `writing env whole leaves alone what it does not show`() throws {
        let safe = try safe()
        try safe.apply("acme/web/db", ["vars/A": "1", "vars/UID": "1000", "vars/RANDOM": "r"])
        try safe.write("B=2\n", to: "acme/web/db/env")
        #expect(try safe.names(in: "acme/web/db/vars", for: reader) == ["B", "RANDOM", "UID"])
        #expect(try safe.holds("1000", "acme/web/db/vars/UID", for: reader))
        // What it shows, written back, changes nothing; what assigns such a name does.
        let text = "B=2\n# RANDOM: a shell keeps this name for itself; read vars/RANDOM\n" + Self.comment
        try expect(env: text, safe)
        try safe.write(text, to: "acme/web/db/env")
        try expect(env: text, safe)
        try safe.write("UID=7\n", to: "acme/web/db/env")
        #expect(try safe.holds("7", "acme/web/db/vars/UID", for: reader))
        #expect(try safe.names(in: "acme/web/db/vars", for: reader) == ["RANDOM", "UID"])
        try safe.unlink("acme/web/db/vars/UID")
        #expect(try safe.names(in: "acme/web/db/vars", for: reader) == ["RANDOM"])
    }

    /// The rows are those that releases before have made, with the lengths of assignments: the sum of a secret counts them as such.
    @Test func `a store holds the length of the assignment, as before`() throws {
        let safe = try safe()
        try safe.apply("acme/web/db", ["vars/UID": "1000", "vars/A": "1"])
        let node = try safe.inode("acme/web/db/vars/UID").node
        let lines = try safe.vault.store.read { store throws(VaultError) in
            (try store.node(node)?.line, try store.node(try store.node(node)?.parent ?? node)?.line)
        }
        #expect(lines.0 == Int64("UID=1000\n".utf8.count) && lines.1 == Int64("A=1\nUID=1000\n".utf8.count))
    }

    /// Beside a description, and without one; across a restart, and with every row sealed.
    @Test func `a secret keeps its type`() throws {
        for description in [nil, Array("what it is for".utf8)] {
            let safe = try safe()
            var change = SecretChange(
                try safe.reference("acme/web/tls"), mode: .create, description: description, type: Array("kubernetes.io/tls".utf8))
            _ = try safe.vault.apply([change], values: unsafe [UInt8]().span.bytes, by: safe.owner)
            try safe.restart()
            var shown = try safe.vault.show(try safe.reference("acme/web/tls"), for: safe.owner)
            #expect(shown.type == Array("kubernetes.io/tls".utf8) && shown.description == description)
            #expect(try safe.vault.check(for: safe.owner) == [])
            change = SecretChange(try safe.reference("acme/web/tls"), mode: .update, type: [])
            _ = try safe.vault.apply([change], values: unsafe [UInt8]().span.bytes, by: safe.owner)
            shown = try safe.vault.show(try safe.reference("acme/web/tls"), for: safe.owner)
            #expect(shown.type == nil && shown.description == description)
            for wrong in [[UInt8](repeating: 0x61, count: 318), [0xFF], [0x61, 0]] {
                change = SecretChange(try safe.reference("acme/web/tls"), mode: .update, type: wrong)
                #expect(throws: VaultError.self) { try safe.vault.apply([change], values: unsafe [UInt8]().span.bytes, by: safe.owner) }
            }
        }
    }

    /// The names are looked for by an index: a secret with many variables takes no longer than one with few.
    @Test func `the names are looked for by an index`() throws {
        let safe = try safe()
        let plan = try safe.vault.store.read { store throws(VaultError) in
            try store.rows("EXPLAIN QUERY PLAN \(StoreConnection.keptVariables)", [.integer(1)]) {
                String(decoding: $0.bytes(3), as: UTF8.self)
            }
        }
        #expect(plan.count == 1 && plan.allSatisfy { $0.contains("USING INDEX node_name") && $0.contains("name=?") }, "\(plan)")
    }
}
