// SPDX-License-Identifier: MIT

internal import Bytes
internal import Glibc
internal import Linux

/// The patterns as an automaton after Aho and Corasick: its state is the longest beginning of a pattern that the text read so far
/// ends with.
///
/// States are the nodes of the tree of all beginnings, numbered in the order of that tree: the first child of a node is the next node.
/// A node takes 16 bytes of locked memory.
struct Automaton: ~Copyable {
    /// The tables, then the nodes: what `step` and the others below read.
    let memory: LockedBuffer
    /// How many states there are.
    let count: Int
    /// The length of the longest pattern.
    let longest: Int

    /// Where the parts of the memory are, in bytes from its start.
    private enum Place {
        /// The states after each byte at the root.
        static let root = 0
        /// For each byte its `Interest`.
        static let interest = 1024
        /// For each byte its value as a digit of base64, in both alphabets; 64 if none.
        static let digits = interest + 256
        /// A bit for each two bytes: see `mayBegin`.
        static let pairs = digits + 256
        static let nodes = pairs + 8192
    }

    private static let nodeLength = 16

    static func memory(states: Int) -> Int { Place.nodes + nodeLength * states }

    /// Throws `tooLarge` if it would take more than `limit` bytes.
    init(_ patterns: borrowing Patterns, limit: Int) throws(MaskError) {
        var ranges = patterns.ranges
        var common: [Int] = []
        var count = 1
        patterns.bytes.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { bytes in
                ranges.sort { unsafe Self.precedes(bytes, $0, $1) }
                for (index, range) in ranges.enumerated() {
                    common.append(index == 0 ? 0 : unsafe Self.common(bytes, ranges[index - 1], range))
                    count += range.count - common[index]
                }
            }
        }
        let needed = Self.memory(states: count)
        guard needed <= limit, count < 1 << 30 else { throw .tooLarge(needed) }
        var memory: LockedBuffer
        do { memory = try LockedBuffer(capacity: needed) } catch { throw .memory(error) }
        let longest = ranges.map(\.count).max() ?? 0
        _ = memory.append(needed) { memory in
            patterns.bytes.withBytes { Self.plant($0, ranges, common, in: &memory, longest: longest) }
            Self.link(&memory, count)
            Self.tabulate(&memory)
        }
        self.memory = memory
        self.count = count
        self.longest = longest
    }

    /// The state after `byte`.
    @inline(__always)
    static func step(_ memory: RawSpan, _ state: UInt32, _ byte: UInt8) -> UInt32 {
        state == 0 ? memory.word(Place.root + 4 * Int(byte)) : search(memory, state, byte)
    }

    private static func search(_ memory: RawSpan, _ state: UInt32, _ byte: UInt8) -> UInt32 {
        var state = state
        while state != 0 {
            let child = child(memory, state, byte)
            if child != 0 { return child }
            state = memory.word(node(state) + 4)
        }
        return memory.word(Place.root + 4 * Int(byte))
    }

    /// How long the beginning of a pattern is that a state stands for.
    static func depth(_ memory: RawSpan, _ state: UInt32) -> Int { Int(memory.word(node(state)) >> 9) }

    /// How long the longest pattern is that ends there; 0 if none does.
    @inline(__always)
    static func match(_ memory: RawSpan, _ state: UInt32) -> Int { Int(memory.word(node(state) + 12)) }

    /// The properties of a byte that count where no pattern has begun.
    @inline(__always)
    static func interest(_ memory: RawSpan, _ byte: UInt8) -> Interest { Interest(rawValue: memory.octet(Place.interest + Int(byte))) }

    /// The value of a byte as a digit of base64; 64 if none.
    @inline(__always)
    static func digit(_ memory: RawSpan, _ byte: UInt8) -> UInt8 { memory.octet(Place.digits + Int(byte)) }

    /// Whether a pattern may begin with these two bytes, or with the first, where the second may be part of an escape or a line end.
    @inline(__always)
    static func mayBegin(_ memory: RawSpan, _ first: UInt8, _ second: UInt8) -> Bool {
        mayBegin(memory, pair: UInt32(first) << 8 | UInt32(second))
    }

    /// The same, of the lower 16 bits.
    @inline(__always)
    static func mayBegin(_ memory: RawSpan, pair: UInt32) -> Bool {
        memory.octet(Place.pairs + Int(pair & 0xFFFF) >> 3) >> UInt8(truncatingIfNeeded: pair & 7) & 1 != 0
    }

    /// Where a node is: its depth, whether it has a child, and its byte, as 23, 1 and 8 bits; the state to go on with where no child
    /// fits; its next sibling; and the length of the longest pattern that ends there.
    @inline(__always)
    private static func node(_ state: UInt32) -> Int { Place.nodes + nodeLength * Int(state) }

    @inline(__always)
    private static func child(_ memory: RawSpan, _ state: UInt32, _ byte: UInt8) -> UInt32 {
        guard memory.word(node(state)) & 1 << 8 != 0 else { return 0 }
        var child = state + 1
        while child != 0, UInt8(truncatingIfNeeded: memory.word(node(child))) != byte { child = memory.word(node(child) + 8) }
        return child
    }

    private static func precedes(_ bytes: UnsafeRawBufferPointer, _ one: Range<Int>, _ other: Range<Int>) -> Bool {
        // Not nil: no pattern is empty.
        guard let start = bytes.baseAddress else { return false }
        let order = unsafe memcmp(start + one.lowerBound, start + other.lowerBound, min(one.count, other.count))
        return order < 0 || order == 0 && one.count < other.count
    }

    /// How many bytes two patterns begin with alike.
    private static func common(_ bytes: UnsafeRawBufferPointer, _ one: Range<Int>, _ other: Range<Int>) -> Int {
        zip(one, other).prefix { unsafe bytes[$0] == bytes[$1] }.count
    }

    /// Makes the nodes. The patterns are in order, so that each new node comes after its parent and siblings.
    private static func plant(
        _ bytes: RawSpan, _ ranges: [Range<Int>], _ common: [Int], in memory: inout MutableRawSpan, longest: Int
    ) {
        /// The nodes of the pattern before, by depth.
        var path = [UInt32](repeating: 0, count: longest + 1)
        var depth = 0
        var next: UInt32 = 1
        for (range, common) in zip(ranges, common) {
            if range.count > common {
                let parent = path[common]
                if depth > common {
                    memory.set(next, at: node(path[common + 1]) + 8)
                } else {
                    memory.set(memory.bytes.word(node(parent)) | 1 << 8, at: node(parent))
                }
            }
            for index in common..<range.count {
                let isLast = index + 1 == range.count
                let byte = bytes.octet(range.lowerBound + index)
                memory.set(UInt32(index + 1) << 9 | (isLast ? 0 : 1 << 8) | UInt32(byte), at: node(next))
                if isLast { memory.set(UInt32(range.count), at: node(next) + 12) }
                if index == 0 { memory.set(next, at: Place.root + 4 * Int(byte)) }
                path[index + 1] = next
                next += 1
            }
            depth = range.count
        }
    }

    /// Tells each node where to go on, shallow nodes first, and which pattern ends there.
    private static func link(_ memory: inout MutableRawSpan, _ count: Int) {
        var queue: [UInt32] = []
        queue.reserveCapacity(count)
        for byte in 0..<256 {
            let child = memory.bytes.word(Place.root + 4 * byte)
            if child != 0 { queue.append(child) }
        }
        var index = 0
        while index < queue.count {
            let parent = queue[index]
            index += 1
            let word = memory.bytes.word(node(parent))
            var child = word & 1 << 8 != 0 ? parent + 1 : 0
            while child != 0 {
                let byte = UInt8(truncatingIfNeeded: memory.bytes.word(node(child)))
                let fallback = search(memory.bytes, memory.bytes.word(node(parent) + 4), byte)
                memory.set(fallback, at: node(child) + 4)
                if match(memory.bytes, child) == 0 { memory.set(UInt32(match(memory.bytes, fallback)), at: node(child) + 12) }
                queue.append(child)
                child = memory.bytes.word(node(child) + 8)
            }
        }
    }

    private static func tabulate(_ memory: inout MutableRawSpan) {
        for byte in 0...UInt8.max {
            var interest = Interest(of: byte)
            if memory.bytes.word(Place.root + 4 * Int(byte)) != 0 { interest.insert(.beginning) }
            memory.storeBytes(of: interest.rawValue, toByteOffset: Place.interest + Int(byte), as: UInt8.self)
            memory.storeBytes(of: digit(byte), toByteOffset: Place.digits + Int(byte), as: UInt8.self)
        }
        for first in 0...UInt8.max {
            allow(first, carriageReturn, &memory)
            let state = memory.bytes.word(Place.root + 4 * Int(first))
            guard state != 0 else { continue }
            for second in 0...UInt8.max where Interest(of: second).mayBeEscape { allow(first, second, &memory) }
            // No pattern is one byte: it has a child.
            var child = state + 1
            while child != 0 {
                allow(first, UInt8(truncatingIfNeeded: memory.bytes.word(node(child))), &memory)
                child = memory.bytes.word(node(child) + 8)
            }
        }
    }

    private static func allow(_ first: UInt8, _ second: UInt8, _ memory: inout MutableRawSpan) {
        let place = Place.pairs + (Int(first) << 8 | Int(second)) >> 3
        memory.storeBytes(of: memory.bytes.octet(place) | 1 << (second & 7), toByteOffset: place, as: UInt8.self)
    }

    static func digit(_ byte: UInt8) -> UInt8 {
        // The alphabet of file names and URLs (RFC 4648, section 5) has two other characters.
        switch byte {
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: Base64.digit(byte) ?? 64
        }
    }
}

/// The properties of a byte that count where no pattern has begun.
struct Interest: OptionSet {
    let rawValue: UInt8

    /// A pattern begins with it.
    static let beginning = Interest(rawValue: 1 << 0)
    static let escape = Interest(rawValue: 1 << 1)
    static let lineEnd = Interest(rawValue: 1 << 2)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The properties of a byte in any text.
    init(of byte: UInt8) {
        switch byte {
        case UInt8(ascii: "%"), UInt8(ascii: "+"), UInt8(ascii: "\\"), UInt8(ascii: "'"): self = .escape
        case carriageReturn: self = .lineEnd
        default: self = []
        }
    }

    /// Whether an escape may begin with it.
    @inline(__always)
    var mayBeEscape: Bool { rawValue & Self.escape.rawValue != 0 }
}

extension MutableRawSpan {
    fileprivate mutating func set(_ word: UInt32, at offset: Int) {
        storeBytes(of: word, toByteOffset: offset, as: UInt32.self)
    }
}
