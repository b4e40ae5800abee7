// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// A file that takes up room on a disk, so that there is some to give up for what must succeed on a full one.
package final class Reserve: Sendable {
    private let path: String
    private let size: Int
    private let lock = Guarded(())

    /// Pieces of it that are not worth a system call. Bytes.
    private static let smallest = 64 << 10

    /// - Parameter size: bytes; with 0 there is none, and a file of an earlier one is removed by `grow`.
    package init(path: String, size: Int) {
        self.path = path
        self.size = size
    }

    /// Takes up as much of its size as the disk has, of a small disk no more than half. What can't be had now is taken at a later call.
    ///
    /// - Returns: whether it has all of it.
    package func grow() -> Bool {
        lock.withLock { _ in
            guard size > 0 else {
                try? FileDescriptor.unlink(path)
                return true
            }
            guard let file = try? FileDescriptor.open(path, [.readWrite, .create, .noFollow, .nonBlocking], permissions: 0o600),
                let status = try? file.status(), status.isRegularFile
            else { return false }
            if status.size > size { try? file.truncate(to: Int64(size)) }
            var end = min(Int(clamping: status.size), size)
            let most = most
            var piece = most - end
            // posix_fallocate(3): writes where the file system can't. What it took before it failed is cut off, for the next piece.
            while piece >= min(Self.smallest, size), end < most {
                if posix_fallocate(file.rawValue, off_t(end), off_t(piece)) == 0 {
                    end += piece
                    piece = most - end
                } else {
                    try? file.truncate(to: Int64(end))
                    piece /= 2
                }
            }
            return end == most
        }
    }

    /// The most bytes that it takes up.
    private var most: Int { min(size, volume / 2) }

    /// Of its disk, in bytes.
    private var volume: Int {
        guard let volume = try? VolumeStatistics.of(FileDescriptor.folder(of: path)) else { return 0 }
        let (bytes, overflows) = volume.blocks.multipliedReportingOverflow(by: UInt64(volume.blockSize))
        return overflows ? .max : Int(clamping: bytes)
    }

    /// Gives all of it up. False if there was nothing to give.
    ///
    /// - Parameter sparing: it is given up only if there is more than half of it.
    package func giveUp(sparing: Bool = false) -> Bool {
        lock.withLock { _ in
            guard let file = try? FileDescriptor.open(path, [.readWrite, .noFollow, .nonBlocking]), let status = try? file.status(),
                status.isRegularFile, status.size > (sparing ? most / 2 : 0)
            else { return false }
            return (try? file.truncate(to: 0)) != nil
        }
    }
}
