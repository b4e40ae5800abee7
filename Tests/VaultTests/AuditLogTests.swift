// SPDX-License-Identifier: MIT

import Foundation
import Linux
import Sodium
import Synchronization
import Testing
import TestSupport

@testable import Vault

/// The audit log as the vault writes it: what a line holds, what `verify` finds, and that nothing is ever half written.
@Suite struct AuditLogTests {
    @Test func `lines as written verify, and are objects with all members`() throws {
        let (bench, log) = try AuditBench.sixLines()
        let found = try log.verify()
        #expect(found.line == nil && found.problem == nil && found.lines == 6)
        #expect(log.head.count == 6)
        let names = ["time", "action", "ref", "version", "uid", "gid", "pid", "comm", "job", "verdict", "reason", "chain"]
        for line in try bench.lines {
            let object = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
            #expect(Set(object.keys) == Set(names))
        }
        let last = try #require(try JSONSerialization.jsonObject(with: bench.lines[5]) as? [String: Any])
        #expect(last["version"] as? Int == 5 && last["verdict"] as? String == "deny" && last["comm"] as? String == "cat")
        #expect(last["job"] is NSNull)
    }

    @Test func `the file is for its owner only, and no link is followed`() throws {
        let (bench, _) = try AuditBench.sixLines()
        let mode = try FileManager.default.attributesOfItem(atPath: bench.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        try FileManager.default.moveItem(atPath: bench.path, toPath: bench.path + ".1")
        try FileManager.default.createSymbolicLink(atPath: bench.path, withDestinationPath: bench.path + ".1")
        #expect(throws: AuditError.self) { _ = try bench.openQuietly() }
    }

    @Test(arguments: [
        Array("a\"b\\c\n\t\u{1}\u{7f}".utf8), [0xff, 0xfe, 0x80], Array("déjà".utf8), [UInt8](0..<64), [UInt8](128...255),
        [],
    ])
    func `any name of a program makes a valid line`(comm: [UInt8]) throws {
        let bench = try AuditBench()
        let log = try bench.openQuietly()
        try log.append(auditEvent(1, comm: comm))
        let object = try #require(try JSONSerialization.jsonObject(with: bench.lines[1]) as? [String: Any])
        if comm.count <= 64, let name = String(validating: comm, as: UTF8.self) {
            #expect(object["comm"] as? String == name)
        }
        #expect(try log.verify().problem == nil)
    }

    @Test func `the longest strings make a line within its limit`() throws {
        let bench = try AuditBench()
        let log = try bench.openQuietly()
        for text in ["\u{1}", "é", "\u{1F511}", "\\"] {
            let long = String(repeating: text, count: 100_000)
            try log.append(
                AuditEvent(
                    action: long, ref: long, version: .max, uid: .max, gid: .max, pid: .max, comm: Array(long.utf8), job: long,
                    lineage: Lineage(members: (0..<8).map { _ in .init(id: .max, comm: Array(long.utf8)) }, omitted: .max),
                    allowed: true, reason: long))
        }
        for line in try bench.lines {
            #expect(line.count < AuditLine.limit)
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: line) }
        }
        #expect(try log.verify().problem == nil)
        #expect(try bench.openQuietly(after: log.head).verify().problem == nil)
        #expect(bench.reports.withLock { $0 } == [])
    }

    @Test(arguments: 0..<6) func `the first line that was changed is found`(index: Int) throws {
        let (bench, log) = try AuditBench.sixLines()
        let original = try bench.lines
        for offset in stride(from: 0, to: original[index].count, by: 7) {
            var lines = original.map { Data($0) }
            lines[index][offset] ^= 1
            guard lines[index][offset] != UInt8(ascii: "\n") else { continue }
            try bench.replace(lines)
            #expect(try log.verify().line == index + 1)
        }
    }

    @Test(arguments: 0..<6) func `the place where a line was removed is found`(index: Int) throws {
        let (bench, log) = try AuditBench.sixLines()
        var lines = try bench.lines
        lines.remove(at: index)
        try bench.replace(lines)
        // What is missing at the end is told as the line after the last.
        #expect(try log.verify().line == index + 1)
    }

    @Test(arguments: 1..<6) func `a line put in, or two in the other order, are found`(index: Int) throws {
        let (bench, log) = try AuditBench.sixLines()
        let original = try bench.lines
        var lines = original
        lines.insert(original[index], at: index + 1)
        try bench.replace(lines)
        #expect(try log.verify().line == index + 2)
        lines = original
        lines.swapAt(index - 1, index)
        try bench.replace(lines)
        #expect(try log.verify().line == index)
    }

    @Test func `an empty file, one of other text, and another key's lines are found`() throws {
        let (bench, log) = try AuditBench.sixLines()
        let original = try bench.lines
        try bench.replace([])
        #expect(try log.verify().line == 1)
        try bench.replace([Data("hello".utf8)] + original)
        #expect(try log.verify().line == 1)
        let other = try AuditBench()
        let foreign = try other.openQuietly()
        for number in 1...5 { try foreign.append(auditEvent(number)) }
        try bench.replace(other.lines)
        #expect(try log.verify().line == 1)
    }

    @Test func `half a line at the end is removed at the start`() throws {
        let (bench, log) = try AuditBench.sixLines()
        let original = try bench.lines
        for count in [1, 100, original[5].count] {
            let file = try FileHandle(forUpdating: URL(filePath: bench.path))
            try file.seekToEnd()
            try file.write(contentsOf: original[5].prefix(count))
            try file.close()
            let again = try bench.openQuietly(after: log.head)
            #expect(try bench.lines == original)
            #expect(try again.verify().problem == nil)
        }
        #expect(bench.reports.withLock { $0 } == [])
    }

    @Test func `lines after the anchor are those of a crash, and stay`() throws {
        let (bench, log) = try AuditBench.sixLines()
        let anchor = log.head
        for number in 6...9 { try log.append(auditEvent(number)) }
        let again = try bench.openQuietly(after: anchor)
        try again.append(auditEvent(10))
        let found = try again.verify()
        #expect(found.problem == nil && found.lines == 11)
        #expect(bench.reports.withLock { $0 } == [])
    }

    @Test func `an end that was cut off while nobody looked is told, and stays found`() throws {
        let (bench, log) = try AuditBench.sixLines()
        try bench.replace(Array(bench.lines.dropLast(2)))
        let again = try bench.openQuietly(after: log.head)
        #expect(bench.reports.withLock { $0 }.count == 1)
        try again.append(auditEvent(6))
        #expect(try again.verify().line == 5)
        #expect(try bench.openQuietly(after: again.head).verify().line == 5)
    }

    @Test func `a file that was taken away while nobody looked is told`() throws {
        let (bench, log) = try AuditBench.sixLines()
        try FileManager.default.removeItem(atPath: bench.path)
        let again = try bench.openQuietly(after: log.head)
        #expect(bench.reports.withLock { $0 }.count == 1)
        #expect(try again.verify().line == 1)
    }

    @Test func `a rotated log goes on in a new file, and both verify`() throws {
        let (bench, log) = try AuditBench.sixLines()
        try log.reopen()
        #expect(try bench.lines.count == 6)
        let before = log.head
        try FileManager.default.moveItem(atPath: bench.path, toPath: bench.path + ".1")
        try log.append(auditEvent(6))
        try log.reopen()
        try log.append(auditEvent(7))
        #expect(try bench.lines.count == 2)
        #expect(try log.verify().problem == nil)
        #expect(log.head.count == before.count + 3)

        // The old file, read as the current one was.
        let text = try #require(try JSONSerialization.jsonObject(with: bench.lines[0]) as? [String: Any])
        let old = try Data(contentsOf: URL(filePath: bench.path + ".1")).split(separator: UInt8(ascii: "\n"))
        let last = try #require(try JSONSerialization.jsonObject(with: old[6]) as? [String: Any])
        #expect(text["reason"] as? String == "continues \(last["chain"] ?? ""), line 7")

        let again = try bench.openQuietly(after: log.head)
        #expect(try again.verify().problem == nil)
        #expect(bench.reports.withLock { $0 } == [])
        // Who takes the link to the old file away is found.
        try bench.replace(Array(bench.lines.dropFirst()))
        #expect(try again.verify().line == 1)
    }

    @Test func `lines of many threads, a rotation and syncs in between, make one chain`() throws {
        let bench = try AuditBench()
        let log = try bench.open()
        let threads = 8
        let each = 400
        DispatchQueue.concurrentPerform(iterations: threads + 1) { index in
            do {
                if index == threads {
                    for round in 1...5 {
                        try log.sync()
                        try FileManager.default.moveItem(atPath: bench.path, toPath: bench.path + ".\(round)")
                        try log.reopen()
                        try log.reopen()
                    }
                } else {
                    for number in 0..<each { try log.append(auditEvent(number)) }
                }
            } catch { Issue.record("\(error)") }
        }
        try log.sync()
        #expect(log.head.count == Int64(threads * each + 6))
        #expect(try log.verify().problem == nil)
        let counts = try ([""] + (1...5).map { ".\($0)" }).map { suffix in
            try Data(contentsOf: URL(filePath: bench.path + suffix)).count { $0 == UInt8(ascii: "\n") }
        }
        #expect(counts.reduce(0, +) == threads * each + 6)
    }

    /// Needs root, to mount a small file system.
    @Test func `on a full disk a line is an error, and none of it stays`() throws {
        let bench = try AuditBench()
        let point = try bench.scratch.folder("small")
        try Command("mount", "-t", "tmpfs", "-o", "size=32k", "none", point).run().orThrow()
        defer { _ = try? Command("umount", "--lazy", point).run() }
        let key = bench.key
        let path = point + "/audit.log"
        let log = try AuditLog(path: path, key: key, anchor: nil) { _ in }
        var written = 1
        #expect(throws: AuditError.self) {
            for number in 1...1000 {
                try log.append(auditEvent(number, ref: String(repeating: "x", count: number % 300)))
                written += 1
            }
        }
        func lines() throws -> [Data] { try Data(contentsOf: URL(filePath: path)).split(separator: UInt8(ascii: "\n")) }
        for _ in 1...5 {
            #expect(throws: AuditError.self) { try log.append(auditEvent(1, ref: String(repeating: "x", count: 4000))) }
        }
        #expect(try lines().count == written && log.head.count == Int64(written))
        #expect(try Data(contentsOf: URL(filePath: path)).last == UInt8(ascii: "\n"))
        #expect(try log.verify().problem == nil)

        try Command("mount", "-o", "remount,size=1m", point).run().orThrow()
        try log.append(auditEvent(2))
        try log.sync()
        let found = try log.verify()
        #expect(found.problem == nil && found.lines == written + 1)
    }
}
