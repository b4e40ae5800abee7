// SPDX-License-Identifier: MIT

import Foundation
import Linux
import Secrets
import SQLite
import Synchronization
import Testing

@testable import Vault

/// The lines of a change, which the store carries until the disk has them in the log.
@Suite struct CarriedLinesTests {
    private let safe: Safe

    init() throws {
        safe = try Safe()
        // Only a test syncs.
        safe.vault.audit.close()
        try safe.furnish()
    }

    /// A daemon on what was written, which may be there twice: by its own name for the log.
    private func afterCrash(_ change: (_ folder: String) throws -> Void = { _ in }) throws -> Safe {
        let folder = try Safe.newFolder()
        for file in try FileManager.default.contentsOfDirectory(atPath: safe.folder) where !file.hasSuffix("-shm") {
            try FileManager.default.copyItem(atPath: safe.folder + "/" + file, toPath: folder + "/" + file)
        }
        try change(folder)
        let after = try Safe(folder: folder)
        after.vault.audit.close()
        return after
    }

    private func lines(_ part: String, in path: String) -> Int {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self).split(separator: "\n").filter {
            $0.contains(part)
        }.count
    }

    private func cut(_ path: String, behind count: Int) throws {
        let lines = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self).split(separator: "\n")
        try Data(lines.prefix(count).map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: path))
    }

    private func carried() throws -> Int { try safe.vault.store.reader(reporting: { _ in }).carriedLines(StoreState()).count }

    @Test func `what the log lost of them is appended, once`() throws {
        try safe.mkdir("acme/web/other")
        for count in 1...safe.auditLines.count {
            let after = try afterCrash { try cut($0 + "/audit.log", behind: count) }
            for ref in ["acme\"", "acme/web\"", "acme/web/db\"", "acme/web/other\""] {
                #expect(after.logged("\"ref\":\"\(ref)") == 1, "\(count), \(ref)")
            }
            #expect(try after.vault.audit.verify().problem == nil)
            #expect(after.isSound)
            // And again after the next start.
            try after.restart()
            #expect(after.logged("acme/web/other") == 1)
        }
    }

    @Test func `the store drops those that the disk has, with the next change`() throws {
        #expect(try carried() > 3)
        try safe.vault.audit.sync()
        try safe.mkdir("acme/web/other")
        #expect(try carried() == 1)
    }

    @Test func `those in a file that was moved away are not written twice`() throws {
        try safe.mkdir("acme/web/other")
        let path = safe.configuration.auditPath
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        // The file at the path says that it goes on behind them.
        try safe.vault.audit.sync()
        let after = try afterCrash()
        #expect(lines("acme/web/other", in: after.folder + "/audit.log") == 0)
        #expect(lines("acme/web/other", in: after.folder + "/audit.log.1") == 1)
        // Without that file nothing does.
        let without = try afterCrash { try FileManager.default.removeItem(atPath: $0 + "/audit.log") }
        #expect(without.logged("acme/web/other") == 1)
    }

    /// The disk of the log is full when the change is committed; then there is room again.
    @Test func `lines that are owed come first, whatever becomes of the file meanwhile`() throws {
        try safe.vault.audit.sync()
        do {
            let faults = Faults(below: safe.configuration.auditPath, .always, of: .write, error: ENOSPC)
            try safe.mkdir("acme/web/other")
            // No other before it is written.
            #expect(throws: VaultError.self) { try safe.mkdir("acme/web/more") }
            withExtendedLifetime(faults) {}
        }
        #expect(safe.logged("acme/web/other") == 0)
        let path = safe.configuration.auditPath
        #expect(try afterCrash().logged("acme/web/other") == 1)
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        let faults = Faults(below: path, .always, of: .write, error: ENOSPC)
        #expect(throws: AuditError.self) { try safe.vault.audit.sync() }
        withExtendedLifetime(faults) {}
    }

    @Test func `the file that goes on does not stand for a line that is owed`() throws {
        try safe.vault.audit.sync()
        do {
            let faults = Faults(below: safe.configuration.auditPath, .always, of: .write, error: ENOSPC)
            try safe.mkdir("acme/web/other")
            withExtendedLifetime(faults) {}
        }
        let path = safe.configuration.auditPath
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        for at in 1...3 {
            let faults = Faults(below: safe.folder, .once, at: at, of: .write)
            _ = try? safe.vault.audit.sync()
            let after = try afterCrash()
            #expect(["/audit.log", "/audit.log.1"].reduce(0) { $0 + lines("acme/web/other", in: after.folder + $1) } == 1, "\(at)")
            #expect(try after.vault.audit.verify().problem == nil)
            withExtendedLifetime(faults) {}
        }
    }

    @Test func `a line that somebody else wrote stands for none of them`() throws {
        try safe.mkdir("acme/web/other")
        let after = try afterCrash { folder in
            let path = folder + "/audit.log"
            let last = safe.auditLines.count
            let text = safe.auditLines[last - 1]
            try cut(path, behind: last - 1)
            let file = try #require(FileHandle(forWritingAtPath: path))
            try file.seekToEnd()
            try file.write(contentsOf: Data(text.replacingOccurrences(of: "acme/web/other", with: "acme/web/athor").utf8 + [10]))
            try file.close()
        }
        #expect(after.logged("acme/web/other") == 1)
        #expect(try after.vault.audit.verify().problem != nil)
    }

    @Test(arguments: [
        "UPDATE line SET text = CAST(replace(CAST(text AS TEXT), 'other', 'othor') AS BLOB)", "DELETE FROM line WHERE part = 0",
    ])
    func `one that was changed or taken away is reported, and not believed`(_ sql: String) throws {
        try safe.mkdir("acme/web/other")
        let after = try afterCrash { folder in
            try cut(folder + "/audit.log", behind: safe.auditLines.count - 1)
            try StoreFile(folder + "/tacit.db").connection.execute(sql)
        }
        #expect(after.logged("acme/web/oth\(sql.hasPrefix("UPDATE") ? "o" : "e")r") == 0)
        #expect(!after.isSound)
    }

    /// What a reader finds after `change`: refused and logged as not committed, and gone after a crash; or nothing at all.
    @Test func `a commit that failed is superseded by one that says so`() throws {
        do {
            let faults = Faults(below: safe.configuration.storePath + "-wal", .once, of: .sync)
            #expect(throws: VaultError.self) { try safe.mkdir("acme/web/other") }
            withExtendedLifetime(faults) {}
        }
        #expect(safe.logged("\"verdict\":\"deny\"", "not committed: the store: ") == 1)
        #expect(try !afterCrash().exists("acme/web/other"))
        try safe.mkdir("acme/web/other")
        #expect(try afterCrash().exists("acme/web/other"))
        #expect(safe.isSound)
    }

    @Test func `where that fails too, nothing is read or changed any more`() throws {
        let ended = Mutex(0)
        safe.vault.whenEnded { ended.withLock { $0 += 1 } }
        do {
            let faults = Faults(below: safe.configuration.storePath + "-wal", .always, of: .sync)
            #expect(refusal { try safe.mkdir("acme/web/other") }.contains("it is not known whether"))
            withExtendedLifetime(faults) {}
        }
        #expect(refusal { try safe.mkdir("acme/web/more") }.contains("it is not known whether"))
        #expect(
            refusal { _ = try safe.vault.store.read { store throws(VaultError) in try store.nextNumber() } }.contains(
                "it is not known whether"))
        #expect(ended.withLock { $0 } == 1)
        #expect(safe.logged("acme/web/other") == 0)
    }

    private func refusal(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch { return "\(error)" }
    }
}
