// SPDX-License-Identifier: MIT

internal import CSodium

/// The only home of keys and plaintexts: a move-only owner of memory from `sodium_malloc(3)`, small ones by way of `SecretPool`.
///
/// The pages are locked (never swapped), excluded from core dumps, fenced by inaccessible pages, and wiped before anything else
/// can be in them. A value of this type can't be copied by accident, printed, compared with `==` or put
/// into a string: what is inside is lent as a span for the length of a closure, and a span can't leave it.
// Safe to send: memory that is written only through `mutating` and `consuming` functions, which the compiler makes exclusive.
@safe
package struct SecretBytes: ~Copyable, @unchecked Sendable {
    /// Start of the memory, never null, also with a count of 0: thousands of empty values must not take pages each.
    let start: UnsafeMutableRawPointer
    /// How many bytes are in it.
    package private(set) var count: Int
    /// How many were asked for.
    private let capacity: Int
    private let isPooled: Bool

    /// `count` zero bytes; 0 is a count like any other. Throws `outOfMemory`, or `memoryNotLocked` where the limit on locked
    /// memory is used up: `sodium_malloc` itself goes on without the lock then.
    package init(count: Int) throws(SodiumError) {
        if let slot = unsafe try SecretPool.take(count) {
            unsafe self.init(start: slot, count: count, isPooled: true)
        } else {
            unsafe self.init(start: try Self.pages(count), count: count, isPooled: false)
        }
    }

    private init(start: UnsafeMutableRawPointer, count: Int, isPooled: Bool) {
        unsafe self.start = start
        self.count = count
        capacity = count
        self.isPooled = isPooled
    }

    /// Bytes of locked memory that `count` bytes take up.
    package static func footprint(of count: Int) -> Int {
        if let slot = SecretPool.footprint(of: count) { return slot }
        // A canary of 16 bytes goes with them (sodium_malloc(3)); nobody has as many bytes as would overflow.
        return (count / pageLength + 2) * pageLength
    }

    /// The smallest page that Linux has.
    private static let pageLength = 4096

    private static func pages(_ count: Int) throws(SodiumError) -> UnsafeMutableRawPointer {
        try Sodium.start()
        guard count >= 0, let start = unsafe sodium_malloc(count) else { throw .outOfMemory }
        guard unsafe sodium_mlock(start, count) == 0 else {
            unsafe sodium_free(start)
            throw .memoryNotLocked(count: count)
        }
        unsafe sodium_memzero(start, count)
        return unsafe start
    }

    /// `count` bytes of the random source that keys are made of.
    package init(random count: Int) throws(SodiumError) {
        try self.init(count: count)
        unsafe randombytes_buf(start, count)
    }

    /// The same bytes as `bytes`, which stay where they are: wiping those is their owner's part.
    package init(copying bytes: RawSpan) throws(SodiumError) {
        try self.init(count: bytes.byteCount)
        unsafe bytes.withUnsafeBytes { source in
            unsafe UnsafeMutableRawBufferPointer(start: start, count: count).copyMemory(from: source)
        }
    }

    // sodium_free(3) wipes the pages, the bytes past a shortened `count` included, before it unlocks and unmaps them.
    deinit {
        if isPooled { unsafe SecretPool.giveBack(start, capacity) } else { unsafe sodium_free(start) }
    }

    /// Lends the bytes for reading.
    package borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe RawSpan(_unsafeStart: start, byteCount: count))
    }

    /// Lends the bytes for reading and writing.
    package mutating func withMutableBytes<Result: ~Copyable, Failure: Error>(
        _ body: (inout MutableRawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var span = unsafe MutableRawSpan(_unsafeStart: start, byteCount: count)
        return try body(&span)
    }

    /// The first `count` of these bytes, in the same memory; the others are wiped. A count outside of 0...`self.count` is
    /// taken as the nearer end.
    package consuming func truncated(to count: Int) -> SecretBytes {
        let kept = min(max(count, 0), self.count)
        unsafe sodium_memzero(start + kept, self.count - kept)
        self.count = kept
        return self
    }

    /// A second owner of the same bytes, in memory of its own.
    package borrowing func copy() throws(SodiumError) -> SecretBytes {
        try withBytes { bytes throws(SodiumError) in try SecretBytes(copying: bytes) }
    }

    /// Whether both hold the same bytes, in a time that depends on nothing but the counts.
    package borrowing func equals(_ other: borrowing SecretBytes) -> Bool {
        unsafe count == other.count && sodium_memcmp(start, other.start, count) == 0
    }

    /// Overwrites all bytes with zeros, and keeps the memory.
    package mutating func wipe() {
        unsafe sodium_memzero(start, count)
    }
}

/// Secret bytes with many owners, all of whom may only read. Where a dictionary or several handles need the same bytes.
package final class SecretBox: Sendable {
    /// The shared bytes; wiped when the last owner goes.
    package let bytes: SecretBytes

    package init(_ bytes: consuming SecretBytes) {
        self.bytes = bytes
    }
}
