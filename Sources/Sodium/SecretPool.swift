// SPDX-License-Identifier: MIT

internal import CSodium
internal import Linux

/// Locked memory for the many small secrets: keys and short values.
///
/// `sodium_malloc(3)` takes a dozen system calls and four pages for each; an open of a secret needs several. So slots of a few sizes
/// are cut from blocks that come from it: locked, not dumped, with inaccessible pages around the block (not around each slot), and
/// every slot is wiped when it is given back. Blocks are kept: there are as many as were needed at once, but for those that
/// are one slot, of which a few are.
enum SecretPool {
    /// The sizes of slots, in bytes, which divide a block's. Anything larger gets pages of its own.
    private static let sizes = [32, 128, 512, 2048, 4096, 16384, blockLength]
    /// The size of a block, in bytes.
    private static let blockLength = 1 << 16
    /// How many free blocks that are one slot are kept.
    private static let mostWholeBlocks = 16

    /// Start of a slot. A free one is touched by nobody, any other by its one owner.
    @safe
    private struct Slot: @unchecked Sendable {
        let start: UnsafeMutableRawPointer
    }

    /// The free slots, by size.
    private static let free = Guarded<[[Slot]]>(Array(repeating: [], count: sizes.count))

    /// How long the slot for `count` bytes is; nil for what gets pages of its own.
    static func footprint(of count: Int) -> Int? { sizes.first { $0 >= count } }

    /// Memory for `count` bytes, all zero, or nil where it is for `sodium_malloc(3)` to give. Throws `memoryNotLocked`, `outOfMemory`.
    @unsafe
    static func take(_ count: Int) throws(SodiumError) -> UnsafeMutableRawPointer? {
        guard count >= 0, let shelf = sizes.firstIndex(where: { $0 >= count }) else { return nil }
        let slot = try free.withLock { free throws(SodiumError) in
            if free[shelf].isEmpty { free[shelf] = try newBlock(cutTo: sizes[shelf]) }
            return free[shelf].popLast()
        }
        return unsafe slot?.start
    }

    /// Takes back, and wipes, what `take` gave for `count` bytes.
    @unsafe
    static func giveBack(_ start: UnsafeMutableRawPointer, _ count: Int) {
        guard let shelf = sizes.firstIndex(where: { $0 >= count }) else { return }
        unsafe sodium_memzero(start, sizes[shelf])
        let slot = unsafe Slot(start: start)
        let isKept = free.withLock { free in
            guard sizes[shelf] < blockLength || free[shelf].count < mostWholeBlocks else { return false }
            free[shelf].append(slot)
            return true
        }
        if !isKept { unsafe sodium_free(start) }
    }

    /// A block that is locked for certain (`SecretBytes(count:)`), in slots.
    private static func newBlock(cutTo size: Int) throws(SodiumError) -> [Slot] {
        try Sodium.start()
        guard let block = unsafe sodium_malloc(blockLength) else { throw .outOfMemory }
        guard unsafe sodium_mlock(block, blockLength) == 0 else {
            unsafe sodium_free(block)
            throw .memoryNotLocked(count: blockLength)
        }
        unsafe sodium_memzero(block, blockLength)
        return stride(from: 0, to: blockLength, by: size).map { unsafe Slot(start: block + $0) }
    }
}
