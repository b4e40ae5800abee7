/// The stream as base64, in both alphabets at once, at each of the four places where a group of digits may begin.
///
/// Each digit makes, with the one before it, a byte at three of those places. Between two digits there may be a line end and some
/// blanks; anything else ends the text. Where lines are so broken that a byte is, too, the digit in front of the line end is not
/// masked if a value begins with that byte.
struct Base64Reading {
    private(set) var tracks: [Track]
    private(set) var position = 0
    /// The last digits, six bits each.
    private var digits: UInt32 = 0
    /// How many digits there were.
    private var count = 0
    /// Where the last digit is; nil after a line end.
    private var lastDigit: Int?
    /// Line ends and blanks since the last digit.
    private var lineEnds = 0
    private var blanks = 0

    private static let escapes: Escapes = [.percent, .backslash]
    private static let mostBlanks = 16

    init(numbers: Range<Int>, for values: MaskedValues) {
        tracks = numbers.map { Track(number: $0, for: values) }
    }

    /// Where the earliest match begins that what comes next may complete.
    func begin(_ patterns: RawSpan) -> Int? {
        (tracks.compactMap { $0.begin(patterns) } + [lastDigit].compactMap { $0 }).min()
    }

    mutating func read(
        _ text: RawSpan, from origin: Int, moreComes: Bool, _ values: MaskedValues, _ patterns: RawSpan,
        _ scratch: inout Scratch
    ) {
        scratch.found.beginReading()
        var index = position - origin
        while index < text.byteCount {
            var byte = text.octet(index)
            var length = 1
            if byte == UInt8(ascii: "%") || byte == UInt8(ascii: "\\") {
                guard let token = Self.escapes.token(in: text, at: index, moreComes: moreComes) else { break }
                byte = token.count == 1 ? token.byte(0) : 0
                length = token.length
            }
            take(byte, at: origin + index..<origin + index + length, values, patterns, &scratch)
            index += length
        }
        position = origin + index
    }

    @inline(__always)
    private mutating func take(
        _ byte: UInt8, at range: Range<Int>, _ values: MaskedValues, _ patterns: RawSpan, _ scratch: inout Scratch
    ) {
        guard let digit = Self.digit(byte) else {
            if count > 0 { pass(byte) }
            return
        }
        digits = (digits << 6 | digit) & 0xFFF
        let start = lastDigit ?? range.lowerBound
        lastDigit = range.lowerBound
        lineEnds = 0
        blanks = 0
        count &+= 1
        guard count > 1, !isIdle || Automaton.mayBegin(patterns, digits: digits) else { return }
        for place in 0..<tracks.count {
            // Which of its group the digit is at this place: the first makes no byte.
            let order = (count &+ place) & 3
            if order == 0 { continue }
            let made = UInt8(truncatingIfNeeded: digits >> UInt32(truncatingIfNeeded: 6 - 2 * order))
            tracks[place].take(made, at: start..<range.upperBound, values, patterns, &scratch)
        }
    }

    private var isIdle: Bool { tracks.allSatisfy(\.isIdle) }

    /// Passes over what is no digit.
    private mutating func pass(_ byte: UInt8) {
        switch byte {
        case carriageReturn where lineEnds == 0: lastDigit = nil
        case lineFeed where lineEnds == 0:
            lastDigit = nil
            lineEnds = 1
        case UInt8(ascii: " "), UInt8(ascii: "\t"):
            if lineEnds == 1, blanks < Self.mostBlanks { blanks += 1 } else { reset() }
        default: reset()
        }
    }

    /// Ends the text here.
    private mutating func reset() {
        count = 0
        lastDigit = nil
        lineEnds = 0
        blanks = 0
        for place in tracks.indices { tracks[place].reset() }
    }

    @inline(__always)
    private static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
