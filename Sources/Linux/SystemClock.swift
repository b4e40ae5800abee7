// SPDX-License-Identifier: MIT

internal import Bytes
internal import CLinux
internal import Glibc

/// Wall-clock time in microseconds since the start of 1970, UTC.
package enum SystemClock {
    /// Microseconds of a clock that is never set, since an arbitrary instant.
    package static func monotonic() -> Int64 {
        var time = timespec()
        // Cannot fail: the clock is one that every kernel has.
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1_000
    }

    #if DEBUG
        /// The time that `now` and `sinceBoot` give to this thread instead, for tests that compare times. Release builds have no such
        /// thing.
        @TaskLocal package static var told: Int64?
    #endif

    /// The same in nanoseconds.
    package static func nanoseconds() -> Int64 {
        var time = timespec()
        // Cannot fail: the clock is one that every kernel has.
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Microseconds since the machine started, those asleep included: a clock that is never set, and the same for all processes.
    package static func sinceBoot() -> Int64 {
        #if DEBUG
            if let told { return told }
        #endif
        var time = timespec()
        // Cannot fail: the clock is one that every kernel has.
        _ = unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1_000
    }

    /// The id of this start of the machine, another at each (random(4)); empty where the system does not say.
    package static func bootID() -> [UInt8] {
        let text = try? FileDescriptor.open("/proc/sys/kernel/random/boot_id", .readOnly).readToEnd(limit: 64)
        return text.map { Array($0.prefix { $0 != UInt8(ascii: "\n") }) } ?? []
    }

    /// The time now.
    package static func now() -> Int64 {
        #if DEBUG
            if let told { return told }
        #endif
        var time = timespec()
        // Cannot fail: the clock is one that every kernel has.
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1_000
    }

    /// A time as RFC 3339 writes it, UTC, with microseconds: "2026-01-02T03:04:05.678901Z".
    package static func rfc3339(_ microseconds: Int64) -> String {
        var bytes: [UInt8] = []
        RFC3339.append(microseconds, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Waits at least that long, unless a signal comes; the daemon's threads block them.
    package static func sleep(microseconds: UInt32) {
        usleep(microseconds)
    }
}
