// SPDX-License-Identifier: MIT

import Linux
import Secrets

@testable import Vault

/// What is in both worlds, and who may what: equal in everything but the values that no observer may open.
struct Population {
    /// Who makes the calls.
    static let caller: UInt32 = 1001
    /// Somebody else, who reads.
    static let reader: UInt32 = 1002

    /// What the callers may.
    enum Variant: String, CaseIterable {
        /// Lists and writes anywhere, reads here and there.
        case writer
        /// The same, and manages where `writer` reads: it could give itself `read` there.
        case manager
        /// The same, and runs where `writer` reads.
        case runner
        /// Lists and writes anywhere; somebody else reads here and there, and tells.
        case accomplices
        /// Writes in two folders and reads in one of them; lists nothing else.
        case narrow
    }

    let variant: Variant
    let values: Values

    /// Whose knowledge counts.
    var observers: [UInt32] { variant == .accomplices ? [Self.caller, Self.reader] : [Self.caller] }

    /// Makes one of the worlds, 0 or 1.
    func make(_ number: Int) throws -> World.Kept {
        let world = try World.create(number, time: 1_700_000_000_000_000)
        try Furnisher(world, values, number).furnish(variant)
        return try world.keep()
    }
}

private struct Furnisher {
    private let world: World
    private let values: Values
    private let number: Int
    private static let mix = "acme/web/mix/files"
    private static let owner = World.caller(World.owner)

    init(_ world: World, _ values: Values, _ number: Int) {
        self.world = world
        self.values = values
        self.number = number
    }

    func furnish(_ variant: Population.Variant) throws {
        for path in ["acme", "acme/web", "acme/web@prod", "other", "other/web"] { try make(path) }
        for secret in ["priv", "word", "open", "mix", "old"] { try make("acme/web/\(secret)") }
        for folder in ["in", "in/deep", "pub", "pub/sub", "runs", "empty"] { try make("\(Self.mix)/\(folder)") }
        try fillPrivate(variant)
        try fillReadable()
        try delete()
        for grant in Self.grants(variant) { try self.grant(grant.rights, to: grant.uid, on: grant.path) }
        let own = World.caller(Population.caller)
        try act { _ = try world.vault.mkdir(Array("own".utf8), in: try inode(".users/\(own.uid)"), by: own) }
        try set("user/own", "vars/PIN", Array("1234".utf8), by: own)
    }

    /// What no observer may open.
    private func fillPrivate(_ variant: Population.Variant) throws {
        for name in ["A", "B"] {
            try set("acme/web/priv", "vars/\(name)", values.variable("\(name) before", in: number))
            try set("acme/web/priv", "vars/\(name)", values.variable(name, in: number))
        }
        try set("acme/web/priv", "vars/LAST", values.last(in: number))
        try set("acme/web/word", "vars/PW", values.word(in: number))
        for name in ["X", "OLD"] { try set("acme/web/mix", "vars/\(name)", values.variable(name, in: number)) }
        try set("acme/web/mix", "files/in/key", values.file("in/key before", in: number))
        for name in ["in/key", "in/two", "in/deep/cert", "top", "empty/gone"] {
            try set("acme/web/mix", "files/\(name)", values.file(name, in: number))
        }
        // Who manages `pub` decides about what was deleted from it too.
        try set("acme/web/mix", "files/pub/late", values.file("pub/late", in: variant == .manager ? 0 : number))
        try set("acme/web/old", "vars/V", values.variable("V", in: number))
    }

    /// What observers may open: the same in both worlds.
    private func fillReadable() throws {
        for name in ["pub/x", "pub/x", "pub/sub/y", "runs/r", "own"] {
            try set("acme/web/mix", "files/\(name)", Array("readable \(name) \(world.time)".utf8))
        }
        try set("acme/web/mix", "vars/Y", Array("readable".utf8))
        try set("acme/web/open", "vars/P", Array("readable p".utf8))
        try set("acme/web/open", "files/q", Array("readable q".utf8))
    }

    /// What can be restored. Who reads in `pub` does since later than `pub/late` was deleted.
    private func delete() throws {
        for path in ["\(Self.mix)/empty/gone", "\(Self.mix)/pub/late", "acme/web/mix/vars/OLD", "acme/web/old"] {
            try act { _ = try world.vault.remove(.of(path), purge: false, by: Self.owner) }
        }
    }

    private static func grants(_ variant: Population.Variant) -> [(path: String, uid: UInt32, rights: Rights)] {
        let readable = ["acme/web/open", "\(mix)/pub", "\(mix)/own", "acme/web/mix/vars/Y"]
        let caller = Population.caller
        let writing: [(path: String, uid: UInt32, rights: Rights)] = ["acme", "other"].map { ($0, caller, [.list, .write]) }
        switch variant {
        case .writer: return writing + readable.map { ($0, caller, [.read]) } + [("\(mix)/runs", caller, [.run])]
        case .manager: return writing + readable.map { ($0, caller, [.manage]) }
        case .runner: return writing + readable.map { ($0, caller, [.run]) } + [("\(mix)/runs", caller, [.run])]
        case .accomplices: return writing + readable.map { ($0, Population.reader, [.read]) } + [("\(mix)/runs", Population.reader, [.run])]
        case .narrow:
            return [("\(mix)/in", caller, [.write]), ("\(mix)/pub", caller, [.read, .write]), ("acme/web/mix/vars/X", caller, [.write])]
        }
    }

    private func act(_ body: () throws -> Void) throws {
        world.time += 1_000_000
        try world.act(body)
    }

    private func inode(_ path: String) throws -> Inode {
        var inode = Inode.root
        for name in path.split(separator: "/") { inode = try world.vault.lookup(Array(name.utf8), in: inode) }
        return inode
    }

    private func make(_ path: String) throws {
        let names = path.split(separator: "/")
        try act {
            let folder = try inode(names.dropLast().joined(separator: "/"))
            _ = try world.vault.mkdir(Array((names.last ?? "").utf8), in: folder, by: Self.owner)
        }
    }

    /// Stores exactly these bytes.
    private func set(_ secret: String, _ item: String, _ value: [UInt8], by caller: Caller = Self.owner) throws {
        let change = SecretChange(.of(secret), mode: .update, items: [ItemChange(Array(item.utf8), .set(0..<value.count))])
        try act { _ = try unsafe world.vault.apply([change], values: value.span.bytes, by: caller) }
    }

    private func grant(_ rights: Rights, to uid: UInt32, on path: String) throws {
        try act { _ = try world.vault.grant(rights, to: .user(uid), on: try inode(path), by: Self.owner) }
    }
}
