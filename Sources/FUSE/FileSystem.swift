// SPDX-License-Identifier: MIT

// FUSE: a file system served to the kernel in its own protocol, that of linux/fuse.h.
//
// Open this file first. It has the one protocol that a file system implements; then Session.swift, which mounts it.
//
// Words
// - Inode: the number by which the kernel knows a file or folder; 1 is the root. This module gives numbers no meaning.
// - Handle: the number that the file system gives for an open file or folder, and gets back until its release.
// - Request: the credentials of the caller. Invalidation: something that the kernel must forget since it changed.
//
// Guarantees
// - Each request is answered exactly once, whatever an operation does: with its result, with the errno it throws,
//   with EIO if it neither answers nor throws (Exchange.swift is the only place that replies).
// - What the kernel sent lies in memory that is locked and not dumped, and is wiped when the operation has returned.
//   What a READ answers goes to the kernel from the memory that the file system lends, without a copy in this process.
// - Operations run on several threads at once, never on one that may hold up the kernel (Notifier.swift has the rules).
//   Those that change something may take long, and hold up none that doesn't (Course.swift).
// - No C name and no pointer leaves this module.

package import Linux

/// The operations of a file system, each named after its FUSE request.
///
/// An operation returns its result or throws what the caller's system call fails with. Several run at once.
/// It must never use its own mount, not even by stat(2): that request might wait for the thread it blocks.
///
/// FORGET is not here: inode numbers stay valid without being looked up. Neither are hard and symbolic links and
/// devices, which are refused with EPERM, nor locks, lseek(2) and fallocate(2), which the kernel does by itself or refuses.
package protocol FileSystem: Sendable {
    /// The entry `name` of the folder `parent`. Absent names are ENOENT and not cached by the kernel.
    func lookup(_ parent: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> Entry

    /// - Parameter handle: given when the caller has the file open and asks through the descriptor.
    func getattr(_ inode: UInt64, handle: UInt64?, _ request: Request) throws(Errno) -> Attributes

    func setattr(_ inode: UInt64, _ changes: SetAttributes, handle: UInt64?, _ request: Request) throws(Errno) -> Changed<Attributes>

    /// The target of a symbolic link, without NUL.
    func readlink(_ inode: UInt64, _ request: Request) throws(Errno) -> [UInt8]

    /// - Parameter mode: permission bits as the caller gave them; `Request.umask` is not applied yet.
    func mkdir(_ parent: UInt64, _ name: [UInt8], mode: UInt32, _ request: Request) throws(Errno) -> Changed<Entry>

    func unlink(_ parent: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> [Invalidation]

    func rmdir(_ parent: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> [Invalidation]

    func rename(
        _ parent: UInt64, _ name: [UInt8], to newParent: UInt64, _ newName: [UInt8], flags: RenameFlags, _ request: Request
    ) throws(Errno) -> [Invalidation]

    /// Makes the file `name` and opens it, as one step.
    ///
    /// - Parameter mode: permission bits as the caller gave them; `Request.umask` is not applied yet.
    func create(
        _ parent: UInt64, _ name: [UInt8], flags: OpenFlags, mode: UInt32, _ request: Request
    ) throws(Errno) -> Changed<Created>

    /// With `OpenFlags.truncate`, emptying the file is part of the open: no SETATTR comes for it.
    func open(_ inode: UInt64, flags: OpenFlags, _ request: Request) throws(Errno) -> OpenReply

    /// Whether an open for reading may have to wait for others to close the file. Asked before each: it waits for nothing.
    func mayWait(opening inode: UInt64) -> Bool

    /// Answers with at most `size` bytes from `offset`, by one call of `reply.lend`; none at the end of the file.
    func read(
        _ inode: UInt64, handle: UInt64, offset: UInt64, size: Int, _ request: Request, into reply: inout ReadReply
    ) throws(Errno)

    /// - Parameters:
    ///   - bytes: what was written. The memory is wiped when the operation has returned.
    ///   - flags: those the file has now; with `append`, `offset` is where the kernel believes the end to be.
    /// - Returns: how many bytes were taken.
    func write(
        _ inode: UInt64, handle: UInt64, offset: UInt64, bytes: RawSpan, flags: OpenFlags, _ request: Request
    ) throws(Errno) -> Changed<Int>

    /// A descriptor of the file was closed; there may be others, also in other processes, and more writes. What it throws is what close(2)
    /// reports.
    /// Not called for a handle opened with `noFlush`.
    func flush(_ inode: UInt64, handle: UInt64, _ request: Request) throws(Errno) -> [Invalidation]

    /// The last descriptor of the handle is gone. Called once for each handle. Nobody waits for it, and no caller is known.
    func release(_ inode: UInt64, handle: UInt64) -> [Invalidation]

    /// The caller gave up before it was told of the handle, of a file that was to be opened or created.
    func abandon(_ inode: UInt64, handle: UInt64)

    /// Whose turn it is at the release of the handle, if that takes long; nil for most. Waits for nothing.
    func user(ofRelease handle: UInt64) -> UInt32?

    func fsync(_ inode: UInt64, handle: UInt64, dataOnly: Bool, _ request: Request) throws(Errno) -> [Invalidation]

    /// - Returns: the handle.
    func opendir(_ inode: UInt64, _ request: Request) throws(Errno) -> UInt64

    /// Adds the entries that come after `cookie` to `filler` until it is full or none is left.
    ///
    /// - Parameter cookie: 0 at the start, then that of the last entry the kernel took.
    func readdir(
        _ inode: UInt64, handle: UInt64, after cookie: UInt64, _ request: Request, into filler: inout DirectoryFiller
    ) throws(Errno)

    func releasedir(_ inode: UInt64, handle: UInt64)

    /// The whole value; this module fits it to what the caller asked for. ENODATA if there is none.
    func getxattr(_ inode: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> [UInt8]

    /// - Parameter value: the memory is wiped when the operation has returned.
    func setxattr(
        _ inode: UInt64, _ name: [UInt8], value: RawSpan, flags: SetXattrFlags, _ request: Request
    ) throws(Errno) -> [Invalidation]

    /// All names, in full (`user.comment`).
    func listxattr(_ inode: UInt64, _ request: Request) throws(Errno) -> [[UInt8]]

    func removexattr(_ inode: UInt64, _ name: [UInt8], _ request: Request) throws(Errno) -> [Invalidation]

    func statfs(_ inode: UInt64, _ request: Request) throws(Errno) -> Statistics

    /// For how long the opens and closes of a user are to wait, since they had more than they may have. Microseconds; 0 for most. Asked
    /// before each: it takes next to no time, and waits for nothing.
    func delay(of uid: UInt32) -> Int64
}

extension FileSystem {
    package func mayWait(opening inode: UInt64) -> Bool { false }
    package func delay(of uid: UInt32) -> Int64 { 0 }
    package func user(ofRelease handle: UInt64) -> UInt32? { nil }
    package func abandon(_ inode: UInt64, handle: UInt64) { _ = release(inode, handle: handle) }
}
