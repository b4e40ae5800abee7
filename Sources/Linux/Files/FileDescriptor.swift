// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// An open file, pipe or socket, closed when its owner goes.
package struct FileDescriptor: ~Copyable, Sendable {
    /// The number, for calls of other layers while `self` is alive.
    package let rawValue: Int32

    /// How `open` opens: the flags of open(2).
    package struct OpenFlags: OptionSet, Sendable {
        package let rawValue: Int32
        package init(rawValue: Int32) { self.rawValue = rawValue }

        package static let readOnly = OpenFlags(rawValue: O_RDONLY)
        package static let writeOnly = OpenFlags(rawValue: O_WRONLY)
        package static let readWrite = OpenFlags(rawValue: O_RDWR)
        package static let append = OpenFlags(rawValue: O_APPEND)
        package static let create = OpenFlags(rawValue: O_CREAT)
        /// Fails where the file exists, also as a link to nowhere.
        package static let exclusive = OpenFlags(rawValue: O_EXCL)
        package static let truncate = OpenFlags(rawValue: O_TRUNC)
        package static let noFollow = OpenFlags(rawValue: O_NOFOLLOW)
        package static let folder = OpenFlags(rawValue: O_DIRECTORY)
        package static let nonBlocking = OpenFlags(rawValue: O_NONBLOCK)
        /// A terminal does not become the session's.
        package static let noControl = OpenFlags(rawValue: O_NOCTTY)
    }

    /// The status of an open file from fstat(2), or of a name from lstat(2).
    package struct Status: Equatable, Sendable {
        /// Device and inode number: which file it is.
        package let device: UInt64
        package let inode: UInt64
        /// The permission bits, as in 0o600.
        package let permissions: UInt32
        package let isRegularFile: Bool
        package let uid: UInt32
        package let gid: UInt32
        /// Length in bytes.
        package let size: Int64
        /// How many names it has: 0 for a file that was removed while it is open.
        package let links: UInt64

        fileprivate init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
            permissions = status.st_mode & 0o7777
            isRegularFile = status.st_mode & S_IFMT == S_IFREG
            uid = status.st_uid
            gid = status.st_gid
            size = Int64(status.st_size)
            links = UInt64(status.st_nlink)
        }
    }

    /// Takes over a descriptor that nobody else closes.
    package init(owning rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// open(2), always close-on-exec. `permissions` are those of a file that is made, less the umask.
    package static func open(
        _ path: String, _ flags: OpenFlags, permissions: UInt32 = 0
    ) throws(Errno) -> FileDescriptor {
        FileDescriptor(owning: try retrying { unsafe tacit_open(path, flags.rawValue | O_CLOEXEC, permissions) })
    }

    deinit { _ = Glibc.close(rawValue) }

    /// close(2), with what it has to say about writes before. The descriptor is gone in any case, so it is not retried.
    package consuming func close() throws(Errno) {
        let number = rawValue
        discard self
        if Glibc.close(number) < 0, Errno.current != .interrupted { throw .current }
    }

    /// Gives up the ownership: the caller closes the descriptor.
    package consuming func release() -> Int32 {
        let number = rawValue
        discard self
        return number
    }

    /// read(2) into the front of `bytes`; 0 is the end of the file.
    package borrowing func read(into bytes: inout MutableRawSpan) throws(Errno) -> Int {
        try unsafe bytes.withUnsafeMutableBytes { buffer throws(Errno) in
            try retrying { unsafe Glibc.read(rawValue, buffer.baseAddress, buffer.count) }
        }
    }

    /// pread(2) into the front of `bytes`, from `offset`; 0 is the end of the file.
    package borrowing func pread(into bytes: inout MutableRawSpan, at offset: Int64) throws(Errno) -> Int {
        try unsafe bytes.withUnsafeMutableBytes { buffer throws(Errno) in
            try retrying { unsafe Glibc.pread(rawValue, buffer.baseAddress, buffer.count, Int(offset)) }
        }
    }

    /// Reads to the end. Throws `fileTooLarge` past `limit` bytes. For what is no secret: secrets are read into locked memory.
    package borrowing func readToEnd(limit: Int) throws(Errno) -> [UInt8] {
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            var span = chunk.mutableSpan
            var bytes = unsafe span.mutableBytes
            let count = try read(into: &bytes)
            guard count > 0 else { return result }
            guard result.count + count <= limit else { throw .fileTooLarge }
            result.append(contentsOf: chunk.prefix(count))
        }
    }

    /// write(2), once: how many of the bytes went out.
    package borrowing func write(_ bytes: RawSpan) throws(Errno) -> Int {
        try unsafe bytes.withUnsafeBytes { buffer throws(Errno) in
            try retrying { unsafe Glibc.write(rawValue, buffer.baseAddress, buffer.count) }
        }
    }

    /// Writes all of `bytes`, with as many calls as it takes.
    package borrowing func writeAll(_ bytes: RawSpan) throws(Errno) {
        var written = 0
        while written < bytes.byteCount {
            written += try write(bytes.extracting(droppingFirst: written))
        }
    }

    /// `writeAll` for bytes in an array.
    package borrowing func writeAll(_ bytes: [UInt8]) throws(Errno) {
        try unsafe writeAll(bytes.span.bytes)
    }

    /// pwrite(2), once, at `offset`.
    package borrowing func pwrite(_ bytes: RawSpan, at offset: Int64) throws(Errno) -> Int {
        try unsafe bytes.withUnsafeBytes { buffer throws(Errno) in
            try retrying { unsafe Glibc.pwrite(rawValue, buffer.baseAddress, buffer.count, Int(offset)) }
        }
    }

    /// Writes all of `bytes` from `offset` on, with as many calls as it takes. Not where the file is open to append: Linux appends then.
    package borrowing func pwriteAll(_ bytes: [UInt8], at offset: Int64) throws(Errno) {
        var written = 0
        while written < bytes.count {
            written += try unsafe pwrite(bytes.span.bytes.extracting(droppingFirst: written), at: offset + Int64(written))
        }
    }

    /// Takes up room on the disk for the bytes from `start` to `end`, and leaves the file as long as it is (fallocate(2) with
    /// FALLOC_FL_KEEP_SIZE). Does nothing where the file system can't; throws `noSpace` where there is none.
    package borrowing func makeRoom(from start: Int64, to end: Int64) throws(Errno) {
        do throws(Errno) { _ = try retrying { tacit_fallocate_keeping_size(rawValue, Int(start), Int(end - start)) } } catch {
            if error != .notSupported, error != .noSystemCall { throw error }
        }
    }

    /// ftruncate(2): makes the file `size` bytes long.
    package borrowing func truncate(to size: Int64) throws(Errno) {
        _ = try retrying { ftruncate(rawValue, Int(size)) }
    }

    /// Takes the file for this process alone, until the descriptor is closed (flock(2)); throws EAGAIN where another has it.
    package borrowing func lockAlone() throws(Errno) {
        _ = try retrying { flock(rawValue, LOCK_EX | LOCK_NB) }
    }

    /// Gives up what `lockAlone` took.
    package borrowing func unlock() {
        // Fails for no descriptor that is open.
        _ = flock(rawValue, LOCK_UN)
    }

    /// fsync(2): returns when the contents and attributes are on the disk. Of a folder: its names.
    package borrowing func fsync() throws(Errno) {
        _ = try retrying { Glibc.fsync(rawValue) }
    }

    /// fdatasync(2): returns when the contents, and what it takes to find them, are on the disk.
    package borrowing func fdatasync() throws(Errno) {
        _ = try retrying { Glibc.fdatasync(rawValue) }
    }

    /// fstat(2).
    package borrowing func status() throws(Errno) -> Status {
        var status = stat()
        _ = try retrying { unsafe fstat(rawValue, &status) }
        return Status(status)
    }

    /// lstat(2): of what has this name now, a link itself; or stat(2), of what is at the end of all links.
    package static func status(of path: String, following: Bool = false) throws(Errno) -> Status {
        var status = stat()
        _ = try retrying { following ? unsafe stat(path, &status) : unsafe lstat(path, &status) }
        return Status(status)
    }

    /// Has write(2) put everything at the end of the file (O_APPEND, fcntl(2)), whatever the descriptor was opened for.
    package borrowing func startAppending() throws(Errno) {
        let flags = try retrying { fcntl(rawValue, F_GETFL) }
        _ = try retrying { fcntl(rawValue, F_SETFL, flags | O_APPEND) }
    }

    /// Makes the names in the folder at `path` durable: after a file was made, renamed or removed in it.
    package static func syncFolder(_ path: String) throws(Errno) {
        try open(path, [.readOnly, .folder]).fsync()
    }
}
