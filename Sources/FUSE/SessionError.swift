// SPDX-License-Identifier: MIT

package import Linux

/// Why a file system could not be mounted.
package enum SessionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The mountpoint can't be opened, or is no folder.
    case mountpoint(String, Errno)
    /// Something else is mounted there, and it is not the remains of a crash.
    case occupied(mountpoint: String, type: String)
    /// There are files in it, which nobody would see under the mount.
    case notEmpty(mountpoint: String, CoveredNames)
    /// Whether there are files in it can't be told.
    case unreadable(mountpoint: String, Errno)
    /// The remains of a crash can't be unmounted.
    case leftByCrash(mountpoint: String)
    /// `/dev/fuse` can't be opened.
    case device(Errno)
    /// mount(2) refused, or fusermount3(1) did (nil), which has written why to standard error.
    case refused(mountpoint: String, Errno?)
    /// fusermount3(1) can't be run.
    case fusermount(Errno)
    /// The kernel's FUSE is too old for what must be agreed on.
    case kernel(lacks: String)
    /// Memory for requests can't be locked: `RLIMIT_MEMLOCK` is too low.
    case memory(Errno)
    /// A thread can't be started, or the connection broke before it was used.
    case system(Errno)

    package var description: String {
        switch self {
        case .mountpoint(let path, let error): "can't use \(path) as a mountpoint: \(error)"
        case .occupied(let path, let type): "a file system of type \(type) is mounted on \(path) already"
        case .notEmpty(let path, let names): "\(path) is not empty: the mount would hide \(names)"
        case .unreadable(let path, let error): "can't see whether \(path) is empty: \(error)"
        case .leftByCrash(let path): "can't unmount what a crash has left on \(path)"
        case .device(let error): "can't open /dev/fuse: \(error)"
        case .refused(let path, let error?): "can't mount on \(path): \(error)"
        case .refused(let path, nil): "can't mount on \(path)"
        case .fusermount(let error): "can't run fusermount3, which mounts for users: \(error)"
        case .kernel(let feature): "the kernel's FUSE has no \(feature)"
        case .memory(let error): "can't lock memory for requests: \(error)"
        case .system(let error): "can't serve requests: \(error)"
        }
    }
}
