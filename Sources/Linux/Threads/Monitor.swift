// SPDX-License-Identifier: MIT

internal import CLinux  // pthread_mutex_t: of both modules
internal import Glibc

/// State under a lock, and threads that wait for it to change.
@safe package final class Monitor<State>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// Read and written with `mutex` held.
    private var state: State

    package init(_ state: State) {
        self.state = state
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe condition.initialize(to: pthread_cond_t())
        // None of these fails on Linux: there is nothing to allocate.
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Runs `body` with the lock held, then wakes those who wait.
    package func change<Result>(_ body: (inout State) -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer {
            unsafe pthread_cond_broadcast(condition)
            unsafe pthread_mutex_unlock(mutex)
        }
        return body(&state)
    }

    /// The same where any one of those who wait will do, and no more than one is needed.
    package func changeForOne<Result>(_ body: (inout State) -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer {
            unsafe pthread_cond_signal(condition)
            unsafe pthread_mutex_unlock(mutex)
        }
        return body(&state)
    }

    /// Runs `body` with the lock held, now and after each change, until it returns a result; then wakes those who wait.
    ///
    /// - Parameter isQuiet: whether what `body` did is nothing that anybody else waits for: then nobody is woken.
    /// - Returns: nil if the deadline passed first.
    package func wait<Result>(
        until deadline: Deadline? = nil, quietly isQuiet: Bool = false, for body: (inout State) -> Result?
    ) -> Result? {
        unsafe pthread_mutex_lock(mutex)
        defer {
            if !isQuiet { unsafe pthread_cond_broadcast(condition) }
            unsafe pthread_mutex_unlock(mutex)
        }
        while true {
            if let result = body(&state) { return result }
            guard let deadline else {
                unsafe pthread_cond_wait(condition, mutex)
                continue
            }
            var time = deadline.time
            if unsafe pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT { return body(&state) }
        }
    }
}

/// An instant after which nobody waits any more.
///
/// Of the clock that never is set: `CLOCK_MONOTONIC`.
package struct Deadline: Sendable {
    let time: timespec

    package init(after seconds: Double) {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        let bounded = min(max(seconds, 0), 86_400)
        let whole = Int(bounded)
        let nanoseconds = now.tv_nsec + Int((bounded - Double(whole)) * 1e9)
        time = timespec(tv_sec: now.tv_sec + whole + nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
    }
}
