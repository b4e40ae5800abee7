// SPDX-License-Identifier: MIT

import FUSE
import Foundation
import Linux
import Secrets
import Sodium
import TestSupport

@testable import SecretFS
@testable import Vault

/// One of the two worlds: a store of its own with the vault and the file system on it, in this process, without a kernel.
///
/// It can be kept as files and opened again, so that each sequence of operations begins at the same store.
final class World {
    /// The uid that owns the stores; it holds no grant.
    static let owner: UInt32 = 500

    /// 0 or 1.
    let number: Int
    let folder: String
    let vault: Vault
    let files: SecretFileSystem
    let rows: StoreRows
    private let session: Session
    /// What the clock says, in microseconds since 1970. It goes on only when it is told to.
    var time: Int64

    /// Opens the store in a folder, which goes with the world.
    init(folder: String, number: Int, time: Int64, holes: Set<Hole> = [], tables: [StoreRows.Table]? = nil) throws {
        self.folder = folder
        self.number = number
        self.time = time
        vault = try SystemClock.$told.withValue(time) { try Vault(Self.configuration(in: folder, holes: holes)) }
        session = Session(mountpoint: "/nowhere", allowOthers: false)
        files = try SecretFileSystem(vault: vault, session: session, lingering: 0)
        rows = try StoreRows(folder + "/tacit.db", tables: tables)
    }

    deinit {
        files.stop()
        vault.audit.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// A new and empty store.
    static func create(_ number: Int, time: Int64) throws -> World {
        try Sodium.start()
        let folder = try newFolder()
        try SystemClock.$told.withValue(time) { try Vault.create(configuration(in: folder), passphrase: nil) }
        return try World(folder: folder, number: number, time: time)
    }

    private static func configuration(in folder: String, holes: Set<Hole> = []) -> VaultConfiguration {
        var configuration = VaultConfiguration(
            storePath: folder + "/tacit.db", nodeKeyPath: folder + "/node.key", auditPath: folder + "/audit.log",
            rootKey: .file(folder + "/root.key"), versionLimit: 4, ownerUID: owner)
        configuration.openHoles = holes
        return configuration
    }

    /// In memory where there is a file system for that: stores are made by the thousand.
    private static func newFolder() throws -> String {
        let shared = "/dev/shm"
        let parent = FileManager.default.isWritableFile(atPath: shared) ? shared : NSTemporaryDirectory()
        let folder = parent + "/tacit-worlds-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        return folder
    }

    /// Closes the store, and keeps it as it is then.
    func keep() throws -> Kept {
        try act { try vault.close() }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return Kept(files: try names.map { ($0, try Data(contentsOf: URL(filePath: folder + "/" + $0))) }, time: time, tables: rows.tables)
    }

    /// The files of a store at one moment.
    struct Kept {
        fileprivate let files: [(name: String, bytes: Data)]
        fileprivate let time: Int64
        fileprivate let tables: [StoreRows.Table]

        /// A world that goes on from there, some rules for writers taken out.
        func open(as number: Int, holes: Set<Hole>) throws -> World {
            let folder = try World.newFolder()
            for file in files {
                guard
                    FileManager.default.createFile(
                        atPath: folder + "/" + file.name, contents: file.bytes, attributes: [.posixPermissions: 0o600])
                else { throw Trouble("can't make \(folder)/\(file.name)") }
            }
            return try World(folder: folder, number: number, time: time, holes: holes, tables: tables)
        }
    }

    /// Runs `body` at this world's time.
    func act<Result>(_ body: () throws -> Result) rethrows -> Result {
        try SystemClock.$told.withValue(time) { try body() }
    }

    static func caller(_ uid: UInt32, _ action: String = "test") -> Caller {
        Caller(uid: uid, gid: uid, pid: 0, comm: [], action: action, groups: { [] })
    }
}
