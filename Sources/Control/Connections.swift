// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Glibc
internal import Linux

/// The connections that there are: how many each user may have, and for how long one may be without the head of a request.
///
/// No user has more than a share of them. Some are kept for users who have none yet, so that those who fill the rest with several
/// accounts lock nobody out, and some for root and the owner of the store. One that is not admitted, or that says too little, is answered
/// 503 and ended.
final class Connections: Sendable {
    private struct State {
        var total = 0
        var counts: [UInt32: Int] = [:]
        /// Those that are to send the head of their next request, by their peers, and the order in which their time is over.
        var waiting: [ObjectIdentifier: Waiting] = [:]
        var order = ArraySlice<(peer: ObjectIdentifier, turn: UInt64)>()
        var turns: UInt64 = 0
        var isWatched = false
        var isStopping = false
    }

    private struct Waiting {
        let socket: Int32
        let turn: UInt64
        /// Microseconds of the clock that is never set.
        let until: Int64
        let isFirst: Bool
    }

    private let share: Int?
    private let isLimited: @Sendable (UInt32) -> Bool
    /// Microseconds.
    private let patience: Int64
    private let state = Guarded(State())
    /// Rung when there is somebody to wait for, and at the end.
    private let bell = Monitor(false)

    /// - Parameters:
    ///   - share: how many a user may have; nil for no limit.
    ///   - isLimited: whether shares count for a uid.
    ///   - patience: for how long a connection may be without the head of a request. Seconds.
    init(share: Int?, isLimited: @escaping @Sendable (UInt32) -> Bool, patience: Double = Limits.headTime) {
        self.share = share
        self.isLimited = isLimited
        self.patience = Int64(patience * 1e6)
    }

    /// Starts the thread that ends who says too little. It ends after `stop`. Throws EAGAIN if there are too many threads.
    func start() throws(Errno) {
        try DetachedThread.start { self.watch() }
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        bell.change { $0 = true }
    }

    /// Admits a new connection, or answers it that there is no room.
    func admit(_ peer: Peer, _ socket: Int32) -> Bool {
        let isAdmitted = state.withLock { state in
            guard mayConnect(peer.uid, state) else { return false }
            state.total += 1
            state.counts[peer.uid, default: 0] += 1
            return true
        }
        guard isAdmitted else {
            Self.refuse(socket, Self.noRoom)
            return false
        }
        expectHead(of: peer, socket, isFirst: true)
        return true
    }

    private func mayConnect(_ uid: UInt32, _ state: borrowing State) -> Bool {
        guard isLimited(uid) else { return state.total < Int(Limits.connections) }
        let own = state.counts[uid, default: 0]
        let kept = Limits.connectionsForOwner + (own > 0 ? Limits.connectionsForNewcomers : 0)
        return own < share ?? .max && state.total < Int(Limits.connections) - kept
    }

    /// A connection that was admitted has ended: its descriptor is about to be closed.
    func dismiss(_ peer: Peer) {
        state.withLock { state in
            state.waiting[ObjectIdentifier(peer)] = nil
            state.total -= 1
            let count = state.counts[peer.uid, default: 0]
            state.counts[peer.uid] = count > 1 ? count - 1 : nil
        }
    }

    /// The head of the next request is to come.
    func expectHead(of peer: Peer, _ socket: Int32, isFirst: Bool) {
        let isAwaited = state.withLock { state in
            state.turns &+= 1
            let id = ObjectIdentifier(peer)
            state.waiting[id] = Waiting(socket: socket, turn: state.turns, until: SystemClock.monotonic() + patience, isFirst: isFirst)
            state.order.append((id, state.turns))
            defer { state.isWatched = true }
            return state.isWatched
        }
        if !isAwaited { bell.change { $0 = true } }
    }

    /// The head of a request is there.
    func headCame(from peer: Peer) {
        state.withLock { $0.waiting[ObjectIdentifier(peer)] = nil }
    }

    private func watch() {
        while true {
            let next = state.withLock { state -> Int64? in
                while let first = state.order.first {
                    // Else its head came, or it has ended.
                    if let waiting = state.waiting[first.peer], waiting.turn == first.turn {
                        let left = waiting.until - SystemClock.monotonic()
                        if left > 0 { return left }
                        // With the lock held: until `dismiss` the descriptor is nobody else's.
                        state.waiting[first.peer] = nil
                        if waiting.isFirst { Self.refuse(waiting.socket, Self.noHead) } else { hangUp(waiting.socket) }
                    }
                    state.order.removeFirst()
                }
                state.order = []
                state.isWatched = false
                return nil
            }
            let deadline = next.map { Deadline(after: Double($0) / 1e6) }
            // While somebody is waited for nobody rings but who stops.
            _ = bell.wait(until: deadline) { isRung in isRung ? (isRung = false) : nil }
            if state.withLock({ $0.isStopping }) { return }
        }
    }

    private static let noRoom = response(.busy("there are too many connections, yours or all together"))
    private static let noHead = response(
        .busy("the head of the request did not come within \(Int(Limits.headTime)) seconds"))

    private static func response(_ refused: Refused) -> [UInt8] {
        let body = JSONLine.bytes(of: refused.refusal) ?? []
        let head = """
            HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n\
            Connection: close\r\nContent-Length: \(body.count)\r\n\r\n
            """
        return Array(head.utf8) + body
    }

    /// Answers without waiting, and hangs up. The socket's buffer has nothing in it yet.
    private static func refuse(_ socket: Int32, _ response: [UInt8]) {
        _ = unsafe response.withUnsafeBytes {
            unsafe send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        }
        hangUp(socket)
    }
}

/// Ends a connection that the HTTP library has made already: it sees the end of the stream and closes the descriptor.
private func hangUp(_ socket: Int32) {
    _ = shutdown(socket, Int32(SHUT_RDWR))
}
