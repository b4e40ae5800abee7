// SPDX-License-Identifier: MIT

import Foundation
import Testing

@testable import Vault

/// Locking and unlocking while the audit log can't be written.
@Suite struct LockingTests {
    @Test func `an unlock that can't be logged does not happen`() throws {
        let safe = try Safe(passphrase: true)
        do {
            let faults = Faults(below: safe.configuration.auditPath, .always, of: .write)
            #expect(refusal { try safe.vault.unlock(with: try Safe.buffer(Safe.passphrase), by: safe.owner) } == "audit")
            withExtendedLifetime(faults) {}
        }
        #expect(safe.vault.isLocked)
        #expect(safe.auditLines.allSatisfy { !$0.contains("unlocked") })
        try safe.vault.unlock(with: try Safe.buffer(Safe.passphrase), by: safe.owner)
        #expect(!safe.vault.isLocked)
        #expect(safe.auditLines.last?.contains("unlocked") == true)
    }

    @Test func `a lock wipes the keys, logged or not, and says so`() throws {
        let safe = try Safe()
        #expect(!safe.vault.isLocked)
        let faults = Faults(below: safe.configuration.auditPath, .always, of: .write)
        do throws(VaultError) {
            try safe.vault.lock(by: safe.owner)
            Issue.record("nothing says that it is not logged")
        } catch {
            guard case .audit(let text) = error else { throw error }
            #expect(text.hasPrefix("locked, but"))
        }
        #expect(safe.vault.isLocked)
        withExtendedLifetime(faults) {}
    }
}
