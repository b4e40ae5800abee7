// SPDX-License-Identifier: MIT

internal import Bytes

/// The form of a line of the audit log: one JSON object, whose last member is the chain (tacitd.8).
///
///     {"time":"2026-01-02T03:04:05.678901Z","action":"open",…,"reason":"granted","chain":"<64 hexadecimal digits>"}
///
/// The chain is a keyed hash over the chain before it and all of the line in front of `,"chain":`.
enum AuditLine {
    /// No line is longer, newline included: a reader need not hold more.
    static let limit = 65_536
    /// The chain that the first line of a new log continues.
    static let firstChain = [UInt8](repeating: 0, count: 32)

    /// In front of a generation. A string in a line holds no quotation mark without a backslash, and so never these bytes.
    static let generationStart = Array(",\"generation\":".utf8)

    private static let chainStart = Array(",\"chain\":\"".utf8)
    private static let chainEnd = Array("\"}".utf8)
    /// From the comma to the closing brace.
    static let chainLength = chainStart.count + 64 + chainEnd.count

    /// Ends a line with its chain and a newline.
    static func appendChain(_ chain: [UInt8], to line: inout [UInt8]) {
        line += chainStart
        line += Hex.text(chain)
        line += chainEnd
        line.append(UInt8(ascii: "\n"))
    }

    /// Makes a line, newline included, the draft that it was made of.
    static func removeChain(from line: inout [UInt8]) {
        line.removeLast(chainLength + 1)
    }

    /// Takes a line without its newline apart: the length of what the chain covers, and the chain. Nil if it is not of the form.
    static func parse(_ line: RawSpan) -> (bodyLength: Int, chain: [UInt8])? {
        let bodyLength = line.byteCount - chainLength
        guard bodyLength > 0, line.byteCount < limit else { return nil }
        for (index, byte) in chainStart.enumerated() where line.octet(bodyLength + index) != byte { return nil }
        for (index, byte) in chainEnd.enumerated() where line.octet(line.byteCount - chainEnd.count + index) != byte { return nil }
        let digits = line.publicBytes(bodyLength + chainStart.count..<line.byteCount - chainEnd.count)
        guard let chain = Hex.bytes(digits, .small) else { return nil }
        return (bodyLength, chain)
    }

    /// The generation that a line names; nil if it names none.
    static func generation(of line: RawSpan) -> Int64? {
        let count = generationStart.count
        guard line.byteCount > count else { return nil }
        var start: Int?
        for index in 0..<(line.byteCount - count) where line.octet(index) == generationStart[0] {
            if generationStart.indices.allSatisfy({ line.octet(index + $0) == generationStart[$0] }) { start = index + count }
        }
        guard var index = start else { return nil }
        var number: Int64 = 0
        while index < line.byteCount, case let digit = line.octet(index), digit.isDigit {
            let (tenfold, overflows) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = tenfold.addingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
            guard !overflows, !overflowsToo else { return nil }
            number = sum
            index += 1
        }
        return number
    }
}
