// SPDX-License-Identifier: MIT

internal import Bytes
internal import Linux

/// The scratch memory that readings write to: the matches they found, and the last bytes of each track.
struct Scratch: ~Copyable {
    var found: Matches
    var windows: Windows
}

/// Where matches are in the stream.
struct Matches {
    private(set) var ranges: [Range<Int>] = []

    /// The most bytes of a match; one with more is none.
    let longest: Int

    init(longest: Int) { self.longest = longest }

    /// Adds a match. The last ones become one with it as far as it covers or touches them.
    mutating func add(_ match: Range<Int>) {
        if match.count <= longest { merge(match) }
    }

    private mutating func merge(_ match: Range<Int>) {
        var match = match
        while let last = ranges.last, last.upperBound >= match.lowerBound, last.lowerBound <= match.upperBound {
            match = min(last.lowerBound, match.lowerBound)..<max(last.upperBound, match.upperBound)
            ranges.removeLast()
        }
        ranges.append(match)
    }

    /// Puts all in order, with nothing that overlaps or touches.
    mutating func settle() {
        guard ranges.count > 1 else { return }
        let all = ranges.sorted { $0.lowerBound < $1.lowerBound }
        ranges.removeAll(keepingCapacity: true)
        for match in all { merge(match) }
    }

    /// Forgets what ends at `position` or before it.
    mutating func drop(to position: Int) {
        if let first = ranges.firstIndex(where: { $0.upperBound > position }) {
            ranges.removeFirst(first)
        } else {
            ranges.removeAll(keepingCapacity: true)
        }
    }
}

/// Memory for the last 64 bytes of each track.
struct Windows: ~Copyable {
    private var memory: LockedBuffer

    init(count: Int) throws(MaskError) {
        do { memory = try LockedBuffer(capacity: Blocks.length * count) } catch { throw .memory(error) }
        _ = memory.append(Blocks.length * count) { _ in }
    }

    /// Puts a byte at a place of a window, and gives the one that was there.
    mutating func exchange(_ byte: UInt8, _ number: Int, _ place: Int) -> UInt8 {
        memory.withMutableBytes { memory in
            let offset = number * Blocks.length + place
            let old = memory.bytes.octet(offset)
            memory.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
            return old
        }
    }

    /// Lends a window.
    borrowing func withWindow<Result>(_ number: Int, _ body: (RawSpan) -> Result) -> Result {
        memory.withBytes { body($0.extracting(number * Blocks.length..<(number + 1) * Blocks.length)) }
    }

    mutating func copy(from one: Int, to other: Int) {
        memory.withMutableBytes { memory in
            for place in 0..<Blocks.length {
                let byte = memory.bytes.octet(one * Blocks.length + place)
                memory.storeBytes(of: byte, toByteOffset: other * Blocks.length + place, as: UInt8.self)
            }
        }
    }
}
