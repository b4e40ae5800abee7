// SPDX-License-Identifier: MIT

internal import Linux

/// The known sizes of superseded files whose attributes were asked for: looking through all open files is done once, however often a
/// process asks.
final class Superseded: Sendable {
    private static let most = 256

    private struct Known {
        let generation: UInt64
        let reading: HeldReading?
    }

    private let known = Guarded<[KernelInode: Known]>([:])

    /// - Parameters:
    ///   - generation: of the file; of another nothing that is known holds.
    ///   - find: looks through the open files. No more are opened of a superseded file; what it gives is remembered if none of them is on
    ///     its way to its handle.
    func reading(of file: KernelInode, _ generation: UInt64, find: () -> (HeldReading?, isWhole: Bool)) -> HeldReading? {
        if let found = known.withLock({ $0[file] }), found.generation == generation { return found.reading }
        let (reading, isWhole) = find()
        if !isWhole { return reading }
        known.withLock { known in
            if known.count >= Self.most { known.removeAll(keepingCapacity: true) }
            known[file] = Known(generation: generation, reading: reading)
        }
        return reading
    }
}
