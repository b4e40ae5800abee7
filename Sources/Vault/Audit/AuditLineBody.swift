internal import Linux

/// What an event says, as a line of the audit log.
extension AuditLine {
    /// The line up to its chain.
    static func body(_ event: AuditEvent, time: Int64) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(384)
        line += "{\"time\":\"".utf8
        Clock.appendRFC3339(time, to: &line)
        line += "\",\"action\":".utf8
        appendString(Array(event.action.utf8), to: &line)
        line += ",\"ref\":".utf8
        appendString(event.ref.map { Array($0.utf8) }, to: &line)
        line += ",\"version\":\(event.version.map { "\($0)" } ?? "null"),\"uid\":\(event.uid),\"gid\":\(event.gid),\"pid\":\(event.pid)".utf8
        line += ",\"comm\":".utf8
        appendString(event.comm, to: &line)
        line += ",\"job\":".utf8
        appendString(event.job.map { Array($0.utf8) }, to: &line)
        line += event.allowed ? ",\"verdict\":\"allow\",\"reason\":".utf8 : ",\"verdict\":\"deny\",\"reason\":".utf8
        appendString(Array(event.reason.utf8), to: &line)
        return line
    }

    /// A JSON string of any bytes: what is not UTF-8 becomes U+FFFD, which is no secret and keeps the line valid (RFC 8259).
    private static func appendString(_ bytes: [UInt8]?, to line: inout [UInt8]) {
        guard let bytes else {
            line += "null".utf8
            return
        }
        line.append(UInt8(ascii: "\""))
        // A line has room for each of its strings.
        for byte in String(decoding: bytes.prefix(limit / 16), as: UTF8.self).utf8 {
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
}
