// SPDX-License-Identifier: MIT

internal import Bytes
internal import Linux
internal import Sodium

/// Writing a line of the audit log.
extension AuditLine {
    /// The line up to its chain, behind room for the chain before it: what the next chain is a hash of.
    static func draft(_ event: AuditEvent, time: Int64) -> [UInt8] {
        var line = firstChain
        line.reserveCapacity(512)
        line += "{\"time\":\"".utf8
        RFC3339.append(time, to: &line)
        line += "\",\"action\":".utf8
        append(event.action, limit: 64, to: &line)
        line += ",\"ref\":".utf8
        append(event.ref, limit: 4096, to: &line)
        line += ",\"version\":".utf8
        line += event.version.map { "\($0)" }?.utf8 ?? "null".utf8
        line += ",\"uid\":".utf8
        line += "\(event.uid)".utf8
        line += ",\"gid\":".utf8
        line += "\(event.gid)".utf8
        line += ",\"pid\":".utf8
        line += "\(event.pid)".utf8
        line += ",\"comm\":".utf8
        append(repaired(event.comm), limit: 64, to: &line)
        line += ",\"job\":".utf8
        append(event.job, limit: 256, to: &line)
        if let lineage = event.lineage { append(lineage, to: &line) }
        if let generation = event.generation {
            line += generationStart
            line += "\(generation)".utf8
        }
        line += event.allowed ? ",\"verdict\":\"allow\",\"reason\":".utf8 : ",\"verdict\":\"deny\",\"reason\":".utf8
        append(event.reason, limit: 4096, to: &line)
        return line
    }

    /// Makes the draft of the line after one with `chain` complete, newline included: behind the first 32 bytes it is what goes to
    /// the file. Gives the line's own chain.
    static func finish(
        _ draft: inout [UInt8], after chain: [UInt8], key: borrowing SecretBytes
    ) throws(SodiumError) -> [UInt8] {
        draft.replaceSubrange(0..<firstChain.count, with: chain)
        let next = try KeyedHash.hash(draft, key: key)
        appendChain(next, to: &draft)
        return next
    }

    /// The processes from the root of the job to the one that asks, and, where there are too many, how many are left out behind the first.
    private static func append(_ lineage: Lineage, to line: inout [UInt8]) {
        line += ",\"lineage\":[".utf8
        for (index, member) in lineage.members.enumerated() {
            line += "\(index == 0 ? "" : ","){\"pid\":\(member.id),\"comm\":".utf8
            append(repaired(member.comm), limit: 64, to: &line)
            line.append(UInt8(ascii: "}"))
        }
        line.append(UInt8(ascii: "]"))
        if lineage.omitted > 0 { line += ",\"omitted\":\(lineage.omitted)".utf8 }
    }

    /// Any bytes as text: what is not UTF-8 becomes U+FFFD, which keeps the line valid (RFC 8259).
    private static func repaired(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// A JSON string of the first `limit` bytes, each of which takes at most six, or null. All limits together leave a line within its own.
    private static func append(_ text: String?, limit: Int, to line: inout [UInt8]) {
        guard let text else {
            line += "null".utf8
            return
        }
        guard text.utf8.count <= limit else {
            // The cut may go through a character, whose rest is repaired: at most three bytes become one of three.
            return append(repaired(Array(text.utf8.prefix(limit - 3))), limit: limit, to: &line)
        }
        line.append(UInt8(ascii: "\""))
        for byte in text.utf8 { JSONEscape.write(byte, .numeric) { line.append($0) } }
        line.append(UInt8(ascii: "\""))
    }
}
