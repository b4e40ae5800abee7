// SPDX-License-Identifier: MIT

internal import Bytes
internal import Linux

/// The parts of values and the forms that programs give them, as bytes in locked memory beside the values.
extension Patterns {
    /// The fewest bytes of a part: shorter ones are in everybody's output.
    static let shortestPart = 8
    /// The most bytes of a value that is looked into, and of all parts and forms together.
    static let longestInspected = 256 << 10
    static let mostOfParts = 256 << 10
    /// How deep parts of parts are looked for, as JSON in a string of JSON.
    private static let deepest = 3

    /// Adds the forms of a value and of its parts, and returns where they are.
    mutating func addParts(of whole: Range<Int>) throws(Errno) -> [Range<Int>] {
        guard whole.count <= Self.longestInspected, bytes.withBytes({ RawSpanReader(whole).isText($0) }) else { return [] }
        var found: [Range<Int>] = try addForms(of: whole, shortest: Self.shortest)
        var queue = [(range: whole, depth: 0)]
        while hasRoom, let (range, depth) = queue.popLast() {
            for part in bytes.withBytes({ PartFinder.parts(of: range, in: $0) }) {
                let start = bytes.count
                let wanted = try add(part).filter { isWorthIt($0, isNamed: part.isNamed) }
                if wanted.isEmpty { while bytes.count > start { _ = bytes.removeLast() } }
                for added in wanted {
                    found.append(added)
                    found += try addForms(of: added, shortest: Self.shortestPart)
                    if depth + 1 < Self.deepest { queue.append((added, depth + 1)) }
                }
            }
        }
        return found
    }

    private func isWorthIt(_ part: Range<Int>, isNamed: Bool) -> Bool {
        bytes.withBytes { bytes in
            let reader = RawSpanReader(part)
            guard reader.trimmed(part, bytes).count >= Self.shortestPart else { return false }
            return isNamed ? !reader.isPlaceholder(part, bytes) : !reader.isOrdinary(part, bytes)
        }
    }

    /// Adds what a part stands for; nothing where there is no more room, or where it is not encoded as it seemed.
    private mutating func add(_ part: Part) throws(Errno) -> [Range<Int>] {
        guard part.range.count >= Self.shortestPart else { return [] }
        let start = bytes.count
        switch part.encoding {
        case .none: return try add(copying: part.range) { $0 }
        case .backslash, .percent:
            let escapes: Escapes = part.encoding == .percent ? .percent : .backslash
            var index = part.range.lowerBound
            var isEncoded = false
            while index < part.range.upperBound {
                let end = part.range.upperBound
                guard let token = bytes.withBytes({ escapes.token(in: $0.extracting(0..<end), at: index, moreComes: false) }) else { break }
                for byte in 0..<token.count { guard try append(token.byte(byte)) else { return [] } }
                if token.length > 1 { isEncoded = true }
                index += token.length
            }
            // As it is, it is in the value already, or added beside.
            return isEncoded || part.encoding == .backslash ? [start..<bytes.count] : []
        case .credentials:
            guard try appendBase64(part.range) else { return [] }
            let colon = bytes.withBytes { bytes in (start..<bytes.byteCount).first { bytes.octet($0) == UInt8(ascii: ":") } }
            guard let colon else { return [start..<bytes.count] }
            return [start..<bytes.count, colon + 1..<bytes.count]
        }
    }

    /// White space taken away at the ends, and runs of it made one space, as by a shell without quotes; quotes doubled, as SQL, YAML and
    /// CSV do.
    private mutating func addForms(of range: Range<Int>, shortest: Int) throws(Errno) -> [Range<Int>] {
        var forms: [Range<Int>] = []
        let (trimmed, isFolded) = bytes.withBytes { bytes in
            let trimmed = RawSpanReader(range).trimmed(range, bytes)
            let isFolded = trimmed.contains { index in
                let byte = bytes.octet(index)
                return byte.isSpace && (byte != UInt8(ascii: " ") || bytes.octet(index - 1).isSpace)
            }
            return (trimmed, isFolded)
        }
        guard trimmed.count >= shortest else { return [] }
        if trimmed != range { forms.append(trimmed) }
        if isFolded {
            var wasSpace = false
            forms += try add(copying: trimmed) { byte in
                defer { wasSpace = byte.isSpace }
                return !byte.isSpace ? byte : wasSpace ? nil : UInt8(ascii: " ")
            }
        }
        for quote in [UInt8(ascii: "'"), UInt8(ascii: "\"")] {
            guard bytes.withBytes({ bytes in trimmed.dropFirst().dropLast().contains { bytes.octet($0) == quote } }) else { continue }
            forms += try add(copying: trimmed, doubling: quote) { $0 }
        }
        return forms
    }

    private mutating func add(
        copying range: Range<Int>, doubling quote: UInt8? = nil, _ map: (UInt8) -> UInt8?
    ) throws(Errno) -> [Range<Int>] {
        let start = bytes.count
        for index in range {
            guard let byte = map(bytes.withBytes { $0.octet(index) }) else { continue }
            guard try append(byte) else { return [] }
            // Not those at the ends, where a quote before or after is the writer's own.
            if byte == quote, index > range.lowerBound, index + 1 < range.upperBound { guard try append(byte) else { return [] } }
        }
        return [start..<bytes.count]
    }

    /// Padded or not, in either alphabet.
    private mutating func appendBase64(_ range: Range<Int>) throws(Errno) -> Bool {
        var bits: UInt32 = 0
        var count = 0
        for index in range {
            let byte = bytes.withBytes { $0.octet(index) }
            if byte == UInt8(ascii: "=") { continue }
            let digit = Automaton.digit(byte)
            guard digit < 64 else { return false }
            bits = bits << 6 | UInt32(digit)
            count += 1
            if count % 4 != 1 {
                let shift = UInt32(6 - 2 * ((count - 1) % 4))
                guard try append(UInt8(truncatingIfNeeded: bits >> shift)) else { return false }
            }
        }
        return count > 0
    }

    private var hasRoom: Bool { bytes.count - lengthOfValues < Self.mostOfParts }

    /// False where there is no more room.
    private mutating func append(_ byte: UInt8) throws(Errno) -> Bool {
        guard hasRoom else { return false }
        if bytes.count == bytes.capacity { try bytes.grow(to: bytes.capacity + max(4096, bytes.capacity / 2)) }
        return bytes.append(byte)
    }
}
