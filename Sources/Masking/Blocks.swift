// SPDX-License-Identifier: MIT

internal import Bytes
internal import Linux

/// Values that are too long for patterns, cut in blocks of 64 bytes. A block of the stream is looked up by its hash and compared.
///
/// There is a block at each multiple of 64 and at the end of a value, so that the blocks cover all of it, and the same for each
/// line of it that is long enough. A long value is thus masked where 64 bytes of it in a row show that begin at one of those places.
/// They take half of the value's length, and the value itself.
struct Blocks: ~Copyable {
    /// Bytes in a block.
    static let length = 64

    /// Entries of 8 bytes: what tells hashes apart, and where the block is, counted from 1; 0 and 0 if free.
    private let table: LockedBuffer
    /// The bytes that the entries tell of.
    private let values: LockedBuffer
    /// The number of entries is a power of two; this has so many bits.
    private let bits: UInt64
    let isEmpty: Bool

    /// Memory that blocks of these parts of `values` take, in bytes, without the values.
    static func memory(_ ranges: [Range<Int>], in values: borrowing LockedBuffer) -> Int { 8 << bits(ranges, in: values) }

    /// A power of two, so that a third of the entries is free at least.
    private static func bits(_ ranges: [Range<Int>], in values: borrowing LockedBuffer) -> Int {
        var count = 0
        values.withBytes { values in
            for range in ranges { forEach(in: range, values) { _ in count += 1 } }
        }
        return Int.bitWidth - (count + count / 2 + 1).leadingZeroBitCount
    }

    /// `ranges` are parts of `values` and have at least 64 bytes each.
    init(_ ranges: [Range<Int>], in values: consuming LockedBuffer) throws(Errno) {
        let bits = Self.bits(ranges, in: values)
        var table = try LockedBuffer(capacity: 8 << bits)
        _ = table.append(8 << bits) { table in
            values.withBytes { values in
                for range in ranges { Self.forEach(in: range, values) { Self.enter($0, values, &table, UInt64(bits)) } }
            }
        }
        self.table = table
        self.values = values
        self.bits = UInt64(bits)
        isEmpty = ranges.isEmpty
    }

    /// Whether the block with this hash is one of these. `start` is where the oldest byte is in `window`, which is a ring.
    borrowing func contains(_ hash: BlockHash, _ window: RawSpan, from start: Int) -> Bool {
        table.withBytes { table in
            let tag = hash.tag
            var slot = hash.slot(bits)
            while true {
                let place = table.word(8 * slot + 4)
                if place == 0 { return false }
                if table.word(8 * slot) == tag, equals(Int(place) - 1, window, from: start) { return true }
                slot = (slot + 1) & ((1 << bits) - 1)
            }
        }
    }

    private borrowing func equals(_ place: Int, _ window: RawSpan, from start: Int) -> Bool {
        values.withBytes { values in
            (0..<Self.length).allSatisfy { values.octet(place + $0) == window.octet((start + $0) % Self.length) }
        }
    }

    /// Calls `body` with the start of each block of a value.
    private static func forEach(in value: Range<Int>, _ values: RawSpan, _ body: (Int) -> Void) {
        forEach(inLine: value, body)
        var start = value.lowerBound
        for index in value where values.octet(index) == lineFeed {
            forEach(inLine: start..<index, body)
            start = index + 1
        }
        if start > value.lowerBound { forEach(inLine: start..<value.upperBound, body) }
    }

    private static func forEach(inLine line: Range<Int>, _ body: (Int) -> Void) {
        guard line.count >= length else { return }
        for start in stride(from: line.lowerBound, through: line.upperBound - length, by: length) { body(start) }
        if line.count % length != 0 { body(line.upperBound - length) }
    }

    private static func enter(_ start: Int, _ values: RawSpan, _ table: inout MutableRawSpan, _ bits: UInt64) {
        var hash = BlockHash()
        for index in start..<start + length { hash.take(values.octet(index), dropping: 0) }
        var slot = hash.slot(bits)
        while table.bytes.word(8 * slot + 4) != 0 {
            let other = Int(table.bytes.word(8 * slot + 4)) - 1
            if table.bytes.word(8 * slot) == hash.tag,
                (0..<length).allSatisfy({ values.octet(other + $0) == values.octet(start + $0) })
            {
                return
            }
            slot = (slot + 1) & ((1 << bits) - 1)
        }
        table.storeBytes(of: hash.tag, toByteOffset: 8 * slot, as: UInt32.self)
        table.storeBytes(of: UInt32(truncatingIfNeeded: start + 1), toByteOffset: 8 * slot + 4, as: UInt32.self)
    }
}

/// A hash of the last 64 bytes, which goes on byte by byte: the polynomial of Rabin and Karp, modulo 2⁶⁴. What it finds is compared.
struct BlockHash {
    private static let base: UInt64 = 0x9E37_79B9_7F4A_7C15
    /// `base` to the power of 64.
    private static let highest = (0..<6).reduce(base) { power, _ in power &* power }

    private var sum: UInt64 = 0

    /// Takes a byte, and drops the one that came 64 bytes before, which counts as 0 if there was none.
    @inline(__always)
    mutating func take(_ byte: UInt8, dropping oldest: UInt8) {
        sum = sum &* Self.base &+ UInt64(byte) &- UInt64(oldest) &* Self.highest
    }

    private var mixed: UInt64 { (sum ^ sum >> 29) &* 0xBF58_476D_1CE4_E5B9 }

    var tag: UInt32 { UInt32(truncatingIfNeeded: mixed) }

    /// Where to look first among 2^`bits` entries.
    func slot(_ bits: UInt64) -> Int { Int(truncatingIfNeeded: mixed >> (64 - bits)) }
}
