// SPDX-License-Identifier: MIT

import Secrets
import Testing

@testable import Linux
@testable import Vault

/// Nothing lies deeper in the tree than it may, by whatever way it comes there.
@Suite struct DepthTests {
    private func path(_ count: Int, in folder: String) -> String {
        ([folder] + (0..<count).map { "f\($0)" }).joined(separator: "/")
    }

    @Test func `a folder is made, moved, stored and restored only so deep`() throws {
        let safe = try Safe()
        try safe.furnish()
        try safe.grant([.read], to: .user(1001), on: "acme")
        try safe.apply("acme/web/db", ["vars/A": "x"])
        let files = "acme/web/db/files"
        // `acme`, `web`, `db` and `files` are names on the way too.
        let most = Vault.deepest - 4
        for count in 1...most { try safe.mkdir(path(count, in: files)) }
        #expect(refusal { try safe.mkdir(path(most + 1, in: files)) } == "nameTooLong")
        try safe.write("deep", to: path(most, in: files) + "/file")
        // By a rename, with what is in it.
        for folder in ["a", "a/b", "a/b/c"] { try safe.mkdir(files + "/" + folder) }
        #expect(refusal { try safe.rename(files + "/a", to: path(most - 2, in: files) + "/a") } == "nameTooLong")
        try safe.rename(files + "/a", to: path(most - 3, in: files) + "/a")
        // By the socket, of which nothing is stored then.
        let deep = path(most + 1, in: "files/new") + "/file"
        #expect(refusal { try safe.apply("acme/web/db", ["vars/A": "y", deep: "z"]) } == "nameTooLong")
        #expect(try safe.holds("x", "acme/web/db/vars/A", for: Safe.caller(1001)) && !safe.exists(files + "/new"))
        // By a restore.
        try safe.remove(path(most - 3, in: files) + "/a")
        let id = try safe.deletedID(path(most - 3, in: files) + "/a")
        let lower = try safe.reference(path(most - 1, in: files) + "/a")
        #expect(refusal { _ = try safe.vault.restore(id, to: lower, by: safe.owner) } == "nameTooLong")
        _ = try safe.vault.restore(id, to: nil, by: safe.owner)
        // All of it goes.
        try safe.remove("acme/web/db", purge: true)
        #expect(safe.isSound)
    }

    /// Before there was a bound, folders were made deeper.
    @Test func `what lies deeper comes back to where it was, and goes no deeper`() throws {
        let safe = try Safe()
        try safe.furnish()
        try safe.apply("acme/web/db", ["vars/A": "x"])
        let files = "acme/web/db/files"
        let upper = path(Vault.deepest - 4, in: files)
        for count in 1...(Vault.deepest - 4) { try safe.mkdir(path(count, in: files)) }
        for count in 0...40 { try safe.mkdir(path(count, in: files + "/other")) }
        try safe.write("deep", to: path(40, in: files + "/other") + "/file")
        let (moved, parent) = (try safe.inode(files + "/other").node, try safe.inode(upper).node)
        _ = try safe.vault.change(by: safe.owner) { store, _ throws(VaultError) in
            guard var node = try store.node(moved) else { throw .notFound }
            node.parent = parent
            try store.update(node)
        }
        try safe.restart()
        let deep = path(39, in: upper + "/other")
        for removed in [upper + "/other", deep, path(2, in: files)] {
            try safe.remove(removed)
            _ = try safe.vault.restore(try safe.deletedID(removed), to: nil, by: safe.owner)
            #expect(safe.exists(deep + "/f39/file"), "\(removed)")
        }
        try safe.remove(deep)
        let below = try safe.reference(path(38, in: upper + "/other") + "/again/f38")
        #expect(refusal { try safe.mkdir(path(38, in: upper + "/other") + "/again") } == "nameTooLong")
        #expect(refusal { _ = try safe.vault.restore(try safe.deletedID(deep), to: below, by: safe.owner) } != nil)
        #expect(safe.isSound)
    }
}
