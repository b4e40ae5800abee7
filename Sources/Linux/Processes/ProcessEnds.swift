// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Tells when processes end, any number of them by one thread (epoll(7) on their pidfds).
package final class ProcessEnds: Sendable {
    private let waiting: Waiting
    /// Closed with `self`, which the thread sees.
    private let end: FileDescriptor

    /// The state that the thread and its owner share.
    private final class Waiting: Sendable {
        let epoll: FileDescriptor
        let end: FileDescriptor
        /// By pidfd, each also in the kernel's list. A process that is here is held, so that the number stays its own.
        let watched = Guarded<[Int32: Watched]>([:])

        init(_ epoll: consuming FileDescriptor, _ end: consuming FileDescriptor) {
            self.epoll = epoll
            self.end = end
        }
    }

    private struct Watched {
        let process: HeldProcess
        let tell: @Sendable () -> Void
    }

    /// Starts the thread. Throws what epoll_create1(2), pipe(2) and pthread_create(3) do.
    package init() throws(Errno) {
        let pipe = try PipeEnds()
        let reader = try pipe.reader.duplicate()
        let waiting = Waiting(FileDescriptor(owning: try retrying { tacit_epoll_create() }), reader)
        try Self.add(waiting.end.rawValue, to: waiting.epoll)
        self.waiting = waiting
        end = pipe.intoWriter()
        try DetachedThread.start { Self.run(waiting) }
    }

    /// Runs `tell` once, on the thread, when the process has ended; soon, if it has. Throws `exists` if it is watched by this object
    /// already, and ENOSPC where a user watches too many files.
    package func watch(_ process: HeldProcess, tell: @escaping @Sendable () -> Void) throws(Errno) {
        try waiting.watched.withLock { watched throws(Errno) in
            let descriptor = process.pidfd.rawValue
            guard watched[descriptor] == nil else { throw .exists }
            try Self.add(descriptor, to: waiting.epoll)
            watched[descriptor] = Watched(process: process, tell: tell)
        }
    }

    /// Stops watching, if it is watched. `tell` may be running, or may have run.
    package func forget(_ process: HeldProcess) {
        _ = Self.forget(process.pidfd.rawValue, waiting)
    }

    private static func add(_ descriptor: Int32, to epoll: borrowing FileDescriptor) throws(Errno) {
        _ = try retrying { tacit_epoll_add(epoll.rawValue, descriptor) }
    }

    /// Returns false if it was not watched.
    private static func forget(_ descriptor: Int32, _ waiting: Waiting) -> Bool {
        waiting.watched.withLock { watched in
            // The caller holds the process: the number is its own until it is out of the kernel's list too.
            guard watched.removeValue(forKey: descriptor) != nil else { return false }
            // Can't fail: what is in the one list is in the other.
            _ = tacit_epoll_remove(waiting.epoll.rawValue, descriptor)
            return true
        }
    }

    private static func run(_ waiting: Waiting) {
        // Fails for no arguments of ours.
        while let descriptor = try? retrying({ tacit_epoll_wait(waiting.epoll.rawValue) }), descriptor != waiting.end.rawValue {
            guard let watched = waiting.watched.withLock({ $0[descriptor] }), watched.process.hasEnded else { continue }
            if forget(descriptor, waiting) { watched.tell() }
        }
    }
}
