internal import Glibc
package import Linux
internal import Synchronization

/// A file system on its mountpoint: from `serve` until `stop`, or until somebody unmounts it.
///
/// Made before the file system, which may need it to invalidate and store. Until `serve` the kernel has cached nothing.
package final class Session: Sendable {
    /// What there is while the file system is mounted.
    private struct Service {
        let connection: Connection
        let workers: Workers
        let mount: Mount
        var isStopping = false

        func end(patience: Double) {
            // What can't be unmounted stays, refuses everything, and is cleared by the next `serve`.
            try? mount.detach()
            let deadline = Deadline(after: patience)
            let allIsTold = connection.stopNotifiers(until: deadline)
            let allIsAnswered = stopThreads(until: deadline)
            if !allIsTold { connection.abort(mount) }
            connection.sever()
            if allIsTold && allIsAnswered { return }
            // What waited for the kernel does no more.
            let last = Deadline(after: 1)
            _ = connection.stopNotifiers(until: last)
            _ = stopThreads(until: last)
        }

        /// The workers first: what they hand over is done by the committers.
        private func stopThreads(until deadline: Deadline) -> Bool {
            let allHaveEnded = workers.stop(until: deadline)
            return connection.committers.stop(until: deadline) && allHaveEnded
        }
    }

    private let mountpoint: String
    private let allowOthers: Bool
    private let service = Mutex<Service?>(nil)

    /// The mount's source, and its type after `fuse.`.
    private static let name = "tacit"

    /// - Parameters:
    ///   - mountpoint: a folder.
    ///   - allowOthers: whether users other than the one who mounts may use it; only root may allow that.
    package init(mountpoint: String, allowOthers: Bool) {
        self.mountpoint = mountpoint
        self.allowOthers = allowOthers
    }

    /// Mounts, agrees with the kernel on the protocol, starts the workers, and returns when the mount answers.
    ///
    /// To be called once. What a crash has left on the mountpoint is cleared first.
    /// - Parameter ended: called, on a thread of this module, when the file system is unmounted otherwise than by `stop`;
    ///   `stop` is to be called then too.
    package func serve(_ fileSystem: any FileSystem, ended: @escaping @Sendable () -> Void) throws(SessionError) {
        let path = try Mountpoint.clear(mountpoint, of: "fuse.\(Self.name)")
        let connection: Connection
        do throws(Errno) {
            connection = try Connection(fileSystem, name: Self.name, allowOthers: allowOthers)
        } catch {
            throw .system(error)
        }
        let mount = try connection.mount(at: path)
        let workers = Workers(connection) { [weak self] in
            if self?.isStopping == false { ended() }
        }
        let service = Service(connection: connection, workers: workers, mount: mount)
        do throws(SessionError) {
            try connection.shakeHands()
            try connection.startNotifiers()
            // The first operation may need it.
            self.service.withLock { $0 = service }
            try workers.start()
        } catch {
            self.service.withLock { $0 = nil }
            service.end(patience: 0)
            throw error
        }
    }

    /// Unmounts, lets what was asked before be answered, and closes the connection: who still has a file open gets ENOTCONN.
    ///
    /// Returns within `patience` seconds and one more, also if an operation hangs. Not to be called by an operation.
    package func stop(patience: Double = 5) {
        let service = service.withLock { service in
            let isFirst = service?.isStopping == false
            service?.isStopping = true
            return isFirst ? service : nil
        }
        guard let service else { return }
        service.end(patience: patience)
        self.service.withLock { $0 = nil }
    }

    /// Makes the kernel forget what has changed. When this returns, nobody finds it any more.
    ///
    /// For threads that serve no request, such as those of a control socket, and hold no lock that an operation takes.
    package func invalidate(_ invalidations: [Invalidation]) {
        guard let connection else { return }
        let notifier = invalidations.contains(where: \.isEntry) ? connection.names : connection.pages
        notifier.perform { connection.forget(invalidations) }
    }

    /// Puts bytes into the kernel's page cache of a file, so that reading them needs no READ.
    ///
    /// Allowed in the OPEN of the first handle of the inode only: with another, a READ may be in progress that holds the
    /// page locked for which this waits, and it is a worker that waits. Never to change a page that readers may have: what
    /// they gave to splice(2) or sendfile(2) still refers to it. Invalidate the contents instead.
    /// - Throws: what the kernel says; ENOENT if it does not know the inode.
    package func store(_ bytes: RawSpan, at offset: UInt64, of inode: UInt64) throws(Errno) {
        guard let connection else { throw .notConnected }
        try connection.store(bytes, at: offset, of: inode)
    }

    /// For tests, while no request is served: whether nothing of any is left.
    var buffersAreWiped: Bool {
        service.withLock { $0?.workers.buffersAreWiped ?? true }
    }

    private var isStopping: Bool {
        service.withLock { $0?.isStopping ?? true }
    }

    private var connection: Connection? {
        service.withLock { $0?.connection }
    }
}
