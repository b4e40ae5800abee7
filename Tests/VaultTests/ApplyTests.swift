// SPDX-License-Identifier: MIT

import Foundation
import Secrets
import Testing

@testable import Vault

/// Changing several things in one transaction.
@Suite struct ApplyTests {
    private let reader = Safe.caller(1001)
    private let writer = Safe.caller(1002)
    private let stranger = Safe.caller(1003)

    private func safe() throws -> Safe {
        let safe = try Safe()
        try safe.furnish()
        try safe.grant([.read], to: .user(1001), on: "acme/web")
        try safe.grant([.write], to: .user(1002), on: "acme/web")
        return safe
    }

    @Test func `makes a secret with its items`() throws {
        let safe = try safe()
        let before = safe.auditLines.count
        let versions = try safe.apply(
            "acme/web/mail", ["vars/USER": "me", "vars/EMPTY": "", "files/a/b/key": "pem\n"], mode: .create, description: "SMTP")
        #expect(versions == ["acme/web/mail/vars/USER": 1, "acme/web/mail/vars/EMPTY": 1, "acme/web/mail/files/a/b/key": 1])
        #expect(try safe.holds("EMPTY=\nUSER=me\n", "acme/web/mail/env", for: reader))
        #expect(try safe.holds("pem\n", "acme/web/mail/files/a/b/key", for: reader))
        let shown = try safe.vault.show(try safe.reference("acme/web/mail"), for: reader)
        #expect(shown.description == Array("SMTP".utf8))
        #expect(safe.auditLines.count > before)
        #expect(safe.logged("acme/web/mail/vars/USER", "written", "allow") == 1)
        #expect(safe.isSound)
        try safe.restart()
        #expect(try safe.holds("me", "acme/web/mail/vars/USER", for: reader))
        #expect(safe.isSound)
    }

    @Test func `keeps the bytes of a variable`() throws {
        let safe = try safe()
        try safe.apply("acme/web/db", ["vars/A": "one\n"])
        #expect(try safe.holds("one\n", "acme/web/db/vars/A", for: reader))
    }

    @Test(arguments: [
        ("a name that can be none", "vars/1BAD", "x", "invalidName"), ("a NUL in a variable", "vars/B", "a\0b", "invalidValue"),
        ("an item in no facet", "other/B", "x", "invalidName"), ("a folder of variables", "vars/a/b", "x", "notPermitted"),
        ("a folder's name", "files/dir", "x", "isAFolder"), ("below a file", "files/plain/x", "x", "notAFolder"),
        ("no name", "files/", "x", "invalidName"), ("dots", "files/../x", "x", "invalidName"),
    ])
    func `nothing is done if one thing is refused`(_ what: String, name: String, text: String, refused: String) throws {
        let safe = try safe()
        try safe.apply("acme/web/db", ["vars/A": "old", "files/dir/x": "x", "files/plain": "x"])
        let word = refusal { try safe.apply("acme/web/db", ["vars/A": "new", name: text, "vars/C": "new"]) }
        #expect(word == refused, "\(what): \(word ?? "-")")
        #expect(try safe.holds("old", "acme/web/db/vars/A", for: reader))
        #expect(!safe.exists("acme/web/db/vars/C"))
        #expect(safe.isSound)
    }

    @Test func `nothing is done if one secret is refused`() throws {
        let safe = try safe()
        try safe.apply("acme/web/db", ["vars/A": "old"])
        let word = refusal {
            try safe.apply([("acme/web/db", ["vars/A": "new"]), ("acme/web/new", ["vars/A": "new"]), ("acme/none/x", ["vars/A": "new"])])
        }
        #expect(word == "notFound")
        #expect(refusal { try safe.apply([("acme/web/new", [:]), ("secret:acme/web//new", [:])]) } == "invalidName")
        #expect(!safe.exists("acme/web/new"))
        #expect(try safe.holds("old", "acme/web/db/vars/A", for: reader))
        // What was logged as done would be told to be undone: here nothing was.
        #expect(safe.logged("acme/web/db/vars/A", "written") == 1)
    }

    @Test func `asks for the mode`() throws {
        let safe = try safe()
        #expect(refusal { try safe.apply("acme/web/db", ["vars/A": "x"], mode: .create) } == "exists")
        #expect(refusal { try safe.apply("acme/web/none", ["vars/A": "x"], mode: .update) } == "notFound")
        #expect(refusal { try safe.apply("acme/none/db", ["vars/A": "x"]) } == "notFound")
        #expect(refusal { try safe.apply("acme/db", ["vars/A": "x"]) } == "notPermitted")
        #expect(refusal { try safe.apply("acme", ["vars/A": "x"]) } == "notPermitted")
        #expect(refusal { try safe.apply("/", ["vars/A": "x"]) } == "invalidName")
        #expect(refusal { try safe.apply("acme/web/-x", ["vars/A": "x"]) } == "invalidName")
        #expect(refusal { try safe.apply("acme/web/db", ["vars/A": "x", "vars/A": "y"]) } == "invalidName")
    }

    @Test func `compares what was seen`() throws {
        let safe = try safe()
        try safe.apply("acme/web/db", ["vars/A": "1", "vars/B": "1"])
        try safe.apply("acme/web/db", ["vars/A": "2"], expecting: ["vars/A": 1])
        #expect(refusal { try safe.apply("acme/web/db", ["vars/B": "2", "vars/A": "3"], expecting: ["vars/A": 1]) } == "conflict")
        #expect(refusal { try safe.apply("acme/web/db", ["vars/A": "3"], expecting: ["vars/A": 0]) } == "conflict")
        #expect(refusal { try safe.apply("acme/web/db", ["vars/C": "3"], expecting: ["vars/C": 1]) } == "conflict")
        #expect(refusal { try safe.apply("acme/web/new", ["vars/C": "3"], expecting: ["vars/C": 1]) } == "conflict")
        #expect(refusal { try safe.apply("acme/web/db", ["vars/A": nil], expecting: ["vars/A": 1]) } == "conflict")
        try safe.apply("acme/web/db", ["vars/C": "1"], expecting: ["vars/C": 0])
        try safe.apply("acme/web/db", ["vars/A": nil], expecting: ["vars/A": 2])
        #expect(try safe.holds("B=1\nC=1\n", "acme/web/db/env", for: reader))
        #expect(safe.isSound)
    }

    @Test func `removes what is not named so that it can be restored`() throws {
        let safe = try safe()
        try safe.apply("acme/web/db", ["vars/A": "1", "vars/B": "1", "files/x/y": "1", "files/z": "1"])
        try safe.apply("acme/web/db", ["vars/B": "2", "files/z": nil, "files/new": "1"], replacesItems: true)
        #expect(try safe.items("acme/web/db", for: reader) == ["vars/B", "files/new"])
        #expect(Set(try safe.deleted()) == ["acme/web/db/vars/A", "acme/web/db/files/x/y", "acme/web/db/files/z"])
        try safe.restore("acme/web/db/files/x/y")
        try safe.restore("acme/web/db/vars/A")
        #expect(try safe.holds("A=1\nB=2\n", "acme/web/db/env", for: reader))
        #expect(try safe.holds("1", "acme/web/db/files/x/y", for: reader))
        #expect(refusal { try safe.apply("acme/web/db", ["vars/NONE": nil]) } == "notFound")
        #expect(safe.isSound)
    }

    @Test func `decides each part`() throws {
        let safe = try safe()
        let policy = try AccessPolicy(projects: .none, debug: false, attach: true)
        try safe.apply("acme/web/db", ["vars/A": "1"], by: writer)
        // Writing is not reading.
        #expect(refusal { _ = try safe.holds("1", "acme/web/db/vars/A", for: writer) } == "denied")
        // To who may not see it, it is not there.
        for (caller, word) in [(reader, "denied"), (stranger, "notFound")] {
            #expect(refusal { try safe.apply("acme/web/db", ["vars/A": "2"], by: caller) } == word)
            #expect(refusal { try safe.apply("acme/web/new", ["vars/A": "2"], by: caller) } == word)
            #expect(refusal { try safe.apply("acme/web/new", [:], by: caller) } == word)
            #expect(refusal { try safe.apply("acme/web/db", ["vars/A": "2"], mode: .create, by: caller) } != nil)
            #expect(refusal { try safe.apply("acme/web/db", ["vars/A": nil], by: caller) } != nil)
            #expect(refusal { try safe.apply("acme/web/db", [:], description: "mine", by: caller) } != nil)
        }
        #expect(refusal { try safe.apply("acme/web/db", ["vars/A": "2"], mode: .update, by: stranger) } == "notFound")
        #expect(refusal { try safe.apply("acme/web/db", ["vars/A": "2"], policy: .init(to: policy), by: writer) } == "denied")
        try safe.apply("acme/web/db", [:], description: "ours", by: writer)
        try safe.grant([.manage], to: .user(1002), on: "acme/web/db")
        try safe.apply("acme/web/db", [:], policy: .init(to: policy), by: writer)
        let shown = try safe.vault.show(try safe.reference("acme/web/db"), for: reader)
        #expect(shown.policy == policy)
        #expect(shown.description == Array("ours".utf8))
        #expect(try safe.holds("1", "acme/web/db/vars/A", for: reader))
        #expect(safe.logged("acme/web/db", "projects none, debug deny, attach allow", "\"uid\":1002") == 1)
    }

    @Test func `homes are their users own`() throws {
        let safe = try safe()
        try safe.apply("user/mail", ["vars/PIN": "1"], by: reader)
        #expect(try safe.holds("1", ".users/1001/mail/vars/PIN", for: reader))
        #expect(refusal { try safe.apply(".users/1001/mail", ["vars/PIN": "2"], by: safe.owner) } == "denied")
        #expect(refusal { try safe.apply(".users/1001/own", ["vars/PIN": "2"], by: writer) } == "notFound")
        #expect(safe.isSound)
    }

    @Test(arguments: [("a NUL", [0x61, 0]), ("no UTF-8", [0xff]), ("too long", [UInt8](repeating: 0x61, count: 1025))])
    func `refuses a description of`(_ what: String, _ description: [UInt8]) throws {
        let safe = try safe()
        let change = SecretChange(try safe.reference("acme/web/db"), mode: .either, description: description)
        #expect(refusal { _ = try unsafe safe.vault.apply([change], values: [UInt8]().span.bytes, by: safe.owner) } != nil, "\(what)")
        #expect(try safe.vault.show(try safe.reference("acme/web/db"), for: reader).description == nil)
    }

    @Test(arguments: [-1..<1, 0..<5, 4..<5]) func `refuses bytes that are not there`(_ range: Range<Int>) throws {
        let safe = try safe()
        let change = SecretChange(
            try safe.reference("acme/web/db"), mode: .either, items: [ItemChange(Array("vars/A".utf8), .set(range))])
        #expect(refusal { _ = try unsafe safe.vault.apply([change], values: [1, 2, 3, 4].span.bytes, by: safe.owner) } == "invalidValue")
    }

    @Test func `takes writes while locked`() throws {
        let safe = try safe()
        try safe.vault.lock(by: safe.owner)
        try safe.apply("acme/web/mail", ["vars/A": "1"], mode: .create)
        try safe.vault.unlock(by: safe.owner)
        #expect(try safe.holds("1", "acme/web/mail/vars/A", for: reader))
    }

    /// Each adds one, at the version it saw, and looks again when another came first: at the end all have counted.
    @Test func `two writers lose nothing`() throws {
        let safe = try safe()
        let vault = safe.vault
        let owner = safe.owner
        let reference = try safe.reference("acme/web/db")
        try safe.apply("acme/web/db", ["vars/N": "0"])
        let failures = Box<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 4) { lane in
            for _ in 0..<10 {
                while true {
                    let refused = refusal {
                        let seen = try vault.show(reference, for: owner).items.first { $0.name == Array("vars/N".utf8) }?.version ?? 0
                        let text = Array("\(seen)".utf8)
                        let own = Array("vars/OF_\(lane)".utf8)
                        let change = SecretChange(
                            reference, mode: .update,
                            items: [
                                ItemChange(own, .set(0..<text.count)),
                                ItemChange(Array("vars/N".utf8), .set(0..<text.count), expected: seen),
                            ])
                        _ = try unsafe vault.apply([change], values: text.span.bytes, by: owner)
                    }
                    guard let refused else { break }
                    // Another lane came first: this one looks again.
                    guard refused == "conflict" else {
                        failures.change { $0.append(refused) }
                        break
                    }
                }
            }
        }
        #expect(failures.value == [])
        // 40 additions to version 1. Each lane's own item was written with the count, and only then.
        #expect(try vault.show(reference, for: owner).items.first { $0.name == Array("vars/N".utf8) }?.version == 41)
        #expect(try safe.holds("40", "acme/web/db/vars/N", for: reader))
        for lane in 0..<4 {
            let item = try vault.show(reference, for: owner).items.first { $0.name == Array("vars/OF_\(lane)".utf8) }
            #expect(item?.version == 10)
        }
        #expect(safe.isSound)
    }

    /// Two who replace different items of one secret, through the mount and the socket, both find theirs.
    @Test func `writers of different items both count`() throws {
        let safe = try safe()
        let (vault, owner) = (safe.vault, safe.owner)
        let reference = try safe.reference("acme/web/db")
        try safe.apply("acme/web/db", ["vars/MOUNT": "0"])
        let target = try safe.target("acme/web/db/vars/MOUNT", by: owner)
        let failures = Box(0)
        DispatchQueue.concurrentPerform(iterations: 2) { lane in
            for number in 1...12 {
                let text = Array("\(number)".utf8)
                do {
                    if lane == 0 {
                        _ = try unsafe vault.commit(text.span.bytes, to: target, superseding: [:], by: owner)
                    } else {
                        let item = ItemChange(Array("vars/S\(number)".utf8), .set(0..<text.count), expected: 0)
                        _ = try unsafe vault.apply(
                            [SecretChange(reference, mode: .update, items: [item])], values: text.span.bytes, by: owner)
                    }
                } catch { failures.change { $0 += 1 } }
            }
        }
        #expect(failures.value == 0)
        #expect(try safe.items("acme/web/db", for: owner).count == 13)
        #expect(try safe.holds("12", "acme/web/db/vars/MOUNT", for: reader))
        #expect(safe.isSound)
    }
}
