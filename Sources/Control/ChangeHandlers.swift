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
            service: call.service, peer: call.peer, top: try call.optionalReference("ref"), after: after ?? call.vault.generation,
            end: seconds.map { SystemClock.monotonic() + $0 * 1_000_000 })
        if let top = follower.top {
            // One that there is not is told at once.
            do throws(VaultError) { _ = try call.vault.resolve(top, for: call.peer.acting("watch")) } catch {
                throw call.service.refusal(error, about: top, for: call.peer.acting("watch"))
            }
        }
        let isLimited = call.vault.isLimited(call.peer.uid)
        guard call.service.followers.begin(call.peer.uid, most: isLimited ? Limits.followers : Int.max) else {
            throw .busy("\(Limits.followers) connections of yours follow changes already")
        }
        do throws(Errno) { return .events(pipe: try follower.start().release()) } catch {
            throw .busy("changes can't be followed: \(error)")
        }
    }
}

/// How many connections of each user follow changes.
final class Followers: Sendable {
    private let users = Monitor<[UInt32: Int]>([:])

    /// False if the user has as many already.
    func begin(_ uid: UInt32, most: Int) -> Bool {
        users.change { users in
            guard users[uid, default: 0] < most else { return false }
            users[uid, default: 0] += 1
            return true
        }
    }

    func end(_ uid: UInt32) {
        users.change { users in
            let left = users[uid, default: 1] - 1
            users[uid] = left > 0 ? left : nil
        }
    }

    /// Returns when there are none.
    func wait() { _ = users.wait { $0.isEmpty ? true : nil } }
}

/// One connection that follows changes, with a thread of its own: the connection's sends what it writes.
private final class Follower: Sendable {
    private let service: Service
    private let peer: Peer
    let top: Reference?
    private let after: Int64
    /// When it ends, of the monotonic clock in microseconds; nil for never.
    private let end: Int64?

    init(service: Service, peer: Peer, top: Reference?, after: Int64, end: Int64?) {
        self.service = service
        self.peer = peer
        self.top = top
        self.after = after
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
        var generation = after
        do throws(Errno) {
            try write("id: \(generation)\n\n", to: output)
            while let text = next(&generation) {
                try write(text, to: output)
                if let end, SystemClock.monotonic() >= end { break }
            }
        } catch {
            // EPIPE: nobody reads any more.
        }
    }

    private func write(_ text: String, to output: borrowing FileDescriptor) throws(Errno) { try output.writeAll(Array(text.utf8)) }

    /// The text of the next events; nil at the end.
    private func next(_ generation: inout Int64) -> String? {
        let changes: FollowedChanges
        let patience = end.map { min(Limits.heartbeat, max(0, Double($0 - SystemClock.monotonic()) / 1e6)) } ?? Limits.heartbeat
        do {
            let caller = try peer.placed(by: service.vault).acting("watch")
            changes = try service.vault.changes(
                after: generation, below: top, until: Deadline(after: patience), for: caller)
        } catch { return nil }
        switch changes {
        case .end: return nil
        case .reset(let now):
            generation = now
            return "event: reset\nid: \(now)\ndata: {}\n\n"
        case .events(let events, let newest):
            generation = newest
            // What comes in a burst is told together.
            SystemClock.sleep(microseconds: Limits.gathering)
            guard !events.isEmpty else { return ":\n\n" }
            return events.indices.map { index in
                let (generation, event) = events[index]
                // The number stands where a peer that comes back has had all of a change.
                let isLast = index + 1 == events.count || events[index + 1].generation > generation
                return (isLast ? "id: \(generation)\n" : "") + "event: change\ndata: \(Self.line(event, peer))\n\n"
            }.joined()
        }
    }

    /// JSON on one line.
    private static func line(_ event: ChangeEvent, _ peer: Peer) -> String {
        var names = event.names
        if names.starts(with: [TreeName.users, Array("\(peer.uid)".utf8)]) { names = [TreeName.user] + names.dropFirst(2) }
        let reply = ChangeReply(ref: "\(Reference(components: names))", version: event.version, action: event.action.rawValue)
        return String(decoding: (JSONLine.bytes(of: reply) ?? []).dropLast(), as: UTF8.self)
    }
}
