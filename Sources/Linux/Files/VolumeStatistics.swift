// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// The statistics of the volume that a path is on, from statvfs(3).
package struct VolumeStatistics: Sendable {
    /// Bytes; the unit of the counts.
    package let blockSize: UInt32
    package let blocks: UInt64
    /// For who is not root.
    package let availableBlocks: UInt64
    package let files: UInt64
    package let freeFiles: UInt64

    /// Throws what statvfs(3) does.
    package static func of(_ path: String) throws(Errno) -> VolumeStatistics {
        var statistics = statvfs()
        _ = try retrying { unsafe statvfs(path, &statistics) }
        return VolumeStatistics(
            blockSize: UInt32(truncatingIfNeeded: statistics.f_frsize), blocks: UInt64(statistics.f_blocks),
            availableBlocks: UInt64(statistics.f_bavail), files: UInt64(statistics.f_files), freeFiles: UInt64(statistics.f_favail))
    }
}
