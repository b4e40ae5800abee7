// SPDX-License-Identifier: MIT

import Foundation
import Testing

@testable import Vault

/// The store's files are taken away under an open vault.
@Suite struct OpenedFilesTests {
    /// Moves a file of the store away, and puts something in its place if `other` is given.
    @Test(arguments: ["", "-wal"], ["moved", "removed", "replaced"])
    func `no change goes into files that nobody finds`(file: String, how: String) throws {
        let safe = try Safe()
        try safe.furnish()
        let path = safe.configuration.storePath + file
        let away = path + ".away"
        switch how {
        case "removed":
            try FileManager.default.linkItem(atPath: path, toPath: away)
            try FileManager.default.removeItem(atPath: path)
        case "moved": try FileManager.default.moveItem(atPath: path, toPath: away)
        default:
            try FileManager.default.moveItem(atPath: path, toPath: away)
            try FileManager.default.copyItem(atPath: away, toPath: path)
        }
        do {
            try safe.mkdir("acme/lost")
            Issue.record("it was acknowledged")
        } catch {
            guard case .storage(let text) = error as? VaultError else { throw error }
            #expect(text.contains(path) && text.contains(how == "replaced" ? "replaced" : "moved away or removed"))
        }
        // Whoever asks is told; nothing else in the tree changes.
        #expect(try safe.vault.status().damage.contains { $0.contains(path) })
        #expect(try safe.vault.check(for: safe.owner).contains { $0.contains(path) })
        #expect(!safe.exists("acme/lost"))

        // Put back, it goes on.
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: away, toPath: path)
        try safe.mkdir("acme/found")
        #expect(safe.exists("acme/found"))
        #expect(try safe.vault.status().damage == [])
    }

    @Test func `a reader that is opened later reads no copy that lies in the store's place`() throws {
        let safe = try Safe()
        try safe.furnish()
        let path = safe.configuration.storePath
        let copy = path + ".copy"
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
        try FileManager.default.moveItem(atPath: copy, toPath: path)
        #expect(refusal { _ = try safe.vault.store.reader(reporting: { _ in }) } == "storage")
    }
}
