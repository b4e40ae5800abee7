// SPDX-License-Identifier: MIT

internal import Secrets

/// A number by which the kernel knows a file: an inode, and which *edition* of it.
///
/// To the kernel editions are files of their own, each with its own size and pages. An item has but one, until a version is replaced that
/// somebody holds open: then who opened it keeps that edition to themselves, and everybody else finds the item as the next.
struct KernelInode: Hashable, Sendable {
    /// Bits of a number that are the inode's: `Inode.number` stays below (`NodeID.maximum`).
    private static let inodeBits = 56

    let inode: Inode
    let edition: UInt8

    init(_ inode: Inode, edition: UInt8 = 0) {
        self.inode = inode
        self.edition = edition
    }

    /// Nil for a number that no inode can have.
    init?(number: UInt64) {
        guard let inode = Inode(number: number & (1 << Self.inodeBits - 1)) else { return nil }
        self.init(inode, edition: UInt8(truncatingIfNeeded: number >> Self.inodeBits))
    }

    var number: UInt64 { UInt64(edition) << Self.inodeBits | inode.number }
}
