// SPDX-License-Identifier: MIT

internal import Linux

/// Replaces values by `***` in one stream of bytes.
///
/// It takes locked memory for what is held: 16 KiB, and 16 bytes for each byte of the longest pattern.
///
/// Feed it with chunks of any length. What comes out of `take` is what can't change any more; `release` gives out more when the stream
/// has been quiet for a moment, `finish` the rest. Matches that overlap or touch become one `***`.
package struct Masker: ~Copyable {
    private let values: MaskedValues
    /// The stream from `origin` on: what is held, and perhaps some before it.
    private var held: LockedBuffer
    private var origin = 0
    /// Up to where all was given out.
    private var given = 0
    /// Where the last match ended that was given out, or the part of it that was.
    private var maskEnd = -1
    private var text: TextReadings
    private var base64: Base64Reading
    private var scratch: Scratch

    /// How many bytes are read at once.
    private static let step = 8192
    private static let mask: StaticString = "***"

    /// A masker at the start of a stream.
    package init(_ values: MaskedValues) throws(MaskError) {
        let count = TextReadings.count
        let windows = try Windows(count: count + 4)
        let held: LockedBuffer
        // Half of it for what is held, so that moving it to the start is rare.
        do { held = try LockedBuffer(capacity: 2 * values.longestMatch + 2 * Self.step) } catch { throw .memory(error) }
        self.values = values
        self.held = held
        text = TextReadings(for: values)
        base64 = Base64Reading(numbers: count..<count + 4, for: values)
        scratch = Scratch(found: Matches(longest: values.longestMatch), windows: windows)
    }

    /// Whether something is held: call `release` if nothing more comes for a while.
    package var isHolding: Bool { given < end }

    /// Takes a chunk of the stream, and gives to `output` all that is certain, in as many pieces as it likes. If `output` throws, the
    /// piece counts as given.
    package mutating func take<Failure: Error>(
        _ chunk: RawSpan, _ output: (RawSpan) throws(Failure) -> Void
    ) throws(Failure) {
        var start = 0
        while start < chunk.byteCount {
            let next = min(start + Self.step, chunk.byteCount)
            makeRoom()
            // It fits: what must be kept is no longer than `longestMatch`, and `makeRoom` removed the rest.
            _ = held.append(copying: chunk.extracting(start..<next))
            read(moreComes: true)
            try give(to: certain, output)
            start = next
        }
    }

    /// Gives out what is held, for a stream that is quiet: a prompt may end with what a value begins with.
    ///
    /// Output that can be the beginning of a value, with 4 bytes of it or more, is kept back, so that a value that comes in two parts, with
    /// time between, shows no more than its first 3 bytes. The price is that a prompt which ends with 4 such bytes is not complete before
    /// something follows. Of a long value (`MaskedValues.long`) up to 63 bytes may be shown. What is masked later begins after what was
    /// given out.
    package mutating func release<Failure: Error>(_ output: (RawSpan) throws(Failure) -> Void) throws(Failure) {
        let start = values.automaton.memory.withBytes { patterns in
            (text.tracks + base64.tracks).reduce(end) { start, track in
                track.depth(patterns) < Patterns.shortest ? start : min(start, track.patternBegin(patterns))
            }
        }
        try give(to: max(start, certain), output)
    }

    /// Gives out the rest: the stream has ended. Takes nothing more.
    package mutating func finish<Failure: Error>(_ output: (RawSpan) throws(Failure) -> Void) throws(Failure) {
        read(moreComes: false)
        try give(to: end, output)
    }

    /// Has a masker that has read nothing yet, of these values and others, go on where this one is: it reads also what was given out and is
    /// still here, so that the rest of a value is masked of which a part was given out.
    package borrowing func handOver<Failure: Error>(
        to next: inout Masker, _ output: (RawSpan) throws(Failure) -> Void
    ) throws(Failure) {
        next.given = given - origin
        if given == maskEnd { next.maskEnd = next.given }
        try held.withBytes { bytes throws(Failure) in try next.take(bytes, output) }
    }

    private var end: Int { origin + held.count }

    /// Up to where no match can begin that isn't known, but for those that are too long.
    private var certain: Int {
        let begin = values.automaton.memory.withBytes { patterns in
            text.tracks.reduce(min(text.end, base64.position, base64.begin(patterns) ?? .max)) { min($0, $1.begin(patterns) ?? .max) }
        }
        return max(given, begin, end - values.longestMatch)
    }

    /// Forgets what was given out and read, if room is needed.
    private mutating func makeRoom() {
        guard held.capacity - held.count < Self.step else { return }
        // And the byte before: a fold goes by it.
        let kept = max(origin, min(given, text.end, base64.position) - 1)
        held.removeFirst(kept - origin)
        origin = kept
    }

    /// Reads all that has come in every way.
    private mutating func read(moreComes: Bool) {
        let from = origin
        values.automaton.memory.withBytes { patterns in
            held.withBytes { bytes in
                text.read(bytes, from: from, moreComes: moreComes, values, patterns, &scratch)
                base64.read(bytes, from: from, moreComes: moreComes, values, patterns, &scratch)
            }
        }
        scratch.found.settle()
    }

    /// Gives out the stream up to `limit`, masked where something was found.
    private mutating func give<Failure: Error>(
        to limit: Int, _ output: (RawSpan) throws(Failure) -> Void
    ) throws(Failure) {
        for match in scratch.found.ranges where match.upperBound > given && match.lowerBound < limit {
            if match.lowerBound > given { try give(text: match.lowerBound, output) }
            let isNew = given != maskEnd
            given = min(match.upperBound, limit)
            maskEnd = given
            if isNew { try output(unsafe RawSpan(_unsafeStart: Self.mask.utf8Start, byteCount: Self.mask.utf8CodeUnitCount)) }
        }
        if given < limit { try give(text: limit, output) }
        scratch.found.drop(to: given)
    }

    private mutating func give<Failure: Error>(
        text limit: Int, _ output: (RawSpan) throws(Failure) -> Void
    ) throws(Failure) {
        let range = given - origin..<limit - origin
        given = limit
        try held.withBytes { bytes throws(Failure) in try output(bytes.extracting(range)) }
    }
}
