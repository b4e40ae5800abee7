// SPDX-License-Identifier: MIT

internal import Bytes
internal import ControlAPI
internal import Linux
internal import Secrets
internal import Synchronization
internal import Vault

/// Telling changes as they are committed, as server-sent events: the HTML standard, 9.2.
enum ChangeHandlers {
    static func follow(_ call: Call) throws(Refused) -> Reply {
        var after: Int64?
        if let id = call.lastEvent {
            guard let number = Int64(decimal: id), number >= 0 else { throw .invalid("Last-Event-ID is no number") }
            after = number
        }
        let seconds: Int64? = try call.number("seconds", in: 0...86_400)
        let follower = Follower(
            service: call.service, peer: call.peer, followed: try followed(call), after: after ?? call.vault.generation,
            isFirst: after == nil, end: seconds.map { SystemClock.monotonic() + $0 * 1_000_000 })
        try call.service.followers.begin(call.peer, of: call.vault)
        do throws(Errno) { return .events(pipe: try follower.start().release()) } catch {
            throw .busy("changes can't be followed: \(error)")
        }
    }

    /// What `ref` names. Throws a refusal for a place that there is not.
    private static func followed(_ call: Call) throws(Refused) -> Followed {
        guard let top = try call.optionalReference("ref") else { return .tree(nil) }
        let caller = call.peer.acting("watch")
        if let (job, place) = call.vault.placeInJob(top, for: caller), place == .top { return .job(job) }
        do throws(VaultError) { _ = try call.vault.resolve(top, for: caller) } catch {
            throw call.service.refusal(error, about: top, for: caller)
        }
        return .tree(top)
    }
}

/// What is followed.
private enum Followed: Sendable {
    /// A place and all below it; nil for the whole tree.
    case tree(Reference?)
    /// All that a job has.
    case job(Job)
}

/// How many connections of each user follow something: changes, or the audit log.
final class Followers: Sendable {
    private struct State {
        var users: [UInt32: Int] = [:]
        var hasEnded = false
    }

    private let state = Monitor(State())

    /// Counts one more. Throws a refusal where the user has as many already.
    func begin(_ peer: Peer, of vault: Vault) throws(Refused) {
        let most = vault.isLimited(peer.uid) ? Limits.followers : Int.max
        let isAdmitted = state.change { state in
            guard state.users[peer.uid, default: 0] < most else { return false }
            state.users[peer.uid, default: 0] += 1
            return true
        }
        guard isAdmitted else { throw .busy("\(Limits.followers) connections of yours follow changes already") }
    }

    func end(_ uid: UInt32) {
        state.change { state in
            let left = state.users[uid, default: 1] - 1
            state.users[uid] = left > 0 ? left : nil
        }
    }

    /// Whether they are to end: the server stops.
    var hasEnded: Bool { state.wait { $0.hasEnded } ?? true }

    /// Tells them to end.
    func endAll() { state.change { $0.hasEnded = true } }

    /// Returns when there are none.
    func wait() { _ = state.wait { $0.users.isEmpty ? true : nil } }
}

/// One connection that follows changes, with a thread of its own: the connection's sends what it writes.
private final class Follower: Sendable {
    private let service: Service
    private let peer: Peer
    private let followed: Followed
    private let after: Int64
    /// Whether the peer comes for the first time, and has missed nothing.
    private let isFirst: Bool
    /// When it ends, of the monotonic clock in microseconds; nil for never.
    private let end: Int64?

    init(service: Service, peer: Peer, followed: Followed, after: Int64, isFirst: Bool, end: Int64?) {
        self.service = service
        self.peer = peer
        self.followed = followed
        self.after = after
        self.isFirst = isFirst
        self.end = end
    }

    /// Starts to tell, and returns where that can be read. It ends its entry in the list of followers.
    func start() throws(Errno) -> FileDescriptor {
        do throws(Errno) {
            let pipe = try PipeEnds()
            let writer = Mutex<FileDescriptor?>(try pipe.writer.duplicate())
            try DetachedThread.start { [self] in
                let output = writer.withLock { $0.take() }
                if let output { run(output) }
                service.followers.end(peer.uid)
            }
            return pipe.intoReader()
        } catch {
            service.followers.end(peer.uid)
            throw error
        }
    }

    /// Tells until the peer is gone or the server stops. A peer that reads slowly holds up nobody else.
    private func run(_ output: consuming FileDescriptor) {
        var position = Position(generation: after, count: isFirst ? service.vault.nodeChangeCount : nil)
        do throws(Errno) {
            try write("id: \(after)\n\n", to: output)
            var told = SystemClock.monotonic()
            while let text = next(&position, until: min(end ?? .max, told + Limits.heartbeat)) {
                let now = SystemClock.monotonic()
                // The changes that are no concern of the peer's are not to be told by anything, so also not by a sign of life.
                if !text.isEmpty || now >= told + Limits.heartbeat {
                    try write(text.isEmpty ? ":\n\n" : text, to: output)
                    told = now
                }
                if let end, now >= end { break }
            }
        } catch {
            // EPIPE: nobody reads any more.
        }
    }

    private func write(_ text: String, to output: borrowing FileDescriptor) throws(Errno) { try output.writeAll(Array(text.utf8)) }

    /// How far the peer has been told.
    private struct Position {
        var generation: Int64
        /// Of changes of nodes, for a job; nil where it is not known.
        var count: UInt64?
    }

    /// The text of the next events; empty for none until a time of the monotonic clock in microseconds, nil at the end.
    private func next(_ position: inout Position, until time: Int64) -> String? {
        let deadline = Deadline(after: max(0, Double(time - SystemClock.monotonic()) / 1e6))
        switch followed {
        case .tree(let top): return events(below: top, &position, until: deadline)
        case .job(let job): return events(of: job, &position, until: deadline)
        }
    }

    private func events(below top: Reference?, _ position: inout Position, until deadline: Deadline) -> String? {
        let changes: FollowedChanges
        do {
            let caller = try peer.placed(by: service.vault).acting("watch")
            changes = try service.vault.changes(after: position.generation, below: top, until: deadline, for: caller)
        } catch { return nil }
        switch changes {
        case .end: return nil
        case .reset(let now):
            position.generation = now
            return "event: reset\nid: \(now)\ndata: {}\n\n"
        case .events(let events, let newest):
            position.generation = newest
            // What comes in a burst is told together.
            SystemClock.sleep(microseconds: Limits.gathering)
            return events.indices.map { index in
                let (generation, event) = events[index]
                // The number stands where a peer that comes back has had all of a change.
                let isLast = index + 1 == events.count || events[index + 1].generation > generation
                return (isLast ? "id: \(generation)\n" : "") + "event: change\ndata: \(Self.line(event, peer))\n\n"
            }.joined()
        }
    }

    private func events(of job: Job, _ position: inout Position, until deadline: Deadline) -> String? {
        do throws(VaultError) {
            guard
                let changes = try service.vault.changes(
                    of: job, after: position.generation, since: position.count, until: position.count == nil ? Deadline(after: 0) : deadline
                )
            else { return nil }
            position = Position(generation: changes.generation, count: changes.count)
            SystemClock.sleep(microseconds: Limits.gathering)
            guard changes.areThere else { return "" }
            return "id: \(changes.generation)\nevent: change\ndata: {\"action\":\"written\",\"ref\":\"job\"}\n\n"
        } catch { return nil }
    }

    /// JSON on one line.
    private static func line(_ event: ChangeEvent, _ peer: Peer) -> String {
        var names = event.names
        if names.starts(with: [TreeName.users, Array("\(peer.uid)".utf8)]) { names = [TreeName.user] + names.dropFirst(2) }
        let reply = ChangeReply(ref: "\(Reference(components: names))", version: event.version, action: event.action.rawValue)
        return String(decoding: (JSONLine.bytes(of: reply) ?? []).dropLast(), as: UTF8.self)
    }
}
