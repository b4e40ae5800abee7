// SPDX-License-Identifier: MIT

import Foundation
import Secrets
import Testing

@testable import Vault

/// What the vault writes to the audit log, and what becomes of a change that can't be logged.
@Suite struct AuditedTests {
    @Test func `logs opens and refusals`() throws {
        let safe = try Safe()
        try safe.furnish()
        try safe.write("a value to look for", to: "acme/web/db/vars/A")
        try safe.grant([.read], to: .user(1001), on: "acme/web")
        let before = safe.auditLines.count
        _ = try safe.holds("", "acme/web/db/vars/A", for: Safe.caller(1001, "open"))
        _ = try? safe.holds("", "acme/web/db/vars/A", for: Safe.caller(1002, "open"))
        let lines = safe.auditLines.dropFirst(before)
        #expect(lines.count == 2)
        #expect(lines.first?.contains("\"ref\":\"acme/web/db/vars/A\",\"version\":1,\"uid\":1001") == true)
        #expect(lines.first?.contains("\"verdict\":\"allow\"") == true)
        #expect(lines.last?.contains("\"uid\":1002") == true)
        #expect(lines.last?.contains("\"verdict\":\"deny\"") == true)
        #expect(!safe.auditLines.contains { $0.contains("a value to look for") })
        #expect(try safe.vault.verifyAudit(for: safe.owner).problem == nil)
        #expect(refusal { _ = try safe.vault.verifyAudit(for: Safe.caller(1001)) } == "denied")
    }

    @Test func `a cut log is found after a restart`() throws {
        let safe = try Safe()
        try safe.furnish()
        try safe.vault.close()
        let kept = safe.auditLines.dropLast().joined(separator: "\n") + "\n"
        try kept.write(toFile: safe.configuration.auditPath, atomically: false, encoding: .utf8)
        let vault = try Vault(safe.configuration)
        #expect(!vault.damage.all.isEmpty)
        #expect(try vault.verifyAudit(for: safe.owner).problem != nil)
    }
}
