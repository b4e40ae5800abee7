// SPDX-License-Identifier: MIT

import Foundation
import SQLite
import Secrets
import Testing

@testable import Vault

/// Writing values and reading them back.
@Suite struct ValueTests {
    private let reader = Safe.caller(1001)

    private func safe(versionLimit: Int = VaultConfiguration.usualVersions) throws -> Safe {
        let safe = try Safe(versionLimit: versionLimit)
        try safe.furnish()
        try safe.grant([.read], to: .user(1001), on: "acme/web")
        return safe
    }

    /// The numbers of the versions that are kept.
    private func versions(_ safe: Safe, _ path: String) throws -> [Int64] {
        let node = try safe.inode(path).node
        return try safe.vault.store.read { store throws(VaultError) in try store.versions(of: node).map(\.number) }
    }

    @Test func `reads back`() throws {
        let safe = try safe()
        try safe.mkdir("acme/web/db/files/tls")
        let large = String(repeating: "x", count: 1 << 20)
        for (path, text) in [("vars/A", "one"), ("vars/EMPTY", ""), ("files/tls/key", "a\nb\n\0"), ("files/large", large)] {
            let path = "acme/web/db/" + path
            try safe.write(text, to: path)
            #expect(try safe.holds(text, path, for: reader), "\(path)")
            #expect(try safe.vault.attributes(of: try safe.inode(path)).size == Int64(text.utf8.count))
        }
    }

    @Test func `drops the newline of a variable only`() throws {
        let safe = try safe()
        try safe.write("one\n\n", to: "acme/web/db/vars/A")
        #expect(try safe.holds("one\n", "acme/web/db/vars/A", for: reader))
        try safe.write("one\n", to: "acme/web/db/files/a")
        #expect(try safe.holds("one\n", "acme/web/db/files/a", for: reader))
    }

    @Test func `refuses what breaks a rule`() throws {
        let safe = try safe()
        try safe.write("one", to: "acme/web/db/vars/A")
        #expect(refusal { try safe.write("a\0b", to: "acme/web/db/vars/A") } == "invalidValue")
        #expect(refusal { try safe.write(String(repeating: "x", count: 1 << 20) + "xx", to: "acme/web/db/vars/A") } == "tooLarge")
        #expect(refusal { try safe.write("bad line", to: "acme/web/db/env") } == "invalidValue")
        #expect(refusal { try safe.write("x", to: "acme/web/db/vars/1BAD") } == "invalidName")
        #expect(refusal { try safe.write("x", to: "acme/web/db/loose") } == "notFound" || !safe.exists("acme/web/db/loose"))
        #expect(try safe.holds("one", "acme/web/db/vars/A", for: reader))
        #expect(try versions(safe, "acme/web/db/vars/A") == [1])
    }

    @Test func `keeps ten versions and destroys older`() throws {
        let safe = try safe()
        let path = "acme/web/db/vars/A"
        for number in 1...13 { try safe.write("value \(number)", to: path) }
        #expect(try versions(safe, path) == Array(4...13))
        #expect(try safe.holds("value 13", path, for: reader))
        #expect(try safe.vault.check(for: safe.owner) == [])
    }

    @Test func `destroyed versions leave no sealed key`() throws {
        let safe = try safe(versionLimit: 1)
        let path = "acme/web/db/vars/A"
        try safe.write("one", to: path)
        let node = try safe.inode(path).node
        let version = try safe.vault.store.read { store throws(VaultError) in try store.versions(of: node) }
        let sealed = Data(try #require(version.first).dataKey)
        try safe.write("two", to: path)
        try safe.vault.close()
        let file = try #require(FileManager.default.contents(atPath: safe.configuration.storePath))
        #expect(file.range(of: sealed) == nil)
        #expect(
            !FileManager.default.fileExists(atPath: safe.configuration.storePath + "-wal")
                || FileManager.default.contents(atPath: safe.configuration.storePath + "-wal")?.range(of: sealed) == nil)
    }

    @Test func `supersedes the version of the same handle`() throws {
        let safe = try safe()
        let path = "acme/web/db/vars/A"
        try safe.write("old", to: path)
        let first = try safe.write("half", to: path)
        let second = try safe.write("whole", to: path, superseding: first.versions)
        #expect(try versions(safe, path) == [1, 3])
        #expect(second.versions == [try safe.inode(path).node: 3])
        #expect(try safe.holds("whole", path, for: reader))
    }

    @Test func `replaces and merges the environment`() throws {
        let safe = try safe()
        let env = "acme/web/db/env"
        try safe.write("A=1\nB='two words'\n", to: env)
        #expect(try safe.holds("A=1\nB='two words'\n", env, for: reader))
        try safe.commit("B=3\nC=4\n", to: .environment(try safe.inode(env), merge: true))
        #expect(try safe.holds("A=1\nB=3\nC=4\n", env, for: reader))
        try safe.write("C=5\nC=6", to: env)
        #expect(try safe.holds("C=6\n", env, for: reader))
        #expect(!safe.exists("acme/web/db/vars/A"))
        #expect(try safe.vault.attributes(of: try safe.inode(env)).size == 4)
        // Nothing assigned, nothing changed.
        try safe.write("# nothing\n", to: env)
        #expect(try safe.holds("C=6\n", env, for: reader))
        #expect(try safe.vault.check(for: safe.owner) == [])
    }

    @Test func `environment is refused without one of its variables`() throws {
        let safe = try safe()
        try safe.write("A=1\nB=2\n", to: "acme/web/db/env")
        let node = try safe.inode("acme/web/db/vars/B").node.rawValue
        try StoreFile(safe.configuration.storePath).connection.execute(
            "DELETE FROM version WHERE node = \(node); DELETE FROM node WHERE id = \(node)")
        #expect(refusal { _ = try safe.holds("A=1\n", "acme/web/db/env", for: reader) } == "corrupt")
        #expect(try safe.holds("1", "acme/web/db/vars/A", for: reader))
        #expect(try !safe.vault.check(for: safe.owner).isEmpty)
    }

    @Test func `two writers of one new name make two versions`() throws {
        let safe = try safe()
        let path = "acme/web/db/vars/A"
        let first = try safe.target(path, by: safe.owner)
        let second = try safe.target(path, by: safe.owner)
        let one = try safe.commit("one", to: first)
        let two = try safe.commit("two", to: second)
        #expect(one.inode == two.inode)
        #expect(try versions(safe, path) == [1, 2])
        #expect(try safe.holds("two", path, for: reader))
    }

    @Test func `many writers at once`() throws {
        let safe = try safe()
        let vault = safe.vault
        let owner = safe.owner
        try safe.write("0", to: "acme/web/db/vars/A")
        let target = WriteTarget.item(try safe.inode("acme/web/db/vars/A"))
        DispatchQueue.concurrentPerform(iterations: 16) { number in
            _ = try? unsafe vault.commit(Array("\(number)".utf8).span.bytes, to: target, superseding: [:], by: owner)
        }
        #expect(try versions(safe, "acme/web/db/vars/A") == Array(8...17))
        #expect(try safe.vault.check(for: safe.owner) == [])
    }

    @Test func `never shows half an environment`() throws {
        let safe = try safe()
        let vault = safe.vault
        let owner = safe.owner
        try safe.write("A=0\nB=0\n", to: "acme/web/db/env")
        let env = try safe.inode("acme/web/db/env")
        let reader = reader
        let torn = Box<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 2) { lane in
            for number in 0..<20 {
                if lane == 0 {
                    let text = Array("A=\(number)\nB=\(number)\n".utf8)
                    _ = try? unsafe vault.commit(text.span.bytes, to: .environment(env, merge: false), superseding: [:], by: owner)
                } else if let snapshot = try? vault.open(env, .read, for: reader) {
                    let whole = (0..<20).contains { snapshot.holds(Array("A=\($0)\nB=\($0)\n".utf8)) }
                    if !whole { torn.change { $0 += 1 } }
                } else {
                    torn.change { $0 += 1 }
                }
            }
        }
        #expect(torn.value == 0)
    }
}
