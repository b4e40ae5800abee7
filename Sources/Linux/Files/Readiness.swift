// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// Which of some descriptors can be read or written: poll(2).
package struct Readiness {
    private var waiting: [pollfd] = []

    package init() {}

    /// Asks whether there is something to read, or never will be. Returns where the answer will be.
    package mutating func add(reading descriptor: Int32) -> Int { add(descriptor, POLLIN) }

    /// Asks whether something can be written, or never will be.
    package mutating func add(writing descriptor: Int32) -> Int { add(descriptor, POLLOUT) }

    private mutating func add(_ descriptor: Int32, _ events: Int32) -> Int {
        waiting.append(pollfd(fd: descriptor, events: Int16(events), revents: 0))
        return waiting.count - 1
    }

    /// Waits for one of them, or that long; nil: as long as it takes. Throws what poll(2) does.
    package mutating func wait(microseconds: Int64?) throws(Errno) {
        // Rounded up: less would be waiting for the rest without sleeping.
        let timeout = microseconds.map { Int32(clamping: (max(0, $0) + 999) / 1000) } ?? -1
        _ = try retrying { unsafe poll(&waiting, nfds_t(waiting.count), timeout) }
    }

    /// Whether `wait` has found the descriptor ready; false for nil.
    package func isReady(_ place: Int?) -> Bool {
        guard let place, waiting.indices.contains(place) else { return false }
        return waiting[place].revents != 0
    }
}
