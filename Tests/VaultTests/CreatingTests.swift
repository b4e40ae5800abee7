// SPDX-License-Identifier: MIT

import Foundation
import Testing

@testable import Vault

/// `init` that is killed, or fails, anywhere: it can be run again, and what it made lasts.
@Suite struct CreatingTests {
    private func create(_ configuration: VaultConfiguration, passphrase: String? = nil) throws {
        try Vault.create(configuration, passphrase: try passphrase.map { try Safe.buffer($0) })
    }

    private func files(in folder: String) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: folder))
    }

    @Test(arguments: [Faults.Kind.killedBefore, .killedAfter, .torn, .once])
    func `whichever call it is killed at or fails at, it can be run again`(kind: Faults.Kind) throws {
        var at = 0
        var isReached = true
        while isReached {
            at += 1
            let folder = try Safe.newFolder()
            let configuration = Safe.configuration(in: folder)
            var failed = false
            do {
                let faults = Faults(below: folder, kind, at: at, of: .changing)
                do { try create(configuration) } catch { failed = true }
                isReached = faults.count >= at
                withExtendedLifetime(faults) {}
            }
            if FileManager.default.fileExists(atPath: configuration.storePath) {
                // It had all that it needs by then. Whoever runs it again is told.
                #expect(refusal { try create(configuration) } == "fileExists", "\(kind) at \(at)")
            } else {
                #expect(failed, "\(kind) at \(at)")
                #expect(throws: Never.self, "\(kind) at \(at)") { try create(configuration) }
            }
            let vault = try Vault(configuration)
            #expect(!vault.isLocked)
            vault.audit.close()
            #expect(try files(in: folder).allSatisfy { !$0.contains(".init") }, "\(kind) at \(at)")
            try FileManager.default.removeItem(atPath: folder)
        }
        #expect(at > 15)
    }

    @Test func `a store with a passphrase that was cut short asks for the same one`() throws {
        let folder = try Safe.newFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var configuration = Safe.configuration(in: folder)
        configuration.rootKey = .none
        do {
            // The node key gets its name; the store does not. (Before, what may be left of an earlier call is removed.)
            let faults = Faults(below: configuration.storePath + ".init", .killedBefore, at: 2, of: .name)
            #expect(throws: VaultError.self) { try create(configuration, passphrase: "one") }
            withExtendedLifetime(faults) {}
        }
        #expect(!FileManager.default.fileExists(atPath: configuration.storePath))
        do { try create(configuration, passphrase: "another") } catch {
            guard case .storage(let text) = error as? VaultError else { throw error }
            #expect(text.contains("another passphrase") && text.contains(".init"))
        }
        try create(configuration, passphrase: "one")
        let vault = try Vault(configuration)
        #expect(vault.isLocked)
        try vault.unlock(with: try Safe.buffer("one"), by: Safe.caller(Safe.owner))
        vault.audit.close()
    }

    @Test func `a key that belongs to something else is not touched, whatever an earlier call has left`() throws {
        let folder = try Safe.newFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let configuration = Safe.configuration(in: folder)
        do {
            let faults = Faults(below: configuration.storePath + ".init", .killedBefore, at: 2, of: .name)
            #expect(throws: VaultError.self) { try create(configuration) }
            withExtendedLifetime(faults) {}
        }
        let key = folder + "/root.key"
        try FileManager.default.removeItem(atPath: key)
        try Data(repeating: 7, count: 32).write(to: URL(filePath: key))
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: key)
        #expect(refusal { try create(configuration) } == "fileExists")
        #expect(try Data(contentsOf: URL(filePath: key)) == Data(repeating: 7, count: 32))
    }
}
