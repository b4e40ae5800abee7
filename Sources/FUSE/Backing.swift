// SPDX-License-Identifier: MIT

internal import CFuse
internal import Linux

/// A file in memory that the kernel reads in the place of one of the mount, without asking: FUSE passthrough (Linux 6.9).
///
/// Rules of the kernel (fs/fuse/iomode.c), which answers an open that breaks one with EIO:
///
/// 1. An inode has one backing at a time: while a file is open that was answered with it, every other open of the inode must be answered
///    with it too, those for writing included. It has none when all of these are released.
/// 2. `OpenReply.directIO` beside it wins for read(2), write(2) and splice(2): such a file is served by READ and WRITE. Only mmap(2) maps
///    the backing.
/// 3. The rule counts when the caller's thread comes to it, some time after the answer. So before the first answer with a backing, all
///    that were answered without one must be known to be through: each has sent a request by its handle.
///
/// A file that is open for reading and writing maps the backing so that it can be written through the mapping, whatever the backing is
/// sealed with: what others read through must not be theirs too.
///
/// Its number is good as long as this object is there.
package final class Backing: Sendable {
    package let number: Int32
    /// Bytes.
    package let length: Int
    private weak let connection: KernelConnection?

    fileprivate init(_ number: Int32, length: Int, _ connection: KernelConnection) {
        self.number = number
        self.length = length
        self.connection = connection
    }

    deinit {
        // FUSE_DEV_IOC_BACKING_CLOSE. It fails where the connection is gone, and the number with it.
        if let connection { _ = cfuse_backing_close(connection.descriptor, number) }
    }

    /// Bytes of memory that it takes up.
    package var footprint: Int { (length / Self.page + 1) * Self.page }

    private static let page = 4096
}

extension KernelConnection {
    /// A backing that holds these bytes. Waits for nobody.
    ///
    /// - Throws: ENOTSUP where the kernel has no passthrough, ENOSPC where the memory for it is used up, EPERM without CAP_SYS_ADMIN.
    func back(_ bytes: RawSpan) throws(Errno) -> Backing {
        let number = try withVolume { volume throws(Errno) in
            let file = try volume.file(holding: bytes)
            let number = cfuse_backing_open(descriptor, file.rawValue)
            guard number > 0 else { throw .current }
            return number
        }
        return Backing(number, length: bytes.byteCount, self)
    }
}
