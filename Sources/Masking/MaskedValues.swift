// SPDX-License-Identifier: MIT

internal import Linux

/// A value that is to be masked.
package struct MaskedValue: Hashable, Sendable {
    /// The name of the value in messages.
    package let name: [UInt8]
    /// Where it is, in memory beside.
    package let range: Range<Int>

    package init(name: [UInt8], range: Range<Int>) {
        self.name = name
        self.range = range
    }
}

/// The values of a job, made ready to be looked for. One serves any number of `Masker`s.
///
/// In locked memory are a copy of the values and 16 bytes for each byte of what `Patterns` has of them: for a value of many lines
/// that is twice its length. Beyond 128 KiB of that, the longest values are found by their blocks, which takes half their length.
package final class MaskedValues: Sendable {
    /// The most locked memory that is used, in bytes.
    package static let mostMemory = 32 << 20

    /// The names of values that are not masked: they have fewer than 4 bytes, line ends at the end not counted, or blanks only. Others
    /// would be hit in any text.
    package let tooShort: [[UInt8]]
    /// The names of long values, masked in pieces of 64 bytes, counted from the beginning of the value and of each of its lines: what
    /// shows of it by less than such a piece is not masked. These are values of more than 16 KiB, and the longest if there is much
    /// to mask, but none of less than 256 bytes.
    package let long: [[UInt8]]
    /// How much locked memory it takes, in bytes.
    let memory: Int

    let automaton: Automaton
    let blocks: Blocks

    /// Copies what it needs of the values, which lie in `bytes`. Throws `tooLarge` beyond `mostMemory`, before it takes that memory.
    package init(_ values: [MaskedValue], in bytes: RawSpan) throws(MaskError) {
        let length = values.reduce(0) { $0 + $1.range.clamped(to: 0..<bytes.byteCount).count }
        guard length < Self.mostMemory else { throw .tooLarge(length) }
        var patterns: Patterns
        do { patterns = try Patterns.make(values.map(\.range), in: bytes) } catch { throw .memory(error) }
        tooShort = patterns.tooShort.map { values[$0].name }
        long = patterns.long.map { values[$0].name }
        let inBlocks = patterns.inBlocks
        let rest = patterns.bytes.count + Blocks.memory(inBlocks, in: patterns.bytes)
        automaton = try Automaton(patterns, limit: max(0, Self.mostMemory - rest))
        memory = rest + Automaton.memory(states: automaton.count)
        do { blocks = try Blocks(inBlocks, in: patterns.takeBytes()) } catch { throw .memory(error) }
    }

    /// How many bytes of a stream a match may have at most: an escape has 6 for a byte, base64 more where it is indented. Where there
    /// is more in a match, as between digits that have each an escape of their own and a line, it is not one.
    var longestMatch: Int { 8 * max(automaton.longest, blocks.isEmpty ? 0 : Blocks.length) + 256 }
}
