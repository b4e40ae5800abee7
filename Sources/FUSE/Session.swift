// SPDX-License-Identifier: MIT

internal import Glibc
package import Linux
internal import Synchronization

/// How a file system came to be served no more, otherwise than by `Session.stop`.
package enum SessionEnd: Equatable, Sendable, CustomStringConvertible {
    /// It was unmounted, and nobody uses it any more.
    case unmounted
    /// The connection was aborted: by `umount -f`, or through /sys/fs/fuse/connections.
    case aborted
    /// Requests can't be received any more.
    case failed(Errno)

    /// - Parameters:
    ///   - error: what read(2) of `/dev/fuse` says at the end: ECONNABORTED for an abort through /sys/fs/fuse, ENODEV for one by
    ///     `umount -f` and for an unmount.
    ///   - isMounted: whether the mount is still there.
    init(_ error: Errno?, isMounted: Bool) {
        self =
            switch error {
            case nil, .noDevice: isMounted ? .aborted : .unmounted
            case .connectionAborted: .aborted
            case let error?: .failed(error)
            }
    }

    package var description: String {
        switch self {
        case .unmounted: "somebody unmounted it"
        case .aborted: "its connection to the kernel was aborted"
        case .failed(let error): "no more requests can be received: \(error)"
        }
    }
}

/// A file system on its mountpoint: from `serve` until `stop`, or until somebody unmounts it.
///
/// Made before the file system, which may need it to invalidate and store. Until `serve` the kernel has cached nothing.
package final class Session: Sendable {
    /// The parts that exist while the file system is mounted.
    private struct Service {
        let connection: KernelConnection
        let readers: Readers
        let mount: Mount
        var isStopping = false

        func end(patience: Double) {
            // A mount that can't be unmounted stays, refuses everything, and is cleared by the next `serve`.
            try? mount.detach()
            let deadline = Deadline(after: patience)
            let allIsTold = connection.stopNotifiers(until: deadline)
            let allIsAnswered = readers.stop(until: deadline)
            if !allIsTold { connection.abort(mount) }
            connection.sever()
            if allIsTold && allIsAnswered { return }
            // Threads that waited for the kernel do no more.
            let last = Deadline(after: 1)
            _ = connection.stopNotifiers(until: last)
            _ = readers.stop(until: last)
        }

    }

    private let mountpoint: String
    private let allowOthers: Bool
    private let covering: Covering
    private let backed: Int
    private let service = Mutex<Service?>(nil)

    /// The mount's source, and its type after `fuse.`.
    private static let name = "tacit"

    /// - Parameters:
    ///   - mountpoint: a folder.
    ///   - allowOthers: whether users other than the one who mounts may use it; only root may allow that.
    ///   - covering: what to do about files in the folder.
    ///   - backed: bytes of memory for files that the kernel reads by itself, where it can (`back`); 0: it is to ask for all.
    package init(mountpoint: String, allowOthers: Bool, covering: Covering = .refused, backed: Int = 0) {
        self.mountpoint = mountpoint
        self.allowOthers = allowOthers
        self.covering = covering
        self.backed = backed
    }

    /// Mounts, agrees with the kernel on the protocol, starts the threads that serve, and returns when the mount answers.
    ///
    /// To be called once. What a crash has left on the mountpoint is cleared first, and the folder under the mount is closed
    /// (`Mountpoint.cover`).
    /// - Parameter ended: called, on a thread of this module, when the file system is served no more otherwise than by `stop`, with
    ///   what happened; `stop` is to be called then too.
    package func serve(_ fileSystem: any FileSystem, ended: @escaping @Sendable (SessionEnd) -> Void) throws(SessionError) {
        let folder = try Mountpoint.clear(mountpoint, of: "fuse.\(Self.name)")
        let path: String
        do throws(Errno) { path = try folder.path() } catch { throw .mountpoint(mountpoint, error) }
        let slots: Slots
        do throws(Errno) { slots = try Slots() } catch { throw .memory(error) }
        let device = try folder.cover(path, covering) { () throws(SessionError) in
            try Device.mount(at: path, name: Self.name, allowOthers: allowOthers)
        }
        let mount = try mounted(at: path)
        let connection: KernelConnection
        do throws(SessionError) {
            // Needs what mounting needs, and more: a user's own mount has none.
            let volume = backed > 0 ? try? MemoryVolume(size: backed) : nil
            let hasVolume =
                switch volume {
                case .some: true;
                case .none: false
                }
            let passes = try shakeHands(device, slots, passthrough: hasVolume)
            do throws(Errno) { connection = try KernelConnection(fileSystem, device, slots, passes ? volume : nil) } catch {
                throw .system(error)
            }
        } catch {
            try? mount.detach()
            throw error
        }
        let readers = Readers(connection) { [weak self] error in
            if self?.isStopping == false { ended(SessionEnd(error, isMounted: mount.isThere)) }
        }
        let service = Service(connection: connection, readers: readers, mount: mount)
        do throws(SessionError) {
            try connection.startNotifiers()
            // The first operation may need it.
            self.service.withLock { $0 = service }
            try readers.start()
        } catch {
            self.service.withLock { $0 = nil }
            service.end(patience: 0)
            throw error
        }
    }

    /// The mount that was just made.
    private func mounted(at path: String) throws(SessionError) -> Mount {
        do throws(Errno) {
            let mountpoint = try Mountpoint(path)
            if let mount = try mountpoint.mount() { return mount }
            throw .noEntry
        } catch {
            try? Mountpoint(path).detach()
            throw .mountpoint(path, error)
        }
    }

    private func shakeHands(_ device: borrowing FileDescriptor, _ slots: Slots, passthrough: Bool) throws(SessionError) -> Bool {
        let slot: Slot
        do throws(Errno) { slot = try slots.takeReceiving() } catch { throw .memory(error) }
        defer { slot.release() }
        return try Handshake.shake(device, receivingIn: slot, passthrough: passthrough)
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

    /// Makes the kernel forget what has changed. When this returns, nobody finds it any more; but for names in a folder that
    /// somebody keeps locked, which are forgotten when it is free.
    ///
    /// For threads that serve no request, such as those of a control socket, and hold no lock that an operation takes.
    /// - Parameter uid: the user whose change it was; nil if that is not known.
    package func invalidate(_ invalidations: [Invalidation], by uid: UInt32? = nil) {
        guard let connection else { return }
        let entries = invalidations.filter(\.isEntry)
        let others = invalidations.filter { !$0.isEntry }
        if !others.isEmpty { connection.pages.perform { connection.forget(others) } }
        connection.names.perform(entries, by: uid, until: Deadline(after: KernelConnection.patience), connection.forget)
    }

    /// A file in memory that holds these bytes, for the kernel to read in the place of one of the mount. May be called in an operation: it
    /// waits for nobody.
    ///
    /// - Throws: ENOTSUP where the kernel can't, ENOSPC where the memory for it is used up.
    package func back(_ bytes: RawSpan) throws(Errno) -> Backing {
        guard let connection else { throw .notConnected }
        return try connection.back(bytes)
    }

    /// Whether `back` can succeed.
    package var passes: Bool { connection?.passes ?? false }

    /// Makes the kernel forget the attributes and ACLs of an inode. May be called in an operation: it waits for nobody (Notifier.swift).
    /// What that operation answers of them itself the kernel tells the caller, and does not keep; nor does it keep any other answer of them
    /// that is on its way.
    package func forgetAttributes(of inode: UInt64) {
        connection?.forget([.attributes(inode)])
    }

    /// For tests, while no request is served: whether nothing of any is left.
    var slotsAreWiped: Bool {
        service.withLock { $0?.connection.slots.areWiped ?? true }
    }

    private var isStopping: Bool {
        service.withLock { $0?.isStopping ?? true }
    }

    private var connection: KernelConnection? {
        service.withLock { $0?.connection }
    }
}
