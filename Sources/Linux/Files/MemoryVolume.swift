// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// A file system in memory of which nothing is ever swapped, and that no folder shows: for files that hold secrets.
///
/// It is gone with its last file. Needs CAP_SYS_ADMIN, and Linux 6.4.
package struct MemoryVolume: ~Copyable, Sendable {
    private let root: FileDescriptor

    /// - Parameter size: the most bytes that its files take up together, each a number of whole pages.
    /// - Throws: EPERM without the capability, EINVAL where the kernel can't keep it from being swapped.
    package init(size: Int) throws(Errno) {
        root = FileDescriptor(owning: try retrying { unsafe tacit_memory_volume("\(max(size, 0))") })
    }

    /// A new file that has no name, with these bytes in it. Throws ENOSPC where the volume is full.
    package borrowing func file(holding bytes: RawSpan) throws(Errno) -> FileDescriptor {
        let file = FileDescriptor(owning: try retrying { tacit_unnamed_file(root.rawValue) })
        try file.writeAll(bytes)
        return file
    }
}
