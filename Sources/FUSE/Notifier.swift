// SPDX-License-Identifier: MIT

// Telling the kernel what to forget, without ever waiting for ourselves.
//
// A notification is a write(2) to /dev/fuse that returns when the kernel has forgotten. Meanwhile it waits
//
//   for attributes: for nothing that a file system has to answer (as asynchronous reads are off: Handshake.swift);
//   for contents: for pages that are locked until a READ, or a WRITE from the page cache, is answered;
//   for an entry: for the folder's lock, which is held for whoever looks up, makes, removes, renames or lists something in
//   it, or changes its attributes or its ACL, until that is answered.
//
// So, with requests answered by several threads:
//
//   1. A thread that reads requests waits neither for contents nor for an entry, nor for the disk, nor for a file to be closed:
//      operations that change something are run by other threads (Course.swift). There is always one to answer what these wait for.
//   2. Contents are invalidated by one thread, which waits for nobody but for READs to be answered. Entries are invalidated by
//      others, one folder by each (NameNotifier.swift), since a user can hold a folder's lock as long as they like. An answer that the
//      kernel awaits with an inode's lock held may wait for the first, never for the others: those entries are invalidated after the
//      answer.
//   3. The answer to FLUSH, for which the kernel holds no lock, and which a thread gives that may wait, waits for both; for entries
//      only up to a deadline.
//   4. No lock of this module is held during a write(2) to /dev/fuse.
//   5. At the end the readers go last: as long as a notifier waits for a lock, somebody must answer who holds it. A thread
//      that waits there can't be woken, and keeps the connection from being closed. So a notifier that is to end takes
//      nothing more, and what would have waited for it is answered at once.
//   6. A thread that waits there outlives even a SIGKILL of its process. So it has a file table of its own, with nothing but the
//      connection in it: whatever else the process has open is closed when the process is killed.
//
// An operation must have released its own locks when its invalidations are issued, which is why it returns them.

internal import Linux

/// A thread that runs jobs one after the other.
final class Notifier: Sendable {
    typealias Job = @Sendable () -> Void

    private struct State {
        var jobs: [Job] = []
        var isFinishing = false
        /// Before the start too.
        var hasEnded = true
    }

    private let state = Monitor(State())

    /// - Parameter descriptor: of `/dev/fuse`, the only one that the thread keeps.
    /// - Throws: EAGAIN if there are too many threads.
    func start(keeping descriptor: Int32) throws(Errno) {
        state.change { $0.hasEnded = false }
        do throws(Errno) {
            try DetachedThread.start(keepingOnly: [descriptor]) { self.run() }
        } catch {
            state.change { $0.hasEnded = true }
            throw error
        }
    }

    /// Has the job run, soon.
    ///
    /// - Returns: false if the job will not be run: before `start`, and after `finish`.
    func submit(_ job: @escaping Job) -> Bool {
        state.change { state in
            let isTaken = !state.isFinishing && !state.hasEnded
            if isTaken { state.jobs.append(job) }
            return isTaken
        }
    }

    /// Has the job run, and returns when it was, or is not to be.
    func perform(_ job: @escaping Job) {
        let isDone = Monitor(false)
        let isTaken = submit {
            job()
            isDone.change { $0 = true }
        }
        if isTaken { isDone.wait { $0 ? () : nil } }
    }

    /// Ends the thread when it has run what was submitted.
    ///
    /// - Returns: false if it has not by then.
    func finish(until deadline: Deadline) -> Bool {
        state.change { $0.isFinishing = true }
        return state.wait(until: deadline) { $0.hasEnded ? true : nil } ?? false
    }

    private func run() {
        while true {
            let jobs = next()
            if jobs.isEmpty { return }
            for job in jobs { job() }
        }
    }

    /// - Returns: none at the end.
    private func next() -> [Job] {
        state.wait { state in
            guard state.jobs.isEmpty else {
                defer { state.jobs = [] }
                return state.jobs
            }
            state.hasEnded = state.isFinishing
            return state.hasEnded ? [] : nil
        } ?? []
    }
}
