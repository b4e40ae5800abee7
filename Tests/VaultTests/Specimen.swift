// SPDX-License-Identifier: MIT

import Foundation
import Linux
import Secrets
import Sodium

@testable import Vault

/// A small store with a bit of everything, closed, of which tests damage copies.
struct Specimen {
    let folder: String
    /// The values by their paths, `env` included.
    let values: [String: [UInt8]]

    /// Reads all of `acme`; owns a home.
    static let reader = Safe.caller(1001)
    /// In a group that holds a right on one item, and a stranger.
    static let others = [Safe.caller(1002, groups: [2000]), Safe.caller(1003)]
    static let allowed: Set<String> = ["acme/web/db/vars/A 1002"]

    /// What can be restored.
    static let deleted: Set<String> = ["acme/web/db/vars/GONE", "acme/web/old"]

    static let shared = Result { try Specimen() }

    private init() throws {
        let safe = try Safe()
        try safe.furnish()
        try safe.mkdir("acme/@org/mail")
        try safe.mkdir("acme/web/db/files/tls")
        try safe.mkdir(".users/1001/own", by: Self.reader)
        for text in ["first", "second", "third"] { try safe.write(text, to: "acme/web/db/vars/A") }
        try safe.write("two words", to: "acme/web/db/vars/B")
        try safe.write("pem", to: "acme/web/db/files/tls/key")
        try safe.write("other", to: "acme/@org/mail/vars/A")
        try safe.write("home", to: ".users/1001/own/vars/PIN", by: Self.reader)
        try safe.grant([.read], to: .user(1001), on: "acme")
        try safe.grant([.manage], to: .user(1004), on: "acme/web")
        try safe.grant([.manage], to: .user(1005), on: "acme/web")
        try safe.grant([.read, .list], to: .group(2000), on: "acme/web/db/vars/A")
        try safe.apply("acme/web/db", [:], description: "the database")
        try safe.write("gone", to: "acme/web/db/vars/GONE")
        try safe.mkdir("acme/web/old")
        try safe.write("old", to: "acme/web/old/vars/A")
        for path in Self.deleted { try safe.remove(path) }
        try safe.vault.close()

        folder = try Safe.newFolder()
        for file in Self.files { try FileManager.default.copyItem(atPath: safe.folder + "/" + file, toPath: folder + "/" + file) }
        let texts = [
            "acme/web/db/vars/A": "third", "acme/web/db/vars/B": "two words", "acme/web/db/files/tls/key": "pem",
            "acme/web/db/env": "A=third\nB='two words'\n", "acme/@org/mail/vars/A": "other", "acme/@org/mail/env": "A=other\n",
            ".users/1001/own/vars/PIN": "home", ".users/1001/own/env": "PIN=home\n",
        ]
        values = texts.mapValues { Array($0.utf8) }
    }

    private static let files = ["tacit.db", "node.key", "root.key", "audit.log"]

    /// A copy in a folder of its own.
    func copy() throws -> String {
        let copy = try Safe.newFolder()
        for file in Self.files { try FileManager.default.copyItem(atPath: folder + "/" + file, toPath: copy + "/" + file) }
        return copy
    }

    /// What is shown of the tree that should not be, as anyone who may list or read sees it: another value than was stored at that
    /// path, or a value for whom it was not shared with. Empty is good; that something is gone is good too.
    func wrong(in vault: Vault) -> [String] {
        var wrong: [String] = []
        visit(.root, "", vault, depth: 0) { path, inode in
            if let snapshot = try? vault.open(inode, .read, for: Self.reader) {
                // `env` of a secret without variables is there, and empty.
                let expected = values[path] ?? (path.hasSuffix("/env") ? [] : nil)
                if expected.map({ snapshot.holds($0) }) != true { wrong.append("\(path): another value") }
            }
            guard let place = try? vault.place(inode) else { return }
            for caller in Self.others where vault.allows(.read, on: place, for: caller) {
                if !Self.allowed.contains("\(path) \(caller.uid)") { wrong.append("\(path): shared with \(caller.uid)") }
            }
        }
        // Restored elsewhere, a value would be another's.
        for item in (try? vault.deleted(below: nil, for: Safe.caller(Safe.owner))) ?? [] where !Self.deleted.contains("\(item.reference)") {
            wrong.append("\(item.reference): not deleted there")
        }
        return wrong
    }

    private func visit(_ folder: Inode, _ path: String, _ vault: Vault, depth: Int, _ body: (String, Inode) -> Void) {
        guard depth < 12 else { return }
        for caller in [Safe.caller(Safe.owner), Self.reader] {
            let inHome = path.hasPrefix(".users/")
            guard (caller.uid == Self.reader.uid) == inHome else { continue }
            for entry in (try? vault.list(folder, after: 0, limit: 100, for: caller)) ?? [] {
                let below = (path.isEmpty ? "" : path + "/") + String(decoding: entry.name, as: UTF8.self)
                if entry.form == .item { body(below, entry.inode) } else { visit(entry.inode, below, vault, depth: depth + 1, body) }
            }
        }
        if path.isEmpty { visit(Inode(NodeID(home: Self.reader.uid)), ".users/\(Self.reader.uid)", vault, depth: 1, body) }
    }
}
