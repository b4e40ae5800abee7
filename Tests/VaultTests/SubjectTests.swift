// SPDX-License-Identifier: MIT

import Secrets
import Testing

@testable import Vault

/// Which place an error is about, of the several that a caller has named.
@Suite struct SubjectTests {
    private let safe: Safe
    private let caller = Safe.caller(1001)

    init() throws {
        safe = try Safe()
        try safe.furnish()
        try safe.grant([.read, .write, .manage], to: .user(1001), on: "acme/web")
        try safe.apply("acme/web/other", [:])
        try safe.apply("acme/web/db", ["vars/A": "x", "files/raw": "a\0b"], by: caller)
    }

    private func subject(_ body: () throws -> Void) -> String? {
        do { try body() } catch {
            if case .about(let reference, _)? = error as? VaultError { return "\(reference)" }
            return "none: \(error)"
        }
        return nil
    }

    private func reference(_ text: String) throws -> Reference { try Reference.parse(text) }

    @Test func `of a change it is the item or the secret`() throws {
        #expect(subject { try safe.apply("acme/web/db", ["vars/A": "new", "vars/B": "a\0b"], by: caller) } == "acme/web/db/vars/B")
        #expect(subject { try safe.apply("acme/web/db", ["vars/NONE": nil], by: caller) } == "acme/web/db/vars/NONE")
        #expect(subject { try safe.apply("acme/web/db", ["files/raw/x": "x"], by: caller) } == "acme/web/db/files/raw/x")
        #expect(subject { try safe.apply("acme/web/db", ["vars/A": "x"], mode: .create, by: caller) } == "acme/web/db")
        let changes = [
            SecretChange(try reference("acme/web/db"), mode: .update, description: [1]),
            SecretChange(try reference("acme/none/x"), mode: .either),
        ]
        #expect(subject { _ = try unsafe safe.vault.apply(changes, values: [UInt8]().span.bytes, by: caller) } == "acme/none/x")
    }

    @Test(arguments: [
        ("acme/web/none", "acme/web/x", "acme/web/none"), ("acme/web/db", "acme/none/x", "acme/none/x"),
        ("acme/web/db", "acme/web/other", "acme/web/other"), ("acme/web/db", "acme/web/-x", "acme/web/-x"),
        ("acme/web/db/files/raw", "acme/web/other/vars/RAW", "acme/web/other/vars/RAW"), ("acme/web/db", "acme/x", "acme/x"),
        ("acme/web", "acme/web/x", "acme/web"),
    ])
    func `of a copy it is what is in the way`(from: String, to: String, subject: String) throws {
        let (from, to) = (try reference(from), try reference(to))
        #expect(self.subject { _ = try safe.vault.copy(from, to: to, overwrite: false, by: caller) } == subject)
    }

    @Test(arguments: [
        ("acme/web/none", "acme/web/x", "acme/web/none"), ("acme/web/db", "acme/none/x", "acme/none/x"),
        ("acme/web/db", "acme/web/other", "acme/web/other"), ("acme/web/db", "acme/web/-x", "acme/web/-x"), ("user", "acme/web/x", "user"),
    ])
    func `of a move it is what is in the way`(from: String, to: String, subject: String) throws {
        let (from, to) = (try reference(from), try reference(to))
        #expect(self.subject { _ = try safe.vault.move(from, to: to, by: caller) } == subject)
    }

    @Test func `of a restore it is the folder that is missing`() throws {
        _ = try safe.vault.remove(try reference("acme/web/db/vars/A"), purge: false, by: caller)
        let id = try #require(try safe.vault.deleted(below: nil, for: caller).first).id
        #expect(subject { _ = try safe.vault.restore(id, to: try reference("acme/none/db/vars/A"), by: caller) } == "acme/none/db/vars/A")
        #expect(subject { _ = try safe.vault.restore(DeletedID(uuid: []), to: nil, by: caller) }?.hasPrefix("none: ") == true)
    }
}
