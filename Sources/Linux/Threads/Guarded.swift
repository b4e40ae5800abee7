// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// State under a lock, for what every request passes.
///
/// As `Mutex`, but who finds it taken spins for a moment before it sleeps, and who frees it hands it to nobody: `Mutex` is a
/// priority-inheriting futex, which passes each contended lock on through the kernel, one switch of threads after the other.
@safe package final class Guarded<State: ~Copyable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    /// Read and written with `mutex` held.
    private var state: State

    package init(_ state: consuming State) {
        self.state = state
        unsafe mutex.initialize(to: pthread_mutex_t())
        // Neither fails on Linux: there is nothing to allocate, and the type is one that it has.
        _ = unsafe tacit_adaptive_mutex_init(mutex)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Runs `body` with the lock held. It must not be asked for again by the same thread.
    package func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(&state)
    }
}
