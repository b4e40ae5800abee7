// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Descriptors of the threads that called lately, so that the next call of each costs two system calls instead of seven. They are given up
/// where descriptors are short.
///
/// A descriptor stands for one thread for ever: when that is gone, so is what it tells (ESRCH), also if another thread has got the number.
/// Answers are read anew at each call: credentials and names change.
final class ThreadHandles: Sendable {
    static let shared = ThreadHandles()

    /// How many threads are kept: two descriptors each.
    private static let capacity = 128

    private struct Handle: ~Copyable {
        let pidfd: FileDescriptor
        let name: FileDescriptor
    }

    private final class KnownThread: Sendable {
        let handle: Handle
        init(_ handle: consuming Handle) { self.handle = handle }
    }

    private let threads = Guarded<[Int32: KnownThread]>([:])

    /// Nil where the kernel does not tell, or where the thread may be the kernel's. Throws `noSuchProcess`, and what reading throws.
    func inspect(_ tid: Int32) throws(Errno) -> (credentials: ThreadCredentials, name: [UInt8])? {
        if let kept = threads.withLock({ $0[tid] }) {
            do throws(Errno) {
                if let told = try Self.ask(kept.handle) { return told }
            } catch {
                guard error == .noSuchProcess else { throw error }
            }
        }
        let thread: KnownThread
        do throws(Errno) {
            guard let pidfd = try ThreadCredentials.open(tid) else { return nil }
            let name = try FileDescriptor.open("/proc/\(tid)/comm", .readOnly)
            thread = KnownThread(Handle(pidfd: pidfd, name: name))
        } catch {
            // There are no more to keep, and others are in want of those that are kept: /proc tells without.
            if error.isShortage {
                threads.withLock { $0 = [:] }
                SpareDescriptor.regain()
                return nil
            }
            throw error == .noEntry ? .noSuchProcess : error
        }
        guard let told = try Self.ask(thread.handle) else { return nil }
        threads.withLock { threads in
            if threads.count >= Self.capacity { threads.removeAll(keepingCapacity: true) }
            threads[tid] = thread
        }
        return told
    }

    /// Number of the control group that a thread sits in. Nil of a thread that `inspect` has not kept, and where the kernel does not tell.
    func cgroup(of tid: Int32) -> UInt64? {
        guard let kept = threads.withLock({ $0[tid] }) else { return nil }
        return PidfdInfo.cgroup(kept.handle.pidfd)
    }

    private static func ask(_ handle: borrowing Handle) throws(Errno) -> (credentials: ThreadCredentials, name: [UInt8])? {
        // The name first: if the thread's number has gone to another since the file was opened, the pidfd knows.
        let name = try ThreadName.read(from: handle.name)
        guard let credentials = try ThreadCredentials.ask(handle.pidfd) else { return nil }
        return (credentials, name)
    }
}
