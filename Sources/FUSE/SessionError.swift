package import Linux

/// Why a file system could not be mounted.
package enum SessionError: Error, Equatable, Sendable {
    case unusable(mountpoint: String, Errno)
    /// Something is mounted there already, and it is in use.
    case occupied(mountpoint: String, type: String)
    /// `/dev/fuse` can't be opened.
    case device(Errno)
    case mount(mountpoint: String)
}
