// SPDX-License-Identifier: MIT

internal import CLinux

/// What a thread has used so far: getrusage(2) with RUSAGE_THREAD.
package struct ThreadUse: Sendable {
    /// Time on a processor, in nanoseconds.
    package let processor: Int64
    /// How often it gave the processor up to wait for something.
    package let waits: Int64

    /// That of the calling thread.
    package static var now: ThreadUse {
        var (processor, waits): (Int64, Int64) = (0, 0)
        unsafe tacit_thread_use(&processor, &waits)
        return ThreadUse(processor: processor, waits: waits)
    }
}
