// SPDX-License-Identifier: MIT

import Foundation
import Secrets
import Testing

@testable import Vault

/// Making, opening, locking and unlocking a store.
@Suite struct OpeningTests {
    @Test func `makes files that only their owner reads`() throws {
        let safe = try Safe()
        for (file, mode) in [("tacit.db", 0o600), ("node.key", 0o400), ("root.key", 0o400), ("audit.log", 0o600)] {
            let attributes = try FileManager.default.attributesOfItem(atPath: safe.folder + "/" + file)
            #expect(attributes[.posixPermissions] as? Int == mode, "\(file)")
        }
        #expect(!safe.vault.isLocked)
        #expect(try safe.vault.check(for: safe.owner) == [])
    }

    @Test func `touches nothing that exists`() throws {
        for file in ["tacit.db", "node.key", "root.key", "tacit.db-wal"] {
            let folder = try Safe.newFolder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let there = Data("there".utf8)
            #expect(FileManager.default.createFile(atPath: folder + "/" + file, contents: there))
            #expect(refusal { try Vault.create(Safe.configuration(in: folder), passphrase: nil) } == "fileExists", "\(file)")
            #expect(FileManager.default.contents(atPath: folder + "/" + file) == there)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [file])
        }
    }

    @Test func `locks and unlocks`() throws {
        let safe = try Safe()
        try safe.furnish()
        let reader = Safe.caller(1001)
        try safe.grant([.read], to: .user(1001), on: "acme/web")
        try safe.write("one", to: "acme/web/db/vars/A")
        try safe.vault.lock(by: safe.owner)
        #expect(safe.vault.isLocked)
        #expect(refusal { _ = try safe.holds("one", "acme/web/db/vars/A", for: reader) } == "locked")
        // A locked vault takes writes, new scopes included.
        try safe.write("two", to: "acme/web/db/vars/A")
        try safe.mkdir("other")
        try safe.vault.unlock(by: safe.owner)
        #expect(try safe.holds("two", "acme/web/db/vars/A", for: reader))
        #expect(refusal { try safe.vault.lock(by: reader) } == "denied")
        #expect(refusal { try safe.vault.unlock(by: reader) } == "denied")
    }

    @Test func `opens again`() throws {
        let safe = try Safe()
        try safe.furnish()
        try safe.grant([.read], to: .user(1001), on: "acme/web")
        try safe.write("one", to: "acme/web/db/vars/A")
        try safe.restart()
        #expect(try safe.holds("one", "acme/web/db/vars/A", for: Safe.caller(1001)))
        #expect(try safe.vault.check(for: safe.owner) == [])
        #expect(safe.vault.damage.all.isEmpty)
    }

    @Test func `refuses another root key`() throws {
        let safe = try Safe()
        let other = try Safe()
        var configuration = safe.configuration
        configuration.rootKey = other.configuration.rootKey
        #expect(refusal { try safe.vault.unlock(with: try Safe.buffer(String(repeating: "0", count: 64)), by: safe.owner) } == "wrongKey")
        #expect(refusal { try safe.vault.unlock(with: try Safe.buffer("short"), by: safe.owner) } == "wrongKey")
        #expect(!safe.vault.isLocked)
        try safe.vault.close()
        #expect(refusal { _ = try Vault(configuration) } == "wrongKey")
    }

    @Test func `is open once`() throws {
        let safe = try Safe()
        #expect(refusal { _ = try Vault(safe.configuration) } == "storage")
        try safe.restart()
    }

    @Test func `refuses another node key`() throws {
        let safe = try Safe()
        let other = try Safe()
        var configuration = safe.configuration
        configuration.nodeKeyPath = other.configuration.nodeKeyPath
        try safe.vault.close()
        try other.vault.close()
        #expect(refusal { _ = try Vault(configuration) } == "corrupt")
    }

    @Test func `refuses key files that others may read`() throws {
        let safe = try Safe()
        try safe.vault.close()
        for (path, refused) in [(safe.folder + "/root.key", "noKey"), (safe.folder + "/node.key", "storage")] {
            try FileManager.default.setAttributes([.posixPermissions: 0o440], ofItemAtPath: path)
            #expect(refusal { _ = try Vault(safe.configuration) } == refused)
            try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: path)
        }
        _ = try Vault(safe.configuration)
    }

    @Test func `takes keys in hexadecimal`() throws {
        let safe = try Safe()
        let key = try #require(FileManager.default.contents(atPath: safe.folder + "/root.key"))
        let digits = key.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        for text in [digits, digits.uppercased() + "\n"] {
            try safe.vault.lock(by: safe.owner)
            try safe.vault.unlock(with: try Safe.buffer(text), by: safe.owner)
            #expect(!safe.vault.isLocked)
        }
        for text in ["g" + digits.dropFirst(), digits + "0", digits + "\n\n", " " + digits.dropFirst()] {
            #expect(refusal { try safe.vault.unlock(with: try Safe.buffer(text), by: safe.owner) } == "wrongKey")
        }
    }

    @Test func `opens with a command`() throws {
        let safe = try Safe()
        var configuration = safe.configuration
        configuration.rootKey = .command("cat '\(safe.folder)/root.key'")
        try safe.vault.close()
        #expect(try !Vault(configuration).isLocked)
        configuration.rootKey = .command("exit 1")
        #expect(refusal { _ = try Vault(configuration) } == "noKey")
        configuration.rootKey = .command("yes")
        #expect(refusal { _ = try Vault(configuration) } == "noKey")
        configuration.rootKey = .none
        #expect(try Vault(configuration).isLocked)
    }

    @Test func `opens with a passphrase`() throws {
        let safe = try Safe(passphrase: true)
        #expect(safe.vault.hasPassphrase)
        #expect(safe.vault.isLocked)
        #expect(refusal { try safe.vault.unlock(with: try Safe.buffer("another passphrase"), by: safe.owner) } == "wrongKey")
        #expect(refusal { try safe.vault.unlock(with: try Safe.buffer("\n"), by: safe.owner) } == "wrongKey")
        #expect(safe.vault.isLocked)
        try safe.vault.unlock(with: try Safe.buffer(Safe.passphrase), by: safe.owner)
        #expect(!safe.vault.isLocked)
        #expect(refusal { try safe.vault.unlock(by: safe.owner) } == "noKey")
    }
}
