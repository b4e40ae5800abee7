// SPDX-License-Identifier: MIT

internal import Bytes
internal import Linux

/// The patterns that are looked for: of each value the whole, without the line ends at its end, its lines, and its parts
/// (`PartForms.swift`).
///
/// Line ends within it become LF, as `Track` has them in the stream. Lines are without blanks around them: output is indented anew.
/// Not on their own are lines that are nobody's secret and in everybody's output: those of fewer than 4 bytes, those of brackets and
/// separators alone (`},`), of one repeated sign (`----`), and the borders of PEM (`-----BEGIN …`). In the whole they are masked, too.
/// Words such as `done` or `true` do count: a line of a list of passphrases looks no different.
struct Patterns: ~Copyable {
    /// The fewest bytes of a pattern.
    static let shortest = 4
    /// The most bytes of a pattern; a value with more is found by its blocks.
    static let longest = 16 << 10
    /// Values with fewer bytes are never found by blocks.
    static let leastInBlocks = 256
    /// How many bytes of patterns are wanted: what is more goes to blocks.
    static let wanted = 128 << 10

    /// All values, each with its line ends as they are looked for.
    var bytes: LockedBuffer
    /// How many of these are the values themselves; behind them are parts and forms.
    private(set) var lengthOfValues = 0
    /// Where in `bytes` each pattern is.
    private(set) var ranges: [Range<Int>] = []
    /// Where the values are that have blocks instead.
    private(set) var inBlocks: [Range<Int>] = []
    /// The values, by their numbers, that are too short to be masked.
    private(set) var tooShort: [Int] = []
    /// The values, by their numbers, that are found by blocks.
    private(set) var long: [Int] = []

    private init(_ bytes: consuming LockedBuffer) {
        self.bytes = bytes
    }

    /// `values` lie in `memory`.
    static func make(_ values: [Range<Int>], in memory: RawSpan) throws(Errno) -> Patterns {
        let values = values.map { $0.clamped(to: 0..<memory.byteCount) }
        var patterns = Patterns(try LockedBuffer(capacity: max(1, values.reduce(0) { $0 + $1.count })))
        try patterns.add(values, in: memory)
        return patterns
    }

    private struct Candidate {
        /// That of the value; of a part, one that no value has.
        let number: Int
        let whole: Range<Int>
        let lines: [Range<Int>]

        var cost: Int { whole.count + lines.reduce(0) { $0 + $1.count } }
    }

    private mutating func add(_ values: [Range<Int>], in memory: RawSpan) throws(Errno) {
        var wholes: [(number: Int, whole: Range<Int>)] = []
        for (number, value) in values.enumerated() { wholes.append((number, add(memory.extracting(value)))) }
        lengthOfValues = bytes.count
        for (number, whole) in wholes {
            let isBlank = bytes.withBytes { bytes in whole.allSatisfy { bytes.octet($0).isSpace } }
            if whole.count < Self.shortest || isBlank {
                tooShort.append(number)
                continue
            }
            for part in try addParts(of: whole) { wholes.append((values.count + number, part)) }
        }
        var candidates: [Candidate] = []
        for (number, whole) in wholes where !tooShort.contains(number) {
            candidates.append(Candidate(number: number, whole: whole, lines: bytes.withBytes { Self.lines($0, whole) }))
        }
        var total = candidates.reduce(0) { $0 + $1.cost }
        // The longest first. Of two that cost the same, the one that came first.
        candidates.sort { ($0.cost, $1.number) > ($1.cost, $0.number) }
        for candidate in candidates {
            if candidate.whole.count > Self.longest || total > Self.wanted && candidate.whole.count >= Self.leastInBlocks {
                total -= candidate.cost
                inBlocks.append(candidate.whole)
                if candidate.number < values.count { long.append(candidate.number) }
            } else {
                ranges.append(candidate.whole)
                ranges += candidate.lines
            }
        }
        long.sort()
    }

    /// Gives the bytes away, when the patterns are not needed any more.
    consuming func takeBytes() -> LockedBuffer { bytes }

    /// Adds a value without the line ends at its end, and with LF for all others.
    private mutating func add(_ value: RawSpan) -> Range<Int> {
        var end = value.byteCount
        while end > 0, value.octet(end - 1) == lineFeed || value.octet(end - 1) == carriageReturn { end -= 1 }
        let start = bytes.count
        var returns = 0
        for index in 0..<end {
            let byte = value.octet(index)
            if byte == carriageReturn {
                returns += 1
                continue
            }
            // It fits: `bytes` has room for every value as it is.
            for _ in 0..<(byte == lineFeed ? max(0, returns - Track.mostReturns) : returns) { _ = bytes.append(carriageReturn) }
            returns = 0
            _ = bytes.append(byte)
        }
        return start..<bytes.count
    }

    /// The lines that are looked for on their own; none if the value is one line.
    private static func lines(_ bytes: RawSpan, _ whole: Range<Int>) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var start = whole.lowerBound
        for index in whole where bytes.octet(index) == lineFeed {
            add(bytes, start..<index, to: &lines)
            start = index + 1
        }
        if start > whole.lowerBound { add(bytes, start..<whole.upperBound, to: &lines) }
        return lines
    }

    private static func add(_ bytes: RawSpan, _ line: Range<Int>, to lines: inout [Range<Int>]) {
        var line = line
        while let first = line.first, isBlank(bytes.octet(first)) { line = (first + 1)..<line.upperBound }
        while let last = line.last, isBlank(bytes.octet(last)) { line = line.lowerBound..<last }
        let content = bytes.extracting(line)
        if line.count >= shortest, !isStructure(content), !isBorder(content) { lines.append(line) }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == carriageReturn
    }

    /// Whether a line, which is not empty, has nothing but what opens, closes and separates, or one sign again and again.
    private static func isStructure(_ line: RawSpan) -> Bool {
        let first = line.octet(0)
        var isRepeated = isSign(first)
        var isPunctuation = true
        for index in 0..<line.byteCount {
            let byte = line.octet(index)
            if byte != first { isRepeated = false }
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "("), UInt8(ascii: ")"),
                UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "\""),
                UInt8(ascii: "'"), UInt8(ascii: " "), UInt8(ascii: "\t"):
                break
            default: isPunctuation = false
            }
        }
        return isRepeated || isPunctuation
    }

    private static func isSign(_ byte: UInt8) -> Bool {
        byte < 0x80 && !byte.isLetterOrDigit
    }

    /// Whether it is a line that RFC 7468 has around a key.
    private static func isBorder(_ line: RawSpan) -> Bool {
        (begins(line, "-----BEGIN ") || begins(line, "-----END ")) && line.byteCount >= 16
            && (line.byteCount - 5..<line.byteCount).allSatisfy { line.octet($0) == UInt8(ascii: "-") }
    }

    private static func begins(_ line: RawSpan, _ text: StaticString) -> Bool {
        let text = unsafe RawSpan(_unsafeStart: text.utf8Start, byteCount: text.utf8CodeUnitCount)
        return line.byteCount >= text.byteCount && (0..<text.byteCount).allSatisfy { line.octet($0) == text.octet($0) }
    }
}
