// SPDX-License-Identifier: MIT

import Linux
import Masking

/// The values that a job has had, to be masked in what it prints: a program may print one that it read before the last change.
///
/// Kept are those of now, those that the running command was started with, and of the others the latest.
struct RememberedValues: ~Copyable {
    private struct Entry {
        let name: [UInt8]
        let range: Range<Int>
        /// The last round in which the job had it.
        var round: Int
        /// Whether the running command was started with it.
        var isOfCommand = false
    }

    private var bytes: LockedBuffer
    private var entries: [Entry] = []
    /// How often values were added.
    private(set) var round = 0

    /// The most bytes of values that are kept for their past alone. A masker takes 16 for each.
    private static let mostFormer = 64 << 10

    /// None.
    init() throws(Failure) {
        do { bytes = try LockedBuffer(capacity: 4096) } catch { throw .noLockedMemory(error) }
    }

    /// A command was started with the values of a round. Those that have come since are taken for its own too.
    mutating func begin(with round: Int) {
        for index in entries.indices { entries[index].isOfCommand = entries[index].round >= round }
    }

    /// Adds the values that the job has now.
    mutating func add(_ values: borrowing JobValues) throws(Failure) {
        round += 1
        do throws(Errno) {
            try values.withBytes { all throws(Errno) in
                for item in values.items where !item.value.isEmpty { try add(item.path.name, all.extracting(item.value)) }
            }
            try forgetOldest()
        } catch { throw .noLockedMemory(error) }
    }

    /// All of them, made ready to be looked for.
    borrowing func masked() throws(Failure) -> MaskedValues {
        let values = entries.map { MaskedValue(name: $0.name, range: $0.range) }
        do throws(MaskError) {
            return try bytes.withBytes { bytes throws(MaskError) in try MaskedValues(values, in: bytes) }
        } catch { throw Failure(.failed, "\(error)", hint: error.hint) }
    }

    private mutating func add(_ name: [UInt8], _ value: RawSpan) throws(Errno) {
        let known = bytes.withBytes { all in
            entries.firstIndex { $0.name == name && $0.range.count == value.byteCount && all.extracting($0.range).holds(value) }
        }
        if let known {
            entries[known].round = round
            return
        }
        if bytes.capacity - bytes.count < value.byteCount { try bytes.grow(to: max(2 * bytes.capacity, bytes.count + value.byteCount)) }
        entries.append(Entry(name: name, range: bytes.count..<bytes.count + value.byteCount, round: round))
        _ = bytes.append(copying: value)
    }

    /// Leaves out the oldest of those that are too many.
    private mutating func forgetOldest() throws(Errno) {
        var former = 0
        // Of one time the smallest first: one that is large does not push out others.
        let kept = entries.sorted { ($0.round, -$0.range.count) > ($1.round, -$1.range.count) }.filter { entry in
            if entry.round == round || entry.isOfCommand { return true }
            guard former + entry.range.count <= Self.mostFormer else { return false }
            former += entry.range.count
            return true
        }
        guard kept.count < entries.count else { return }
        var left = try LockedBuffer(capacity: bytes.capacity)
        entries = kept.map { entry in
            let start = left.count
            _ = bytes.withBytes { left.append(copying: $0.extracting(entry.range)) }
            return Entry(name: entry.name, range: start..<left.count, round: entry.round, isOfCommand: entry.isOfCommand)
        }
        bytes = left
    }
}
