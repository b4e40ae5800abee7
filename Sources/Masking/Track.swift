// SPDX-License-Identifier: MIT

/// How far a reading is: the state of the automaton after the bytes it made of the stream, and where in the stream those are.
///
/// It has line ends as the patterns have them: up to two CR before LF are dropped, and count as part of that LF.
struct Track {
    /// The most CR before LF that belong to the line end.
    static let mostReturns = 2

    /// Which part of the memory for the last bytes is its own.
    private let number: Int
    /// The length of the longest pattern.
    private let longest: Int
    private var state: UInt32 = 0
    /// Where the bytes of the beginning that the state stands for start in the stream: a ring, and how many were put there.
    private var starts: [Int] = []
    private var count = 0
    /// CR that have come, of which is not known what follows.
    private var returns = 0
    private var firstReturn = 0..<0
    private var secondReturn = 0..<0
    private var window: BlockWindow?

    init(number: Int, for values: MaskedValues) {
        self.number = number
        longest = values.automaton.longest
        window = values.blocks.isEmpty ? nil : BlockWindow()
    }

    /// Nothing has begun here, and only a byte of `Automaton.interest` can begin something.
    @inline(__always)
    var isIdle: Bool { state == 0 && returns == 0 && window == nil }

    /// Where the earliest match begins that what comes next may complete; nil if that can be no byte that was taken.
    func begin(_ patterns: RawSpan) -> Int? {
        var begin = window?.begin
        if state != 0 { begin = min(begin ?? .max, patternBegin(patterns)) }
        if returns > 0 { begin = min(begin ?? .max, firstReturn.lowerBound) }
        return begin
    }

    /// Where the beginning of a pattern begins that it is in; 0 if it is in none.
    func patternBegin(_ patterns: RawSpan) -> Int {
        state == 0 ? 0 : starts[(count &- Automaton.depth(patterns, state)) & (starts.count - 1)]
    }

    /// How many bytes of a pattern it is in.
    func depth(_ patterns: RawSpan) -> Int { state == 0 ? 0 : Automaton.depth(patterns, state) }

    /// Whether nothing has begun, or a pattern with the last byte alone.
    func isAtFirstByte(_ patterns: RawSpan) -> Bool { returns == 0 && depth(patterns) <= 1 }

    /// Whether nothing has begun, nor taken anything before `position`.
    func hasNothing(from position: Int) -> Bool { state == 0 && returns == 0 && (window?.begin ?? .max) >= position }

    /// Takes a byte, which the stream has at `range`.
    @inline(__always)
    mutating func take(_ byte: UInt8, at range: Range<Int>, _ values: MaskedValues, _ patterns: RawSpan, _ scratch: inout Scratch) {
        if byte == carriageReturn {
            if returns == Self.mostReturns {
                advance(byte, at: firstReturn, values, patterns, &scratch)
                firstReturn = secondReturn
                returns -= 1
            }
            if returns == 0 { firstReturn = range } else { secondReturn = range }
            returns += 1
        } else if returns == 0 {
            advance(byte, at: range, values, patterns, &scratch)
        } else if byte == lineFeed {
            returns = 0
            advance(byte, at: firstReturn.lowerBound..<range.upperBound, values, patterns, &scratch)
        } else {
            advance(carriageReturn, at: firstReturn, values, patterns, &scratch)
            if returns > 1 { advance(carriageReturn, at: secondReturn, values, patterns, &scratch) }
            returns = 0
            advance(byte, at: range, values, patterns, &scratch)
        }
    }

    @inline(__always)
    private mutating func advance(
        _ byte: UInt8, at range: Range<Int>, _ values: MaskedValues, _ patterns: RawSpan, _ scratch: inout Scratch
    ) {
        if window != nil { lookUp(byte, at: range, values, &scratch) }
        state = Automaton.step(patterns, state, byte)
        guard state != 0 else { return }
        if starts.isEmpty { starts = Array(repeating: 0, count: 1 << (Int.bitWidth - longest.leadingZeroBitCount)) }
        starts[count & (starts.count - 1)] = range.lowerBound
        count &+= 1
        let match = Automaton.match(patterns, state)
        if match > 0 { scratch.found.add(starts[(count &- match) & (starts.count - 1)]..<range.upperBound) }
    }

    private mutating func lookUp(_ byte: UInt8, at range: Range<Int>, _ values: MaskedValues, _ scratch: inout Scratch) {
        guard let start = window?.take(byte, at: range.lowerBound, number, values.blocks, &scratch.windows) else { return }
        scratch.found.add(start..<range.upperBound)
    }

    /// Begins anew, with nothing in mind.
    mutating func reset() {
        state = 0
        returns = 0
        window?.reset()
    }

    /// Goes on from where another is, to take `byte` next; nil if that is not known yet.
    mutating func follow(_ other: borrowing Track, before byte: UInt8?, _ patterns: RawSpan, _ windows: inout Windows) {
        state = other.state
        returns = other.returns
        firstReturn = other.firstReturn
        secondReturn = other.secondReturn
        if other.window != nil {
            window = other.window
            windows.copy(from: other.number, to: number)
        }
        guard state != 0 else { return }
        if starts.isEmpty { starts = Array(repeating: 0, count: other.starts.count) }
        count = other.count
        // Matches that the byte does not continue need no copy, which keeps the time linear.
        var kept = depth(patterns)
        if let byte, byte != carriageReturn, returns == 0 {
            let next = Automaton.step(patterns, state, byte)
            kept = next == 0 ? 0 : Automaton.depth(patterns, next) - 1
        }
        for index in (count - kept)..<count { starts[index & (starts.count - 1)] = other.starts[index & (starts.count - 1)] }
    }
}

/// The last 64 bytes that a reading made, for the search of blocks.
struct BlockWindow {
    private var hash = BlockHash()
    private var count = 0
    private var starts = [Int](repeating: 0, count: Blocks.length)

    /// Where the earliest block begins that may still be completed.
    var begin: Int? {
        guard count > 0 else { return nil }
        return starts[count < Blocks.length ? 0 : (count + 1) % Blocks.length]
    }

    mutating func reset() {
        hash = BlockHash()
        count = 0
    }

    /// Takes a byte; where the block begins that ends with it, if one does.
    mutating func take(_ byte: UInt8, at start: Int, _ number: Int, _ blocks: borrowing Blocks, _ windows: inout Windows) -> Int? {
        let place = count % Blocks.length
        let oldest = windows.exchange(byte, number, place)
        hash.take(byte, dropping: count < Blocks.length ? 0 : oldest)
        starts[place] = start
        count &+= 1
        guard count >= Blocks.length else { return nil }
        let first = count % Blocks.length
        return windows.withWindow(number) { blocks.contains(hash, $0, from: first) } ? starts[first] : nil
    }
}
