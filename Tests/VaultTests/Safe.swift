// SPDX-License-Identifier: MIT

import Bytes
import Foundation
import Linux
import Secrets
import Sodium

@testable import Vault

/// A throwaway store with its vault, in a folder that goes with it. Its owner is nobody that this process is.
///
/// Values go in as text and are compared inside: a failed test prints that they differ, and none of them.
final class Safe {
    let folder: String
    var configuration: VaultConfiguration
    private(set) var vault: Vault

    static let owner: UInt32 = 500
    static let passphrase = "a passphrase\n"

    init(passphrase: Bool = false, versionLimit: Int = VaultConfiguration.usualVersions) throws {
        try Sodium.start()
        folder = try Self.newFolder()
        configuration = Self.configuration(in: folder)
        configuration.versionLimit = versionLimit
        if passphrase {
            configuration.rootKey = .none
            try Vault.create(configuration, passphrase: try Self.buffer(Self.passphrase))
        } else {
            try Vault.create(configuration, passphrase: nil)
        }
        vault = try Vault(configuration)
    }

    /// On files that are there.
    init(folder: String) throws {
        self.folder = folder
        configuration = Self.configuration(in: folder)
        vault = try Vault(configuration)
    }

    deinit {
        vault.audit.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    static func newFolder() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tacit-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    static func configuration(in folder: String) -> VaultConfiguration {
        VaultConfiguration(
            storePath: folder + "/tacit.db", nodeKeyPath: folder + "/node.key", auditPath: folder + "/audit.log",
            rootKey: .file(folder + "/root.key"), ownerUID: owner)
    }

    /// A clean stop and a new start.
    func restart() throws {
        try vault.close()
        vault = try Vault(configuration)
    }

    static func buffer(_ text: String) throws -> SecretBuffer {
        var buffer = try SecretBuffer()
        try unsafe buffer.write(Array(text.utf8).span.bytes, at: 0)
        return buffer
    }

    static func caller(_ uid: UInt32, groups: [UInt32] = [], _ action: String = "test") -> Caller {
        Caller(uid: uid, gid: uid, pid: 4711, comm: Array("test".utf8), action: action, groups: { groups })
    }

    var owner: Caller { Self.caller(Self.owner) }

    /// The inode at a path; nobody is asked whether they may.
    func inode(_ path: String) throws -> Inode {
        var inode = Inode.root
        for name in path.split(separator: "/") { inode = try vault.lookup(Array(name.utf8), in: inode) }
        return inode
    }

    func exists(_ path: String) -> Bool { (try? vault.place(inode(path))) != nil }

    /// Folder and name of a path.
    private func split(_ path: String) throws -> (folder: Inode, name: [UInt8]) {
        let parts = path.split(separator: "/")
        return (try inode(parts.dropLast().joined(separator: "/")), Array((parts.last ?? "").utf8))
    }

    func mkdir(_ path: String, by caller: Caller? = nil) throws {
        let (folder, name) = try split(path)
        _ = try vault.mkdir(name, in: folder, by: caller ?? owner)
    }

    func rmdir(_ path: String, by caller: Caller? = nil) throws {
        let (folder, name) = try split(path)
        _ = try vault.rmdir(name, in: folder, by: caller ?? owner)
    }

    func unlink(_ path: String, by caller: Caller? = nil) throws {
        let (folder, name) = try split(path)
        _ = try vault.unlink(name, in: folder, by: caller ?? owner)
    }

    @discardableResult
    func rename(_ path: String, to newPath: String, replace: Bool = true, by caller: Caller? = nil) throws -> Renaming {
        let (folder, name) = try split(path)
        let (newFolder, newName) = try split(newPath)
        return try vault.rename(name, in: folder, to: newName, in: newFolder, replace: replace, by: caller ?? owner)
    }

    /// What to commit to: the item at the path, or a new one.
    func target(_ path: String, by caller: Caller) throws -> WriteTarget {
        if let inode = try? inode(path), (try? vault.place(inode)) != nil {
            try vault.authorizeWrite(to: inode, by: caller)
            return vault.isEnvironment(inode) ? .environment(inode, merge: false) : .item(inode)
        }
        let (folder, name) = try split(path)
        return try vault.authorizeCreate(name, in: folder, by: caller)
    }

    @discardableResult
    func write(_ text: String, to path: String, superseding: [NodeID: Int64] = [:], by caller: Caller? = nil) throws -> Commit {
        try commit(text, to: try target(path, by: caller ?? owner), superseding: superseding, by: caller)
    }

    @discardableResult
    func commit(_ text: String, to target: WriteTarget, superseding: [NodeID: Int64] = [:], by caller: Caller? = nil) throws -> Commit {
        try unsafe vault.commit(Array(text.utf8).span.bytes, to: target, superseding: superseding, by: caller ?? owner)
    }

    /// Whether the caller reads this very text. Throws what opening does.
    func holds(_ text: String, _ path: String, for caller: Caller) throws -> Bool {
        let snapshot = try vault.open(try inode(path), .read, for: caller)
        return snapshot.holds(Array(text.utf8))
    }

    func names(in path: String, for caller: Caller) throws -> Set<String> {
        Set(try vault.list(try inode(path), after: 0, limit: 1000, for: caller).map { String(decoding: $0.name, as: UTF8.self) })
    }

    func grant(_ rights: Rights, to principal: Principal, on path: String, by caller: Caller? = nil) throws {
        _ = try vault.grant(rights, to: principal, on: try inode(path), by: caller ?? owner)
    }

    func revoke(_ rights: Rights?, from principal: Principal, on path: String, by caller: Caller? = nil) throws {
        _ = try vault.revoke(rights, from: principal, on: try inode(path), by: caller ?? owner)
    }

    /// An organization, a project, a target, its organization's folder and a secret: `acme/web/db`.
    func furnish() throws {
        for path in ["acme", "acme/web", "acme/web@prod", "acme/web/db"] { try mkdir(path) }
    }

    var auditLines: [String] {
        let data = FileManager.default.contents(atPath: configuration.auditPath) ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

extension Snapshot {
    func holds(_ bytes: [UInt8]) -> Bool {
        withBytes { span in span.byteCount == bytes.count && bytes.indices.allSatisfy { span.octet($0) == bytes[$0] } }
    }
}

extension Vault {
    func isEnvironment(_ inode: Inode) -> Bool { (try? place(inode))?.isEnvironment ?? false }
}

extension VaultError {
    /// Its case without what it carries, to compare with.
    var word: String {
        String("\(self)".prefix { $0 != "(" })
    }
}

/// The word of the error that `body` throws; nil if it throws none of the vault's.
func refusal(_ body: () throws -> Void) -> String? {
    do { try body() } catch let error as VaultError { return error.cause.word } catch { return "\(error)" }
    return nil
}
