// SPDX-License-Identifier: MIT

internal import Bytes
internal import Linux

/// The stream as it is, and with escapes undone.
///
/// A reading that undoes escapes begins where one stands, in the state that the plain reading has there, and is given up where it has
/// nothing in mind any more: from there on it would only do what the plain reading does. Where that is depends on the stream alone.
struct TextReadings {
    private(set) var plain: Track
    /// Where the plain reading is, from the start of the stream.
    private(set) var position = 0
    private(set) var escaped: [EscapedReading]

    private static let forms: [Escapes] = [.percent, [.percent, .plus], .backslash, .quotes, .folds, .joins]
    /// How many tracks there are.
    static let count = forms.count + 1

    init(for values: MaskedValues) {
        plain = Track(number: 0, for: values)
        escaped = Self.forms.enumerated().map { EscapedReading($0.element, number: $0.offset + 1, for: values) }
    }

    /// All tracks that count.
    var tracks: [Track] { escaped.filter(\.isReading).map(\.track) + [plain] }

    /// Up to where all was read.
    var end: Int { escaped.reduce(position) { $1.isReading ? min($0, $1.position) : $0 } }

    /// Reads on to the end of `text`, which begins at `origin`.
    mutating func read(
        _ text: RawSpan, from origin: Int, moreComes: Bool, _ values: MaskedValues, _ patterns: RawSpan, _ scratch: inout Scratch
    ) {
        for form in escaped.indices where escaped[form].isReading {
            escaped[form].read(text, from: origin, moreComes: moreComes, values, patterns, &scratch)
        }
        var index = position - origin
        while index < text.byteCount {
            if plain.isIdle { index = Self.skip(text, from: index, patterns) }
            guard index < text.byteCount else { break }
            let byte = text.octet(index)
            // A line end is one only where a value has begun.
            if Automaton.interest(patterns, byte).mayBeEscape || (byte == lineFeed || byte == carriageReturn) && plain.depth(patterns) > 1 {
                begin(text, at: index, from: origin, moreComes: moreComes, values, patterns, &scratch)
            }
            plain.take(byte, at: origin + index..<origin + index + 1, values, patterns, &scratch)
            index += 1
        }
        position = origin + index
    }

    /// Passes over bytes with which nothing begins. The last one tells too little.
    private static func skip(_ text: RawSpan, from start: Int, _ patterns: RawSpan) -> Int {
        var index = start
        while index < text.byteCount {
            let byte = text.octet(index)
            let interest = Automaton.interest(patterns, byte)
            if !interest.isEmpty {
                guard interest == .beginning, index + 1 < text.byteCount else { break }
                if Automaton.mayBegin(patterns, byte, text.octet(index + 1)) { break }
            }
            index += 1
        }
        return index
    }

    /// Begins the readings for which there is an escape.
    private mutating func begin(
        _ text: RawSpan, at index: Int, from origin: Int, moreComes: Bool, _ values: MaskedValues, _ patterns: RawSpan,
        _ scratch: inout Scratch
    ) {
        for form in escaped.indices where !escaped[form].isReading && escaped[form].position <= origin + index {
            if escaped[form].begin(text, at: index, from: origin, after: plain, moreComes: moreComes, patterns, &scratch) {
                escaped[form].read(text, from: origin, moreComes: moreComes, values, patterns, &scratch)
            }
        }
    }
}

/// The stream with certain escapes undone.
struct EscapedReading {
    private let escapes: Escapes
    private(set) var track: Track
    /// Where the next byte or escape is, from the start of the stream.
    private(set) var position = 0
    /// Where the last escape ended.
    private var escapeEnd = 0
    /// Whether it has begun, and was not given up.
    private(set) var isReading = false
    /// Whether it began at a CR that ended the text so far: it was none if no LF follows.
    private var isTentative = false

    init(_ escapes: Escapes, number: Int, for values: MaskedValues) {
        self.escapes = escapes
        track = Track(number: number, for: values)
    }

    /// Begins if there is an escape, or may be one when more has come.
    mutating func begin(
        _ text: RawSpan, at index: Int, from origin: Int, after plain: borrowing Track, moreComes: Bool, _ patterns: RawSpan,
        _ scratch: inout Scratch
    ) -> Bool {
        let token = escapes.token(in: text, at: index, moreComes: moreComes)
        if let token, token == Token(text.octet(index), length: 1) { return false }
        track.follow(plain, before: token.flatMap { $0.count > 0 ? $0.byte(0) : nil }, patterns, &scratch.windows)
        position = origin + index
        escapeEnd = position
        isReading = true
        isTentative = token == nil && text.octet(index) == carriageReturn
        return true
    }

    /// Reads on until it is given up, to the end of `text`, or to an escape of which more must come. `text` begins at `origin`.
    mutating func read(
        _ text: RawSpan, from origin: Int, moreComes: Bool, _ values: MaskedValues, _ patterns: RawSpan, _ scratch: inout Scratch
    ) {
        var index = position - origin
        while isReading, index < text.byteCount {
            guard let token = escapes.token(in: text, at: index, moreComes: moreComes) else { break }
            let start = origin + index
            let isEscape = token != Token(text.octet(index), length: 1)
            if isTentative, !isEscape { isReading = false }
            isTentative = false
            guard isReading else { break }
            index += token.length
            for part in 0..<token.count { track.take(token.byte(part), at: start..<origin + index, values, patterns, &scratch) }
            if isEscape { escapeEnd = origin + index }
            isReading = !track.hasNothing(from: escapeEnd)
        }
        position = origin + index
    }
}
