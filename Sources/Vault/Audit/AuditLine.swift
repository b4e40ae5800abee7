internal import Linux
internal import Sodium

/// The form of a line of the audit log: one JSON object, whose last member is the chain (tacitd.8).
///
///     {"time":"2026-01-02T03:04:05.678901Z","action":"open",…,"reason":"granted","chain":"<64 hexadecimal digits>"}
///
/// The chain is a keyed hash over the chain before it and all of the line in front of `,"chain":`.
enum AuditLine {
    /// No line is longer, newline included: a reader need not hold more.
    static let limit = 65_536
    /// What the first line of a new log continues.
    static let firstChain = [UInt8](repeating: 0, count: 32)

    private static let chainStart = Array(",\"chain\":\"".utf8)
    private static let chainEnd = Array("\"}".utf8)
    /// From the comma to the closing brace.
    private static let chainLength = chainStart.count + 64 + chainEnd.count

    /// The line up to its chain, behind room for the chain before it: what the next chain is a hash of.
    static func draft(_ event: AuditEvent, time: Int64) -> [UInt8] {
        var line = firstChain
        line.reserveCapacity(512)
        line += "{\"time\":\"".utf8
        Clock.appendRFC3339(time, to: &line)
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
        draft += chainStart
        for byte in next {
            draft.append(hexadecimal(byte >> 4))
            draft.append(hexadecimal(byte & 15))
        }
        draft += chainEnd
        draft.append(UInt8(ascii: "\n"))
        return next
    }

    /// Takes a line without its newline apart: the length of what the chain covers, and the chain. Nil if it is not of the form.
    static func parse(_ line: RawSpan) -> (bodyLength: Int, chain: [UInt8])? {
        let bodyLength = line.byteCount - chainLength
        guard bodyLength > 0, line.byteCount < limit else { return nil }
        for (index, byte) in chainStart.enumerated() where line.byte(at: bodyLength + index) != byte { return nil }
        for (index, byte) in chainEnd.enumerated() where line.byte(at: line.byteCount - chainEnd.count + index) != byte { return nil }
        var chain: [UInt8] = []
        chain.reserveCapacity(32)
        for index in 0..<32 {
            let at = bodyLength + chainStart.count + index * 2
            guard let high = value(line.byte(at: at)), let low = value(line.byte(at: at + 1)) else { return nil }
            chain.append(high << 4 | low)
        }
        return (bodyLength, chain)
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
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                line.append(UInt8(ascii: "\\"))
                line.append(byte)
            case 0..<0x20, 0x7f:
                line += "\\u00".utf8
                line.append(hexadecimal(byte >> 4))
                line.append(hexadecimal(byte & 15))
            default: line.append(byte)
            }
        }
        line.append(UInt8(ascii: "\""))
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + (digit - 10)
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
