// SPDX-License-Identifier: MIT

internal import Bytes
internal import Sodium

/// Bytes on their way to becoming a value or a key: written piece by piece, in any order, into locked memory that grows.
///
/// The rooms above hold plaintext in nothing else. Memory that is outgrown is wiped.
package struct SecretBuffer: ~Copyable, Sendable {
    private var storage: SecretBytes
    /// How many bytes are in it.
    package private(set) var count = 0

    /// An empty buffer. Throws `storage` if memory can't be locked.
    package init() throws(VaultError) {
        storage = try sodium { () throws(SodiumError) in try SecretBytes(count: 0) }
    }

    /// Bytes of locked memory that a value of `count` bytes takes up, once it is a file of a job.
    package static func footprint(of count: Int) -> Int { SecretBytes.footprint(of: count) }

    private init(copying bytes: RawSpan) throws(VaultError) {
        storage = try sodium { () throws(SodiumError) in try SecretBytes(copying: bytes) }
        count = bytes.byteCount
    }

    /// The bytes of a snapshot, to be changed.
    package static func copying(_ snapshot: Snapshot) throws(VaultError) -> SecretBuffer {
        try snapshot.withBytes { bytes throws(VaultError) in try SecretBuffer(copying: bytes) }
    }

    /// The same bytes in memory of their own. Throws `storage` if memory can't be locked.
    package borrowing func copy() throws(VaultError) -> SecretBuffer {
        try withBytes { bytes throws(VaultError) in try SecretBuffer(copying: bytes) }
    }

    /// Lends the bytes for reading.
    package borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let count = count
        return try storage.withBytes { bytes throws(Failure) in try body(bytes.extracting(first: count)) }
    }

    /// Lends `room` bytes behind the last for writing, and takes in as many as `body` returns; for read(2) into locked memory.
    package mutating func append<Failure: Error>(
        room: Int, _ body: (inout MutableRawSpan) throws(Failure) -> Int, failing: (VaultError) -> Failure
    ) throws(Failure) -> Int {
        do throws(VaultError) { try reserve(count + max(room, 0)) } catch { throw failing(error) }
        let start = count
        let taken = try storage.withMutableBytes { bytes throws(Failure) in
            var rest = bytes._mutatingExtracting(start..<(start + max(room, 0)))
            return try body(&rest)
        }
        count = min(start + max(taken, 0), storage.count)
        return taken
    }

    /// Writes bytes at an offset; a gap behind the last byte is filled with zeros.
    package mutating func write(_ bytes: RawSpan, at offset: Int) throws(VaultError) {
        let (end, overflows) = offset.addingReportingOverflow(bytes.byteCount)
        guard offset >= 0, !overflows else { throw .tooLarge(limit: Int.max) }
        try reserve(end)
        storage.withMutableBytes { storage in
            for index in 0..<bytes.byteCount { storage.storeBytes(of: bytes.octet(index), toByteOffset: offset + index, as: UInt8.self) }
        }
        count = max(count, end)
    }

    /// ftruncate(2): shortens, or fills up with zeros.
    package mutating func resize(to newCount: Int) throws(VaultError) {
        guard newCount >= 0 else { throw .tooLarge(limit: Int.max) }
        try reserve(newCount)
        if newCount < count {
            let range = newCount..<count
            storage.withMutableBytes { for index in range { $0.storeBytes(of: 0, toByteOffset: index, as: UInt8.self) } }
        }
        count = newCount
    }

    /// The bytes, in memory of just their size if it was outgrown; nothing of the rest is left.
    consuming func finished() -> SecretBytes {
        storage.truncated(to: count)
    }

    private mutating func reserve(_ capacity: Int) throws(VaultError) {
        guard capacity > storage.count else { return }
        let (doubled, overflows) = storage.count.multipliedReportingOverflow(by: 2)
        var larger = try sodium { () throws(SodiumError) in
            try SecretBytes(count: max(capacity, overflows ? 0 : doubled, 256))
        }
        let count = count
        larger.withMutableBytes { larger in
            storage.withBytes { storage in
                for index in 0..<count { larger.storeBytes(of: storage.octet(index), toByteOffset: index, as: UInt8.self) }
            }
        }
        storage = larger
    }
}
