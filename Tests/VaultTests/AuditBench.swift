// SPDX-License-Identifier: MIT

import Foundation
import Linux
import Sodium
import Synchronization
import TestSupport

@testable import Vault

/// A log in a folder of its own.
final class AuditBench: Sendable {
    let scratch: Scratch
    let path: String
    let key: SecretBox
    let reports = Mutex<[String]>([])

    init() throws {
        try Sodium.start()
        scratch = try Scratch()
        path = scratch.path + "/audit.log"
        key = SecretBox(try SecretBytes(random: KeyedHash.keyLength))
    }

    func open(after anchor: AuditAnchor? = nil) throws -> AuditLog {
        try AuditLog(path: path, key: key, anchor: anchor) { [self] report in reports.withLock { $0.append(report) } }
    }

    var lines: [Data] {
        get throws { try Data(contentsOf: URL(filePath: path)).split(separator: UInt8(ascii: "\n")) }
    }

    /// Puts other lines into the place of those of the file, which stays the same file.
    func replace(_ lines: [Data]) throws {
        let file = try FileHandle(forUpdating: URL(filePath: path))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(lines.map { $0 + [UInt8(ascii: "\n")] }.joined()))
        try file.close()
    }

    /// Opens the log. Only the test syncs it.
    func openQuietly(after anchor: AuditAnchor? = nil) throws -> AuditLog {
        let log = try open(after: anchor)
        log.close()
        return log
    }

    /// A log of a first line and five of events. Only the test syncs it.
    static func sixLines() throws -> (AuditBench, AuditLog) {
        let bench = try AuditBench()
        let log = try bench.openQuietly()
        for number in 1...5 { try log.append(auditEvent(number)) }
        return (bench, log)
    }
}

func auditEvent(_ number: Int, comm: [UInt8] = Array("cat".utf8), ref: String? = "acme/web/db/vars/A") -> AuditEvent {
    AuditEvent(
        action: "open", ref: ref, version: Int64(number), uid: 1001, gid: 1001, pid: 4711, comm: comm, job: nil, lineage: nil,
        allowed: number.isMultiple(of: 2), reason: "grant to user 1001")
}
