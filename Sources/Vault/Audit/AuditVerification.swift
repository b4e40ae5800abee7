// SPDX-License-Identifier: MIT

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
    /// The loss in front of the first line, as that line says it.
    private var loss: String?

    init(key: SecretBox) {
        self.key = key
    }

    /// Takes the next line, without its newline.
    mutating func read(_ line: RawSpan) {
        lines += 1
        guard problem == nil else { return }
        guard let (bodyLength, chain) = AuditLine.parse(line) else { return found("not a line of the log") }
        let body = line.extracting(first: bodyLength)
        let beginning = self.chain == nil ? AuditLine.parseBeginning(body) : nil
        guard let before = self.chain ?? beginning?.chain else { return found("lines in front of it are missing") }
        guard KeyedHash.equal(Self.hash(before, body, key), chain) else {
            return found("it was changed, or lines in front of it were removed or put in")
        }
        self.chain = chain
        if let loss = beginning?.loss { self.loss = "the log before it lost lines while it was written: \(loss.words)" }
    }

    /// Says where the log ends, and why it can't be written now, if it can't.
    mutating func end(_ head: AuditAnchor, trouble: AuditError?) {
        guard problem == nil else { return }
        if chain ?? AuditLine.firstChain != head.chain {
            line = lines + 1
            problem = "lines at the end are missing"
        } else if let trouble {
            line = lines + 1
            problem = "no line can follow: \(trouble)"
        } else if let loss {
            line = 1
            problem = loss
        }
    }

    private mutating func found(_ problem: String) {
        line = lines
        self.problem = problem
    }

    static func hash(_ before: [UInt8], _ body: RawSpan, _ key: SecretBox) -> [UInt8] {
        let bytes = unsafe body.withUnsafeBytes { unsafe before + $0 }
        // Fails only for a key of the wrong length; nothing equals no hash.
        return (try? KeyedHash.hash(bytes, key: key.bytes)) ?? []
    }
}
