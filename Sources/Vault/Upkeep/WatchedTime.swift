// SPDX-License-Identifier: MIT

internal import Linux

/// The time that a daemon saw pass with this store, by a clock that nobody sets: what was deleted is destroyed by it, so that a wall clock
/// that is wrong at one start destroys nothing, and one that is set back keeps nothing for ever.
///
/// It counts while the machine is up, between two runs of the daemon too; what passes while the machine is off is not counted.
final class WatchedTime: Sendable {
    /// The watched time at `start` of the machine's clock.
    private let base: Int64
    private let start: Int64

    /// Goes on from what was saved. `latest` is the latest watched time of any row: none lies in the future, were it that the saved row
    /// is an older copy or damaged.
    init(after saved: WatchRow?, latest: Int64) {
        start = SystemClock.sinceBoot()
        var base = saved?.watched ?? 0
        if let saved, !saved.boot.isEmpty, saved.boot == SystemClock.bootID(), start > saved.reading {
            let (passed, overflows) = start.subtractingReportingOverflow(saved.reading)
            base = Self.adding(base, overflows ? .max : passed)
        }
        self.base = max(base, latest, 0)
    }

    /// Microseconds since the store was first opened.
    var now: Int64 { Self.adding(base, max(0, SystemClock.sinceBoot() - start)) }

    /// The row to save.
    var row: WatchRow { WatchRow(watched: now, boot: SystemClock.bootID(), reading: SystemClock.sinceBoot()) }

    private static func adding(_ time: Int64, _ more: Int64) -> Int64 {
        let (sum, overflows) = time.addingReportingOverflow(more)
        return overflows ? .max : sum
    }
}

/// The watched time as it was saved.
struct WatchRow: Equatable, Sendable {
    /// Microseconds.
    let watched: Int64
    /// Which start of the machine it was, and what its clock said. Microseconds.
    let boot: [UInt8]
    let reading: Int64

    /// Sealed: or else who can write to the store could have everything expire that was deleted, unnoticed.
    func canonicalBytes(store: [UInt8]) -> [UInt8] {
        var fields = CanonicalBytes(label: "tacit watch 1")
        fields.add(store)
        fields.add(watched)
        fields.add(boot)
        fields.add(reading)
        return fields.bytes
    }
}
