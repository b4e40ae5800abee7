// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Memory of its own for a key or a passphrase on its way to where it is used: locked (never swapped), left out of core dumps,
/// zero in a forked child, and wiped before it goes back to the system. For programs without libsodium, and for bytes that come
/// from a descriptor; the keeping of keys and values is for `SecretBytes`.
// Safe to send: memory that is written only through `mutating` functions, which the compiler makes exclusive.
@safe
package struct LockedBuffer: ~Copyable, @unchecked Sendable {
    private let start: UnsafeMutableRawPointer
    /// How many bytes fit.
    package let capacity: Int
    /// How many bytes are in it.
    package private(set) var count = 0

    /// An empty buffer. Throws ENOMEM or EAGAIN where the limit on locked memory is used up, `mlock(2)`.
    package init(capacity: Int) throws(Errno) {
        guard capacity > 0, let start = unsafe mmap(nil, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            unsafe start != MAP_FAILED
        else { throw .outOfMemory }
        guard unsafe mlock(start, capacity) == 0 else {
            let reason = Errno.current
            unsafe munmap(start, capacity)
            throw reason
        }
        unsafe madvise(start, capacity, MADV_DONTDUMP)
        unsafe madvise(start, capacity, MADV_WIPEONFORK)
        unsafe self.start = start
        self.capacity = capacity
    }

    deinit {
        unsafe explicit_bzero(start, capacity)
        unsafe munmap(start, capacity)
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
        var bytes = unsafe MutableRawSpan(_unsafeStart: start, byteCount: count)
        return try body(&bytes)
    }

    /// Adds a byte; false if it doesn't fit.
    package mutating func append(_ byte: UInt8) -> Bool {
        guard count < capacity else { return false }
        unsafe start.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
        return true
    }

    /// Adds `bytes`, which stay where they are; false, and nothing is added, if they don't fit.
    package mutating func append(copying bytes: RawSpan) -> Bool {
        guard bytes.byteCount <= capacity - count else { return false }
        unsafe bytes.withUnsafeBytes { source in
            unsafe UnsafeMutableRawBufferPointer(start: start + count, count: source.count).copyMemory(from: source)
        }
        count += bytes.byteCount
        return true
    }

    /// Adds `count` bytes, which are zero and which `fill` may write; false, and nothing is added, if they don't fit.
    package mutating func append(_ count: Int, filling fill: (inout MutableRawSpan) -> Void) -> Bool {
        guard count >= 0, count <= capacity - self.count else { return false }
        // Safe: that many bytes are free, and zero since nothing was written there or `explicit_bzero` wiped it.
        var free = unsafe MutableRawSpan(_unsafeStart: start + self.count, byteCount: count)
        fill(&free)
        self.count += count
        return true
    }

    /// Adds what one `read(2)` gives, and says how many bytes that is: 0 at the end of the file. Throws `fileTooLarge` if the
    /// buffer is full already.
    package mutating func append(readingFrom file: borrowing FileDescriptor) throws(Errno) -> Int {
        guard count < capacity else { throw .fileTooLarge }
        var free = unsafe MutableRawSpan(_unsafeStart: start + count, byteCount: capacity - count)
        let got = try file.read(into: &free)
        count += got
        return got
    }

    /// Adds all that is left to read. Throws `fileTooLarge` if that fills the buffer: one byte more than is wanted tells whether
    /// it is too long.
    package mutating func append(readingAllOf file: borrowing FileDescriptor) throws(Errno) {
        while try append(readingFrom: file) > 0 {}
    }

    /// Adds all that is left to read, in more memory where it takes that. Throws `fileTooLarge` past `limit` bytes in all, and what
    /// `init(capacity:)` does.
    package mutating func append(readingAllOf file: borrowing FileDescriptor, limit: Int) throws(Errno) {
        while count <= limit {
            // One byte more than the limit tells whether there is more.
            if count == capacity { try grow(to: min(capacity &* 2, limit &+ 1)) }
            if try append(readingFrom: file) == 0 { return }
        }
        throw .fileTooLarge
    }

    /// Takes larger memory; the bytes move there, and where they were is wiped.
    package mutating func grow(to capacity: Int) throws(Errno) {
        var larger = try LockedBuffer(capacity: max(capacity, self.capacity &+ 1))
        _ = withBytes { larger.append(copying: $0) }
        self = larger
    }

    /// Takes the last byte away and wipes it; nil if there is none.
    package mutating func removeLast() -> UInt8? {
        guard count > 0 else { return nil }
        count -= 1
        let byte = unsafe start.load(fromByteOffset: count, as: UInt8.self)
        unsafe start.storeBytes(of: 0, toByteOffset: count, as: UInt8.self)
        return byte
    }

    /// Takes the first bytes away, all if there are no more; the others move to the start, and where they were is wiped.
    package mutating func removeFirst(_ number: Int) {
        let number = min(max(0, number), count)
        count -= number
        unsafe memmove(start, start + number, count)
        unsafe explicit_bzero(start + count, number)
    }

    /// Takes all bytes away and wipes them.
    package mutating func removeAll() {
        unsafe explicit_bzero(start, capacity)
        count = 0
    }

    /// Whether both hold the same bytes. The time it takes tells the length of what is equal: for a passphrase typed twice.
    package borrowing func equals(_ other: borrowing LockedBuffer) -> Bool {
        unsafe count == other.count && memcmp(start, other.start, count) == 0
    }
}
