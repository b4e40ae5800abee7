// SPDX-License-Identifier: MIT

internal import Bytes

/// The stream as base64, in both alphabets at once, at each of the four places where a group of digits may begin.
///
/// Each digit makes, with the one before it, a byte at three of those places. Between two digits there may be a line end and some
/// blanks; anything else ends the text. Where lines are so broken that a byte is, too, the digit in front of the line end is not
/// masked if a value begins with that byte.
///
/// Most text has nothing in it, but looks like base64. So, as long as nothing has begun, only the last two bytes at each place are
/// looked at, and the tracks are at rest.
struct Base64Reading {
    private(set) var tracks: [Track]
    /// Where the next byte or escape is, from the start of the stream.
    private(set) var position = 0
    /// Whether the tracks may rest. Blocks are looked for at every byte.
    private let mayRest: Bool
    /// Whether the tracks have taken all bytes. If not, none of them is in more than one byte of a pattern, and they have taken none.
    private var isBusy = false
    /// The last four digits, six bits each, the last one lowest.
    private var digits: UInt32 = 0
    /// How many digits there were.
    private var count = 0
    /// Where the bytes are that end with the last digit, the one before it, and the one before that.
    private var last = 0..<0
    private var second = 0..<0
    private var third = 0..<0
    /// Where the last digit is; nil after a line end.
    private var lastDigit: Int?
    /// Line ends and blanks since the last digit.
    private var lineEnds = 0
    private var blanks = 0

    private static let escapes: Escapes = [.percent, .backslash]
    private static let mostBlanks = 16

    init(numbers: Range<Int>, for values: MaskedValues) {
        tracks = numbers.map { Track(number: $0, for: values) }
        mayRest = values.blocks.isEmpty
    }

    /// Where the earliest match begins that what comes next may complete.
    func begin(_ patterns: RawSpan) -> Int? {
        guard count > 0 else { return nil }
        var begin = lastDigit
        if isBusy {
            for track in tracks { begin = track.begin(patterns).map { min(begin ?? .max, $0) } ?? begin }
            return begin
        }
        for order in 1...3 where count > 1 && begins(patterns, Self.byte(digits, order)) { begin = min(begin ?? .max, last.lowerBound) }
        if count > 2, begins(patterns, Self.byte(digits >> 6, 3)) { begin = min(begin ?? .max, second.lowerBound) }
        return begin
    }

    private func begins(_ patterns: RawSpan, _ byte: UInt8) -> Bool { Automaton.interest(patterns, byte).contains(.beginning) }

    mutating func read(
        _ text: RawSpan, from origin: Int, moreComes: Bool, _ values: MaskedValues, _ patterns: RawSpan, _ scratch: inout Scratch
    ) {
        var index = position - origin
        while index < text.byteCount {
            let first = text.octet(index)
            if first == UInt8(ascii: "%") || first == UInt8(ascii: "\\") {
                guard let token = Self.escapes.token(in: text, at: index, moreComes: moreComes) else { break }
                let end = index + token.length
                take(token.count == 1 ? token.byte(0) : 0, at: origin + index..<origin + end, values, patterns, &scratch)
                index = end
            } else {
                take(first, at: origin + index..<origin + index + 1, values, patterns, &scratch)
                index += 1
            }
        }
        position = origin + index
    }

    @inline(__always)
    private mutating func take(
        _ byte: UInt8, at range: Range<Int>, _ values: MaskedValues, _ patterns: RawSpan, _ scratch: inout Scratch
    ) {
        let digit = Automaton.digit(patterns, byte)
        guard digit < 64 else {
            if count > 0 { pass(byte) }
            return
        }
        digits = (digits << 6 | UInt32(digit)) & 0xFF_FFFF
        third = second
        second = last
        last = (lastDigit ?? range.lowerBound)..<range.upperBound
        lastDigit = range.lowerBound
        lineEnds = 0
        blanks = 0
        count &+= 1
        if isBusy {
            goOn(values, patterns, &scratch)
        } else if !mayRest || Automaton.mayBegin(patterns, pair: digits >> 4) || Automaton.mayBegin(patterns, pair: digits >> 2)
            || Automaton.mayBegin(patterns, pair: digits)
        {
            wake(values, patterns, &scratch)
        }
    }

    /// The byte that ends with the last digit, where that is the second, third or fourth of its group.
    private static func byte(_ digits: UInt32, _ order: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: digits >> UInt32(truncatingIfNeeded: 6 - 2 * order))
    }

    /// Which of its group the last digit is at a place, from 0. The first makes no byte.
    private func order(_ place: Int) -> Int { (count &+ place) & 3 }

    /// Has the tracks take the byte before the last one, and the last.
    private mutating func wake(_ values: MaskedValues, _ patterns: RawSpan, _ scratch: inout Scratch) {
        for place in tracks.indices {
            let order = order(place)
            switch order {
            case 0 where count > 2, 2 where count > 2, 3 where count > 2:
                let byte = Self.byte(digits >> 6, order == 0 ? 3 : order - 1)
                tracks[place].take(byte, at: second, values, patterns, &scratch)
            case 1 where count > 3: tracks[place].take(Self.byte(digits >> 12, 3), at: third, values, patterns, &scratch)
            default: break
            }
        }
        isBusy = true
        goOn(values, patterns, &scratch)
    }

    private mutating func goOn(_ values: MaskedValues, _ patterns: RawSpan, _ scratch: inout Scratch) {
        var isBusy = !mayRest
        for place in tracks.indices {
            let order = order(place)
            if order > 0, count > 1 { tracks[place].take(Self.byte(digits, order), at: last, values, patterns, &scratch) }
            if !tracks[place].isAtFirstByte(patterns) { isBusy = true }
        }
        if !isBusy { rest() }
    }

    private mutating func rest() {
        isBusy = false
        for place in tracks.indices { tracks[place].reset() }
    }

    private var mayIndent: Bool { lineEnds == 1 && blanks < Self.mostBlanks }

    /// Passes over what is no digit.
    private mutating func pass(_ byte: UInt8) {
        switch byte {
        case carriageReturn where lineEnds == 0: lastDigit = nil
        case lineFeed where lineEnds == 0:
            lastDigit = nil
            lineEnds = 1
        case UInt8(ascii: " ") where mayIndent, UInt8(ascii: "\t") where mayIndent: blanks += 1
        default:
            count = 0
            digits = 0
            lastDigit = nil
            lineEnds = 0
            blanks = 0
            if isBusy { rest() }
        }
    }
}
