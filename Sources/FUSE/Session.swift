package import Linux

/// A mounted file system: from `serve` until `stop`, or until somebody unmounts it.
///
/// Made before the file system, which may need it to invalidate and store; until `serve`, the kernel has cached nothing
/// and both do nothing.
package final class Session: Sendable {
    private let mountpoint: String
    private let allowOthers: Bool

    /// - Parameters:
    ///   - mountpoint: a folder.
    ///   - allowOthers: whether users other than the one who mounts may use it (root only).
    package init(mountpoint: String, allowOthers: Bool) {
        self.mountpoint = mountpoint
        self.allowOthers = allowOthers
    }

    /// Mounts, agrees with the kernel on the protocol, starts the workers, and returns when the mount answers.
    ///
    /// Call it once.
    /// - Parameter ended: called once, on a thread of its own, if the file system was unmounted otherwise than by `stop`.
    package func serve(_ fileSystem: any FileSystem, ended: @escaping @Sendable () -> Void) throws(SessionError) {
    }

    /// Unmounts, lets the requests in progress finish, and closes the connection: who still has files open gets ENOTCONN.
    ///
    /// Returns within `patience` seconds and a little, also when an operation hangs. Must not be called by an operation.
    package func stop(patience: Double = 5) {
    }

    /// Makes the kernel forget what changed; what it has forgotten when this returns, nobody sees again.
    ///
    /// For threads that serve no request (those of the control socket). The caller must hold no lock that an operation takes.
    package func invalidate(_ invalidations: [Invalidation]) {
    }

    /// Puts bytes into the kernel's page cache of a file, so that reads of it need no READ.
    ///
    /// Allowed during the OPEN of the first handle of the inode only: with others, a READ may be in progress, which holds
    /// the page locked that this waits for. Never to change a page that readers may have: what they gave to splice(2)
    /// refers to it. Invalidate `contents` instead.
    /// - Throws: what the kernel said; ENOENT if it does not know the inode.
    package func store(_ bytes: RawSpan, at offset: UInt64, of inode: UInt64) throws(Errno) {
    }
}
