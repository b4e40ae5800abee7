/// The stream with certain escapes undone, or as it is.
struct TextReading {
    let escapes: Escapes
    private(set) var track: Track
    /// Where the next byte or escape is, from the start of the stream.
    private(set) var position = 0
    /// Where the last escape ended.
    private var escapeEnd = 0
    /// Whether it is where the reading without escapes is, so that it needs not be done as long as there is no escape.
    private(set) var isPlain = true

    init(_ escapes: Escapes, number: Int, for values: MaskedValues) {
        self.escapes = escapes
        track = Track(number: number, for: values)
    }

    /// Whether it may be left out for these bytes, since it would read them as the reading without escapes does.
    func mayPass(_ bytes: RawSpan) -> Bool {
        isPlain && !escapes.mayBegin(in: bytes)
    }

    /// Gets ready to read bytes that may have escapes: goes on from where the reading without escapes is, if that is the same.
    mutating func follow(_ plain: borrowing TextReading, _ patterns: RawSpan, _ windows: inout Windows) {
        guard isPlain else { return }
        track.follow(plain.track, patterns, &windows)
        position = plain.position
        isPlain = false
    }

    /// Reads on to the end of `text`, or to an escape of which more must come. `text` begins at `origin`.
    mutating func read(
        _ text: RawSpan, from origin: Int, moreComes: Bool, _ values: MaskedValues, _ patterns: RawSpan, _ scratch: inout Scratch
    ) {
        let interesting = escapes.rawValue | 1
        scratch.found.beginReading()
        var index = position - origin
        while index < text.byteCount {
            if track.isIdle {
                while index < text.byteCount, Automaton.interest(patterns, text.octet(index)) & interesting == 0 { index += 1 }
                if index == text.byteCount { break }
            }
            let byte = text.octet(index)
            if Automaton.interest(patterns, byte) & escapes.rawValue == 0 {
                track.take(byte, at: origin + index..<origin + index + 1, values, patterns, &scratch)
                index += 1
                continue
            }
            guard let token = escapes.token(in: text, at: index, moreComes: moreComes) else { break }
            let start = origin + index
            index += token.length
            for part in 0..<token.count { track.take(token.byte(part), at: start..<origin + index, values, patterns, &scratch) }
            if token.length > 1 || token.byte(0) != byte { escapeEnd = origin + index }
        }
        position = origin + index
    }

    /// Finds out whether it is where the reading without escapes is: all that it is in came after the last escape.
    mutating func compare(_ plain: borrowing TextReading, _ patterns: RawSpan) {
        isPlain = position == plain.position && track.isSame(plain.track) && (track.begin(patterns) ?? .max) >= escapeEnd
    }
}
