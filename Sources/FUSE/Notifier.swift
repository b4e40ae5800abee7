// Telling the kernel what to forget, without ever waiting for ourselves.
//
// A notification is a write(2) to /dev/fuse that returns when the kernel has forgotten. Meanwhile it waits
//
//   for attributes: for nothing that a file system has to answer (as asynchronous reads are off: Handshake.swift);
//   for contents: for pages that are locked until a READ, or a WRITE from the page cache, is answered;
//   for an entry: for the folder's lock, which is held for whoever looks up, makes, removes, renames or lists something in
//   it, or changes its attributes or its ACL, until that is answered.
//
// So, with requests answered by workers:
//
//   1. A worker waits neither for contents nor for an entry, nor for the disk, nor for a file to be closed: operations that
//      change something are run by other threads (Committers.swift). There is always a worker to answer what these wait for.
//   2. Contents are invalidated by one thread, entries by another. An answer that the kernel awaits with an inode's lock
//      held, and a committer, may wait for the first, which waits for nobody but workers; never for the second: those
//      entries are invalidated after the answer.
//   3. The answers to FLUSH and RELEASE, for which the kernel holds no lock, may wait for both.
//   4. No lock of this module is held during a write(2) to /dev/fuse.
//      A worker may put contents into the page cache (`Session.store`) only where no READ of them can be in progress: that
//      takes the same page locks.
//   5. At the end the workers go last: as long as a notifier waits for a lock, somebody must answer who holds it. A thread
//      that waits there can't be woken, and keeps the connection from being closed. So a notifier that is to end takes
//      nothing more, and what would have waited for it is answered at once.
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

    /// - Throws: EAGAIN if there are too many threads.
    func start() throws(Errno) {
        state.change { $0.hasEnded = false }
        do throws(Errno) {
            try Thread.start { self.run() }
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
