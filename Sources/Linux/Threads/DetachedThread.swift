// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// A thread of the daemon: detached, and with every signal blocked, so that signals go to the program's own threads.
package enum DetachedThread {
    /// The body of a thread, handed through `pthread_create(3)`.
    private final class Body {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    /// - Throws: what pthread_create(3) says, EAGAIN if there are too many threads.
    package static func start(_ run: @escaping @Sendable () -> Void) throws(Errno) {
        var every = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&every)
        // A thread starts with the mask of the one that makes it, so that there is no moment without.
        unsafe pthread_sigmask(SIG_SETMASK, &every, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }

        let body = unsafe Unmanaged.passRetained(Body(run))
        var thread = pthread_t()
        let error = unsafe pthread_create(
            &thread, nil,
            { body in
                if let body = unsafe body {
                    unsafe Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run()
                }
                return nil
            }, body.toOpaque())
        guard error == 0 else {
            unsafe body.release()
            throw Errno(rawValue: error)
        }
        pthread_detach(thread)
    }

    /// A thread with a file table of its own, in which nothing is open but `descriptors`, under the numbers that they have.
    ///
    /// For one that may be stuck in the kernel for longer than its process lives: what the process has open is closed at its end all
    /// the same, and whoever waits for that is told. Where the kernel refuses (unshare(2) with CLONE_FILES), it shares the table.
    /// - Throws: what pthread_create(3) says, EAGAIN if there are too many threads.
    package static func start(keepingOnly descriptors: [Int32], _ run: @escaping @Sendable () -> Void) throws(Errno) {
        try start {
            if tacit_unshare(TACIT_CLONE_FILES) == 0 { closeAll(but: descriptors) }
            run()
        }
    }

    private static func closeAll(but descriptors: [Int32]) {
        var first: UInt32 = 0
        for kept in descriptors.filter({ $0 >= 0 }).map({ UInt32($0) }).sorted() {
            if kept > first { tacit_close_range(first, kept - 1) }
            first = kept + 1
        }
        tacit_close_range(first, .max)
    }
}
