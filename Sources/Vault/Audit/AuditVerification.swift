internal import Sodium

/// Follows the chain of a log, line by line.
package struct AuditVerification: Sendable {
    /// How many lines were read.
    package private(set) var lines = 0
    /// The first line that is not as it was written, from 1, and what is wrong with it.
    package private(set) var line: Int?
    package private(set) var problem: String?

    private let key: SecretBox
    private var chain: [UInt8]?

    init(key: SecretBox) {
        self.key = key
    }

    /// Takes the next line, without its newline.
    mutating func read(_ line: RawSpan) {
        lines += 1
        guard problem == nil else { return }
        guard let (bodyLength, chain) = AuditLine.parse(line) else { return found("not a line of the log") }
        let body = line.extracting(first: bodyLength)
        let before = self.chain ?? Self.beginning(body)
        guard let before else { return found("lines in front of it are missing") }
        guard KeyedHash.equal(hash(before, body), chain) else {
            return found("it was changed, or lines in front of it were removed or put in")
        }
        self.chain = chain
    }

    /// Says where the log ends.
    mutating func end(_ head: AuditAnchor) {
        guard problem == nil, chain ?? AuditLine.firstChain != head.chain else { return }
        line = lines + 1
        problem = "lines at the end are missing"
    }

    private mutating func found(_ problem: String) {
        line = lines
        self.problem = problem
    }

    private func hash(_ before: [UInt8], _ body: RawSpan) -> [UInt8] {
        let bytes = unsafe body.withUnsafeBytes { unsafe before + $0 }
        // Fails only for a key of the wrong length; nothing equals no hash.
        return (try? KeyedHash.hash(bytes, key: key.bytes)) ?? []
    }

    /// What the first line of a file continues: a new log nothing, a rotated one what it says, which its own chain vouches for.
    private static func beginning(_ body: RawSpan) -> [UInt8]? {
        let text = unsafe body.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        guard text.contains("\"action\":\"begin\"") else { return nil }
        guard let mark = text.range(ofLast: "\"reason\":\"continues ") else { return AuditLine.firstChain }
        return bytes(text[mark...].dropLast())
    }

    /// A chain in hexadecimal digits.
    static func text(_ chain: [UInt8]) -> String {
        chain.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        guard text.utf8.count == 64 else { return nil }
        var bytes: [UInt8] = []
        var rest = text
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}

extension String {
    /// The index behind the last occurrence of some ASCII text.
    fileprivate func range(ofLast part: String) -> String.Index? {
        var index = endIndex
        while index > startIndex {
            index = self.index(before: index)
            if self[index...].hasPrefix(part) { return self.index(index, offsetBy: part.count) }
        }
        return nil
    }
}
