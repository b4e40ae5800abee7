import Foundation
import Sodium
import Testing

@testable import Vault

/// The audit log's file: what is found when somebody touched it, and what a crash, a rotation or a full disk leave.
@Suite struct AuditTests {
    /// A log in a folder of its own.
    private final class Log {
        let folder: String
        let path: String
        let key: SecretBox
        private(set) var log: AuditLog
        private(set) var reports: [String] = []

        init(lines: Int = 0, folder: String? = nil) throws {
            try Sodium.start()
            self.folder = try folder ?? Safe.newFolder()
            path = self.folder + "/audit.log"
            key = SecretBox(try SecretBytes(random: KeyedHash.keyLength))
            log = try AuditLog(path: path, key: key, anchor: nil, report: { _ in })
            for number in 0..<lines { try append("line \(number)") }
        }

        deinit {
            log.close()
            try? FileManager.default.removeItem(atPath: folder)
        }

        func append(_ reason: String, comm: [UInt8] = Array("test".utf8), ref: String? = nil) throws {
            try log.append(
                AuditEvent(
                    action: "open", ref: ref, version: 1, uid: 1, gid: 2, pid: 3, comm: comm, job: nil, allowed: true, reason: reason))
        }

        /// As after a stop or a crash, with what the store says of the end.
        func restart(_ anchor: AuditAnchor?) throws {
            log.close()
            reports = []
            var found: [String] = []
            log = try AuditLog(path: path, key: key, anchor: anchor, report: { found.append($0) })
            reports = found
        }

        var bytes: Data { FileManager.default.contents(atPath: path) ?? Data() }
        var lines: [Data] { bytes.split(separator: UInt8(ascii: "\n")).map { Data($0) } }

        func put(_ bytes: Data) throws {
            // In place, as O_APPEND descriptors of the log keep the file.
            let file = try FileHandle(forWritingTo: URL(filePath: path))
            try file.truncate(atOffset: 0)
            try file.write(contentsOf: bytes)
            try file.close()
        }

        func put(lines: [Data]) throws { try put(Data(lines.flatMap { Array($0) + [UInt8(ascii: "\n")] })) }
    }

    @Test func anUntouchedLogVerifies() throws {
        let log = try Log(lines: 50)
        let verification = try log.log.verify()
        #expect(verification.lines == 51)
        #expect(verification.line == nil && verification.problem == nil)
        #expect(log.log.head.count == 51)
    }

    @Test func findsTheFirstLineThatIsNotAsItWas() throws {
        for (name, first, change) in [
            ("changed", 6, { (lines: inout [Data]) in lines[5] = Data(String(decoding: lines[5], as: UTF8.self).replacing("allow", with: "denyy").utf8) }),
            ("removed", 6, { $0.remove(at: 5) }),
            ("removed at the start", 1, { $0.remove(at: 0) }),
            ("put in", 7, { $0.insert($0[5], at: 6) }),
            ("swapped", 6, { $0.swapAt(5, 8) }),
            ("cut at the end", 20, { $0.removeLast(2) }),
            ("all cut", 1, { $0.removeAll() }),
            ("no line of the log", 3, { $0[2] = Data("{}".utf8) }),
            ("a long line", 3, { $0[2] = Data(repeating: 0x41, count: 200_000) }),
        ] as [(String, Int, (inout [Data]) -> Void)] {
            let log = try Log(lines: 20)
            var lines = log.lines
            #expect(lines.count == 21)
            change(&lines)
            try log.put(lines: lines)
            let verification = try log.log.verify()
            #expect(verification.line == first, "\(name): \(verification.line ?? 0)")
            #expect(verification.problem != nil, "\(name)")
        }
    }

    @Test func everyBitOfALineIsCovered() throws {
        let log = try Log(lines: 1)
        let whole = log.bytes
        for bit in 0..<(whole.count * 8) {
            var bytes = whole
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            try log.put(bytes)
            let verification = try log.log.verify()
            // Hexadecimal digits of either case say the same.
            let isCase = bit % 8 == 5 && (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(whole[bit / 8])
            #expect(verification.problem != nil || isCase, "bit \(bit)")
        }
    }

    @Test func removesHalfALineAtTheStart() throws {
        let log = try Log(lines: 3)
        let anchor = log.log.head
        let whole = log.bytes
        let line = try #require(log.lines.last)
        for length in [1, 10, line.count] {
            try log.put(whole + line.prefix(length))
            try log.restart(anchor)
            #expect(log.bytes == whole)
            #expect(log.reports == [])
        }
        try log.append("after")
        #expect(try log.log.verify().problem == nil)
    }

    @Test func continuesTheChainAfterARestart() throws {
        let log = try Log(lines: 3)
        let anchor = log.log.head
        try log.append("after the anchor")
        try log.restart(anchor)
        #expect(log.reports == [])
        try log.append("after the restart")
        let verification = try log.log.verify()
        #expect(verification.lines == 6)
        #expect(verification.problem == nil)
    }

    @Test func findsACutBeforeARestart() throws {
        let log = try Log(lines: 10)
        let anchor = log.log.head
        try log.put(lines: Array(log.lines.dropLast(3)))
        try log.restart(anchor)
        #expect(!log.reports.isEmpty)
        try log.append("later")
        let verification = try log.log.verify()
        #expect(verification.line == 9)
        // For ever: also after another restart.
        try log.restart(log.log.head)
        #expect(try log.log.verify().line == 9)
    }

    @Test func takesAnyAnchor() throws {
        let log = try Log(lines: 3)
        for offset in [Int64.min, Int64.min + 500, -1, 1, 1 << 40, Int64.max] {
            try? log.restart(AuditAnchor(count: 1, offset: offset, chain: AuditLine.firstChain))
        }
        try log.restart(nil)
        #expect(try log.log.verify().problem == nil)
    }

    @Test func rotates() throws {
        let log = try Log(lines: 3)
        try FileManager.default.moveItem(atPath: log.path, toPath: log.path + ".1")
        // Until it is told, it goes on in the old file.
        try log.append("still the old file")
        #expect(log.bytes.isEmpty)
        try log.log.reopen()
        try log.append("the new file")
        #expect(log.lines.count == 2)
        #expect(String(decoding: log.lines[0], as: UTF8.self).contains("\"action\":\"begin\""))
        #expect(try log.log.verify().problem == nil)
        try log.restart(log.log.head)
        #expect(log.reports == [])
        #expect(try log.log.verify().problem == nil)
        // The new file's first line continues the old one: removing it is found.
        try log.put(lines: Array(log.lines.dropFirst()))
        #expect(try log.log.verify().line == 1)
    }

    @Test func reopeningTheSameFileChangesNothing() throws {
        let log = try Log(lines: 3)
        let whole = log.bytes
        try log.log.reopen()
        #expect(log.bytes == whole)
        try log.append("after")
        #expect(try log.log.verify().problem == nil)
    }

    @Test func appendsFromManyThreads() throws {
        let log = try Log()
        let audit = log.log
        DispatchQueue.concurrentPerform(iterations: 8) { lane in
            for number in 0..<50 {
                try? audit.append(
                    AuditEvent(
                        action: "open", ref: nil, version: nil, uid: UInt32(lane), gid: 0, pid: 0, comm: [], job: nil, allowed: true,
                        reason: "\(number)"))
            }
        }
        let verification = try audit.verify()
        #expect(verification.lines == 401)
        #expect(verification.problem == nil)
    }

    @Test func everyLineIsJSON() throws {
        let log = try Log()
        let nasty: [[UInt8]] = [
            Array(0...255), Array("\"\\\n\r\t\0\u{7f}".utf8), [0xff, 0xfe], [0xc0, 0x80], [0xed, 0xa0, 0x80], Array("\u{2028}é🔑".utf8), [],
        ]
        for bytes in nasty { try log.append(String(decoding: bytes, as: UTF8.self), comm: bytes, ref: String(decoding: bytes, as: UTF8.self)) }
        try log.append("long", ref: String(repeating: "\0", count: 4096))
        try log.append("longest", comm: [UInt8](repeating: 1, count: 100_000), ref: String(repeating: "\u{1}", count: 100_000))
        for line in log.lines {
            let object = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
            #expect(
                Set(object.keys) == [
                    "time", "action", "ref", "version", "uid", "gid", "pid", "comm", "job", "verdict", "reason", "chain",
                ])
            #expect(line.count < AuditLine.limit)
        }
        let object = try #require(try JSONSerialization.jsonObject(with: log.lines[2]) as? [String: Any])
        #expect(object["comm"] as? String == "\"\\\n\r\t\0\u{7f}")
        #expect(try log.log.verify().problem == nil)
    }

    /// On a file system of its own of a few pages.
    @Test func aFullDiskLeavesNothingHalfWritten() throws {
        let folder = try Safe.newFolder()
        try #require(run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder), "this test mounts a tmpfs: run it as root")
        defer { _ = run("umount", folder) }
        let log = try Log(folder: folder)
        defer { log.log.close() }
        try Data(repeating: 0, count: 40_000).write(to: URL(filePath: folder + "/ballast"))
        var written = 1
        var refused = false
        while !refused, written < 1000 {
            do {
                try log.append(String(repeating: "x", count: 300))
                written += 1
            } catch { refused = true }
        }
        #expect(refused)
        #expect(log.bytes.last == UInt8(ascii: "\n"))
        #expect(log.lines.count == written)
        #expect(try log.log.verify().problem == nil)
        try FileManager.default.removeItem(atPath: folder + "/ballast")
        try log.append("there is room again")
        let verification = try log.log.verify()
        #expect(verification.lines == written + 1)
        #expect(verification.problem == nil)
    }

    private func run(_ words: String...) -> Bool {
        let process = Foundation.Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
