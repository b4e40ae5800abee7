// SPDX-License-Identifier: MIT

internal import Bytes
internal import Linux
internal import Sodium

/// How a file of the log lost lines while it was written.
enum AuditLoss: CaseIterable {
    /// Removed, or moved to another file system, which copies and removes.
    case removed
    /// Made shorter, as copying and truncating does.
    case cut

    var words: String {
        switch self {
        case .removed: "its file was removed or moved to another disk"
        case .cut: "its file was cut short"
        }
    }
}

/// The reason in the first line of a file: what it continues.
extension AuditLine {
    private static let continues = "continues "

    /// `continues CHAIN, line NUMBER`, and behind it what was lost, if anything. `again` lines of the file before follow once more.
    static func continuation(of head: AuditAnchor, _ loss: AuditLoss?, again: Int) -> String {
        var text = continues + String(decoding: Hex.text(head.chain), as: UTF8.self) + ", line \(head.count)"
        if let loss { text += ": " + loss.words }
        if again > 0 { text += "; its last \(again) lines follow again" }
        return text
    }

    /// The beginning of a log: what its first line says that it continues; nil if a line is not the first of a file. A log that continues
    /// nothing has the first chain, and so have the lines of releases before 0.2 no number.
    static func parseBeginning(_ body: RawSpan) -> (chain: [UInt8], number: Int64?, loss: AuditLoss?)? {
        let text = unsafe body.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        guard text.contains("\"action\":\"begin\"") else { return nil }
        guard let mark = text.range(ofLast: "\"reason\":\"" + continues) else { return (firstChain, nil, nil) }
        let reason = text[mark...].dropLast()
        guard let chain = Hex.bytes(reason.prefix(64).utf8), chain.count == 32 else { return nil }
        var rest = reason.dropFirst(64)
        guard !rest.isEmpty else { return (chain, nil, nil) }
        let mark2 = ", line "
        guard rest.hasPrefix(mark2) else { return nil }
        rest = rest.dropFirst(mark2.count)
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits) else { return nil }
        let loss = AuditLoss.allCases.first { rest.dropFirst(digits.count).hasPrefix(": " + $0.words) }
        return (chain, number, loss)
    }
}

/// Where the log goes on when the daemon starts.
struct AuditStart {
    let head: AuditAnchor
    /// Whether the file holds what the store's anchor says. If not, the head has the anchor's chain, which nothing continues.
    let isExpected: Bool
    /// Those of the lines that the store carries which the log lacks, in order.
    let lacked: [CarriedLine]

    /// Cuts half a line off the end, and looks for the anchor in the file. Where it is not: a file that was begun after the anchor was
    /// taken is as good, which its first line says (its number can be no other's, as only the key makes its chain).
    init(_ file: borrowing FileDescriptor, anchor: AuditAnchor?, carried: [CarriedLine], key: SecretBox) throws(Errno) {
        let (end, last) = try AuditFile.recover(file)
        var head = AuditAnchor(count: 0, offset: end, chain: last ?? AuditLine.firstChain)
        let lines: Lines
        if let anchor {
            let atAnchor = anchor.offset == 0 ? AuditLine.firstChain : try AuditFile.chain(of: file, endingAt: anchor.offset)
            if end >= anchor.offset, atAnchor == anchor.chain {
                lines = try Lines(of: file, behind: anchor, end, carried, key)
                head.count = anchor.count + lines.count
                isExpected = true
            } else {
                lines = try Lines(of: file, behind: AuditAnchor(), end, carried, key)
                let before = try Self.number(before: file, end, key)
                isExpected = before.map { $0 >= anchor.count } ?? false
                if isExpected, let before {
                    head.count = before + lines.count
                } else {
                    head.count = anchor.count
                    head.chain = anchor.chain
                }
            }
        } else {
            lines = try Lines(of: file, behind: AuditAnchor(), end, carried, key)
            head.count = lines.count
            isExpected = true
        }
        self.head = head
        lacked = carried.filter { $0.generation > lines.before && $0.part >= lines.found[$0.generation] ?? 0 }
    }

    /// The lines of the log in one file behind some place.
    private struct Lines {
        var count: Int64 = 0
        /// How many lines of each generation that the store carries.
        var found: [Int64: Int64] = [:]
        /// Files before this one have all lines of the changes up to this generation.
        var before: Int64 = 0

        init(
            of file: borrowing FileDescriptor, behind start: AuditAnchor, _ end: Int64, _ carried: [CarriedLine], _ key: SecretBox
        ) throws(Errno) {
            var counted = Lines()
            var previous = start.chain
            let first = carried.first?.generation ?? .max
            try file.readLines(from: start.offset, upTo: end, longest: AuditLine.limit) { line in
                counted.count += 1
                guard let (length, chain) = AuditLine.parse(line) else { return }
                defer { previous = chain }
                let body = line.extracting(first: length)
                guard let generation = AuditLine.generation(of: body), generation >= first else { return }
                let beginning = AuditLine.parseBeginning(body)
                // Somebody else's line counts for nothing.
                guard KeyedHash.equal(AuditVerification.hash(beginning?.chain ?? previous, body, key), chain) else { return }
                if beginning != nil { counted.before = max(counted.before, generation) } else { counted.found[generation, default: 0] += 1 }
            }
            self = counted
        }

        private init() {}
    }

    /// How many lines the log had before this file, as its first line says; nil if that does not verify.
    private static func number(before file: borrowing FileDescriptor, _ end: Int64, _ key: SecretBox) throws(Errno) -> Int64? {
        var number: Int64?
        var isFirst = true
        try file.readLines(from: 0, upTo: min(end, Int64(AuditLine.limit)), longest: AuditLine.limit) { line in
            guard isFirst else { return }
            isFirst = false
            guard let (length, chain) = AuditLine.parse(line) else { return }
            let body = line.extracting(first: length)
            guard let beginning = AuditLine.parseBeginning(body),
                KeyedHash.equal(AuditVerification.hash(beginning.chain, body, key), chain)
            else { return }
            number = beginning.number
        }
        return number
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
