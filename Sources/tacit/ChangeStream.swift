// SPDX-License-Identifier: MIT

import ControlAPI
import Linux

/// The changes that the daemon tells, as server-sent events, over as many connections as it takes.
struct ChangeStream {
    /// The place that is followed, with all below it; nil for the whole tree. `job`: what the caller's job has.
    let reference: [UInt8]?
    /// To go on from.
    private var lastID: Int64?
    /// Why it ends: what came of it can't be used.
    private var ending: Failure?

    /// How long it waits before it connects again, in microseconds.
    private static let pause: UInt32 = 500_000

    init(of reference: [UInt8]?) { self.reference = reference }

    /// Gives events to `use` as they come; none when it is told that it is connected, and now and then. Throws what `use` does, what keeps
    /// it from its first connection, and what no later one would mend.
    mutating func follow(_ use: ([ServerSentEvents.Event]) throws(Failure) -> Void) throws(Failure) -> Never {
        while true {
            do throws(Failure) { try connect(use) } catch {
                // A daemon that is started anew has the same changes.
                if let ending { throw ending }
                guard lastID != nil, error.exitCode == .unreachable || error.exitCode == .failed else { throw error }
            }
            SystemClock.sleep(microseconds: Self.pause)
        }
    }

    private mutating func connect(_ use: ([ServerSentEvents.Event]) throws(Failure) -> Void) throws(Failure) {
        var request = DaemonRequest("GET", Endpoint.changes, query: reference.map { [(name: "ref", value: $0)] } ?? [])
        request.lastEvent = lastID
        var events = ServerSentEvents()
        defer { lastID = events.lastID ?? lastID }
        try Daemon.stream(request) { part throws(Failure) in
            let found = events.add(part)
            do throws(Failure) { try use(found) } catch {
                ending = error
                throw error
            }
        }
    }
}
