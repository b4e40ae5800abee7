// SPDX-License-Identifier: MIT

import Foundation
import Sodium
import Synchronization
import TestSupport
import Testing

@testable import Vault

/// The file of the audit log while somebody takes it away, and a disk that fails: no line is lost without a word.
@Suite struct AuditFileTests {
    private func files(_ bench: AuditBench, _ suffixes: [String]) throws -> [[String: Any]] {
        try suffixes.flatMap { suffix in
            try Data(contentsOf: URL(filePath: bench.path + suffix)).split(separator: UInt8(ascii: "\n")).map {
                try #require(try JSONSerialization.jsonObject(with: $0) as? [String: Any])
            }
        }
    }

    private func versions(_ bench: AuditBench, _ suffixes: [String] = [""]) throws -> [Int] {
        try files(bench, suffixes).compactMap { $0["version"] as? Int }
    }

    private func firstReason(_ bench: AuditBench) throws -> String {
        try #require(try files(bench, [""]).first?["reason"] as? String)
    }

    @Test func `moved away without a signal, the log goes on in a new file, and nothing is lost or said twice`() throws {
        let (bench, log) = try AuditBench.sixLines()
        try FileManager.default.moveItem(atPath: bench.path, toPath: bench.path + ".1")
        try log.append(auditEvent(6))
        try log.sync()
        try log.append(auditEvent(7))
        #expect(try versions(bench, [".1", ""]) == [1, 2, 3, 4, 5, 6, 7])
        #expect(try versions(bench) == [7])
        #expect(try log.verify().problem == nil)
        #expect(bench.reports.withLock { $0 } == [])
    }

    @Test(arguments: ["removed", "moved to another disk", "copied and truncated"])
    func `what was written while the file was taken away is in the next one, which says so`(how: String) throws {
        let (bench, log) = try AuditBench.sixLines()
        try log.sync()
        let url = URL(filePath: bench.path)
        let copy = try Data(contentsOf: url)
        // In no copy: it comes after the file was read to its end.
        try log.append(auditEvent(6))
        try log.sync()
        switch how {
        case "copied and truncated": try bench.replace([])
        default: try FileManager.default.removeItem(at: url)
        }
        if how != "removed" { try copy.write(to: URL(filePath: bench.path + ".1")) }
        // Seen by nobody before it is noticed.
        try log.append(auditEvent(7))
        let before = log.head.count
        try log.sync()
        try log.append(auditEvent(8))
        #expect(try versions(bench).suffix(3) == [6, 7, 8])
        #expect(try firstReason(bench).contains(how == "copied and truncated" ? "cut short" : "removed or moved to another disk"))
        #expect(try firstReason(bench).contains("line \(before)"))
        // It is told: to whoever verifies, and to `doctor`.
        let found = try log.verify()
        #expect(found.line == 1 && found.problem?.contains("lost lines") == true, "\(found)")
        #expect(bench.reports.withLock { $0 }.count == 1)

        // A start after it goes on there without another alarm, and the next file is whole again.
        let again = try bench.openQuietly(after: AuditAnchor(count: 3, offset: 1200, chain: [UInt8](repeating: 7, count: 32)))
        #expect(again.head.count == log.head.count && again.head.chain == log.head.chain)
        #expect(bench.reports.withLock { $0 }.count == 1)
        try FileManager.default.moveItem(at: url, to: URL(filePath: bench.path + ".2"))
        try again.reopen()
        #expect(try again.verify().problem == nil)
    }

    @Test func `the thread that syncs notices by itself, with no change and no line`() throws {
        let bench = try AuditBench()
        let log = try bench.open()
        defer { log.close() }
        try log.append(auditEvent(1))
        try FileManager.default.removeItem(atPath: bench.path)
        try Wait.until("a new file", seconds: 20) { FileManager.default.fileExists(atPath: bench.path) }
        try log.append(auditEvent(2))
        #expect(try versions(bench) == [1, 2])
    }

    @Test func `an older file that is put back after a restart is no continuation`() throws {
        let (bench, log) = try AuditBench.sixLines()
        let url = URL(filePath: bench.path)
        try FileManager.default.moveItem(atPath: bench.path, toPath: bench.path + ".1")
        try log.reopen()
        let old = try Data(contentsOf: url)
        for number in 6...9 { try log.append(auditEvent(number)) }
        try log.sync()
        try old.write(to: url)
        _ = try bench.openQuietly(after: log.head)
        #expect(bench.reports.withLock { $0 }.count == 1)
    }

    @Test func `a file that can't be made again keeps lines from being written, until it can`() throws {
        let (bench, log) = try AuditBench.sixLines()
        try FileManager.default.removeItem(atPath: bench.path)
        try FileManager.default.createDirectory(atPath: bench.path, withIntermediateDirectories: false)
        #expect(throws: AuditError.self) { try log.sync() }
        #expect(throws: AuditError.self) { try log.append(auditEvent(6)) }
        #expect(try log.verify().problem?.contains("no line can follow") == true)
        try FileManager.default.removeItem(atPath: bench.path)
        try log.sync()
        try log.append(auditEvent(7))
        #expect(try versions(bench) == [1, 2, 3, 4, 5, 7])
    }

    @Test func `a file that was moved is written as long as there can be no other`() throws {
        let (bench, log) = try AuditBench.sixLines()
        try FileManager.default.moveItem(atPath: bench.path, toPath: bench.path + ".1")
        try FileManager.default.createSymbolicLink(atPath: bench.path, withDestinationPath: bench.path + ".1")
        try log.append(auditEvent(6))
        try log.sync()
        #expect(throws: AuditError.self) { try log.reopen() }
        #expect(Set(bench.reports.withLock { $0 }).count == 1)
        try FileManager.default.removeItem(atPath: bench.path)
        try log.reopen()
        try log.append(auditEvent(7))
        #expect(try versions(bench, [".1", ""]) == [1, 2, 3, 4, 5, 6, 7])
    }

    @Test(arguments: ["hello", "hello\n"])
    func `what another process writes into the file is found and told, and swallows no line`(text: String) throws {
        let (bench, log) = try AuditBench.sixLines()
        try log.sync()
        let file = try FileHandle(forUpdating: URL(filePath: bench.path))
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
        try log.sync()
        try log.append(auditEvent(6))
        #expect(try bench.lines.count == 8)
        #expect(try log.verify().line == 7)
        #expect(bench.reports.withLock { $0 }.count == 1)
        let again = try bench.openQuietly(after: try log.sync())
        #expect(again.head == log.head)
    }

    /// "fsync(2) … reports the error once": the pages count as written from then on, and are not.
    @Test func `a sync that failed is not believed when the next one succeeds: the lines are written again`() throws {
        let (bench, log) = try AuditBench.sixLines()
        try log.sync()
        try log.append(auditEvent(6))
        do {
            // Then the lines can't be written again either.
            let faults = Faults(below: bench.scratch.path, .always, of: [.sync])
            defer { withExtendedLifetime(faults) {} }
            #expect(throws: AuditError.self) { try log.sync() }
            #expect(throws: AuditError.self) { try log.append(auditEvent(7)) }
            #expect(throws: AuditError.self) { try log.sync() }
        }
        // What the kernel shows then of pages that it could not write: what the disk has.
        let url = URL(filePath: bench.path)
        var bytes = try Data(contentsOf: url)
        bytes.replaceSubrange((bytes.count - 100)..., with: Data(count: 100))
        let file = try FileHandle(forUpdating: url)
        try file.write(contentsOf: bytes)
        try file.close()
        #expect(throws: AuditError.self) { try log.append(auditEvent(7)) }
        try log.sync()
        try log.append(auditEvent(8))
        #expect(try versions(bench) == [1, 2, 3, 4, 5, 6, 8])
        #expect(try log.verify().problem == nil)
        // It is told, for it will come again.
        #expect(bench.reports.withLock { $0 }.count == 1)
    }

    @Test func `a sync that failed is not believed of a file that was moved away either: the next file has the lines`() throws {
        let (bench, log) = try AuditBench.sixLines()
        try log.sync()
        try log.append(auditEvent(6))
        try FileManager.default.moveItem(atPath: bench.path, toPath: bench.path + ".1")
        do {
            let faults = Faults(below: bench.scratch.path, .once, of: [.sync])
            try log.sync()
            withExtendedLifetime(faults) {}
        }
        // All that the disk has of the old file.
        #expect(try versions(bench, [""]) == [6])
        #expect(try log.verify().problem == nil)
    }

    /// Every sync and write of some lines fails once: what was answered is in the log, and nothing else; of lines that the disk may have
    /// lost with a file that was moved away, the next file has a copy.
    @Test func `whatever call fails, what was answered is in the log and the rest is not`() throws {
        for at in 1...24 {
            let (bench, log) = try AuditBench.sixLines()
            var answered = [1, 2, 3, 4, 5]
            do {
                let faults = Faults(below: bench.scratch.path, at: at, of: [.sync, .write, .truncate], error: EIO)
                for number in 6...12 {
                    if (try? log.append(auditEvent(number))) != nil { answered.append(number) }
                    _ = try? log.sync()
                    if number == 9 { try? FileManager.default.moveItem(atPath: bench.path, toPath: bench.path + ".1") }
                }
                withExtendedLifetime(faults) {}
            }
            try log.sync()
            let (old, new) = (try versions(bench, [".1"]), try versions(bench, [""]))
            #expect(old + new.drop { old.contains($0) } == answered, "call \(at)")
            #expect(try log.verify().problem == nil, "call \(at)")
        }
    }

    @Test func `a half line that can't be taken back is taken back later`() throws {
        let (bench, log) = try AuditBench.sixLines()
        try log.sync()
        do {
            let faults = Faults(below: bench.scratch.path, .torn, of: [.write])
            #expect(throws: AuditError.self) { try log.append(auditEvent(6)) }
            #expect(throws: AuditError.self) { try log.sync() }
            withExtendedLifetime(faults) {}
        }
        #expect(throws: AuditError.self) { try log.append(auditEvent(6)) }
        try log.sync()
        try log.append(auditEvent(7))
        #expect(try versions(bench) == [1, 2, 3, 4, 5, 7])
        #expect(try log.verify().problem == nil)
    }

    @Test func `a new file is made to last: its folder is synced`() throws {
        let bench = try AuditBench()
        let image = try bench.scratch.folder("image")
        let faults = Faults(below: bench.scratch.path, .none, of: [.sync], image: image)
        let log = try bench.openQuietly()
        try log.sync()
        // The file, and the folder that it lies in.
        #expect(faults.count == 2)
        try log.append(auditEvent(1))
        try log.sync()
        #expect(faults.count == 3)
        try FileManager.default.moveItem(atPath: bench.path, toPath: bench.path + ".1")
        try log.reopen()
        #expect(faults.count == 6)
    }
}
