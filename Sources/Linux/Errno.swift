// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// An error number of the system: what a call answered, or what the file system answers the kernel.
package struct Errno: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number, such as 2 for ENOENT.
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// The value of `errno` now, right after a call that failed.
    package static var current: Errno { Errno(rawValue: errno) }

    /// Whether the machine or the process has no more of something for now, descriptors or memory: nothing that was asked for is wrong.
    package var isShortage: Bool { self == .tooManyDescriptors || self == .tooManyFiles || self == .outOfMemory }

    /// The system's words for it, such as "No such file or directory".
    package var description: String {
        // Glibc answers with constant text, or text of this thread's own; never with null.
        guard let words = unsafe strerror(rawValue) else { return "error \(rawValue)" }
        return unsafe String(cString: words)
    }

    package static let notPermitted = Errno(rawValue: EPERM)
    package static let noEntry = Errno(rawValue: ENOENT)
    package static let noSuchProcess = Errno(rawValue: ESRCH)
    package static let interrupted = Errno(rawValue: EINTR)
    package static let inputOutput = Errno(rawValue: EIO)
    package static let badDescriptor = Errno(rawValue: EBADF)
    package static let tooBig = Errno(rawValue: E2BIG)
    package static let again = Errno(rawValue: EAGAIN)
    package static let outOfMemory = Errno(rawValue: ENOMEM)
    package static let accessDenied = Errno(rawValue: EACCES)
    package static let busy = Errno(rawValue: EBUSY)
    package static let exists = Errno(rawValue: EEXIST)
    package static let crossDevice = Errno(rawValue: EXDEV)
    package static let notFolder = Errno(rawValue: ENOTDIR)
    package static let isFolder = Errno(rawValue: EISDIR)
    package static let invalidArgument = Errno(rawValue: EINVAL)
    package static let notTerminal = Errno(rawValue: ENOTTY)
    package static let tooManyFiles = Errno(rawValue: ENFILE)
    package static let fileTooLarge = Errno(rawValue: EFBIG)
    package static let noSpace = Errno(rawValue: ENOSPC)
    package static let readOnly = Errno(rawValue: EROFS)
    package static let brokenPipe = Errno(rawValue: EPIPE)
    package static let range = Errno(rawValue: ERANGE)
    package static let nameTooLong = Errno(rawValue: ENAMETOOLONG)
    package static let noProtocolOption = Errno(rawValue: ENOPROTOOPT)
    package static let noSystemCall = Errno(rawValue: ENOSYS)
    package static let notEmpty = Errno(rawValue: ENOTEMPTY)
    package static let tooManyLinks = Errno(rawValue: ELOOP)
    package static let noData = Errno(rawValue: ENODATA)
    package static let overflow = Errno(rawValue: EOVERFLOW)
    package static let notSupported = Errno(rawValue: EOPNOTSUPP)
    package static let addressInUse = Errno(rawValue: EADDRINUSE)
    package static let notConnected = Errno(rawValue: ENOTCONN)
    package static let timedOut = Errno(rawValue: ETIMEDOUT)
    package static let tooManyDescriptors = Errno(rawValue: EMFILE)
    package static let canceled = Errno(rawValue: ECANCELED)
    package static let noDevice = Errno(rawValue: ENODEV)
    package static let connectionAborted = Errno(rawValue: ECONNABORTED)
    package static let connectionRefused = Errno(rawValue: ECONNREFUSED)
    package static let overQuota = Errno(rawValue: EDQUOT)
    package static let stale = Errno(rawValue: ESTALE)
    package static let noKey = Errno(rawValue: ENOKEY)
    package static let keyExpired = Errno(rawValue: EKEYEXPIRED)
    package static let keyRejected = Errno(rawValue: EKEYREJECTED)
}

/// The result of `call`, made again as long as a signal interrupts it. Throws what `errno` says where it is negative.
@inline(__always)
func retrying<Number: SignedInteger>(_ call: () -> Number) throws(Errno) -> Number {
    while true {
        let result = call()
        if result >= 0 { return result }
        let error = Errno.current
        guard error == .interrupted else { throw error }
    }
}
