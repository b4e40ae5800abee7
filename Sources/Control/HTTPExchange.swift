// SPDX-License-Identifier: MIT

internal import CMicroHTTPD
internal import ControlAPI
internal import Glibc
internal import Linux
internal import Vault

/// One request and its answer. Used by one thread, that of its connection.
final class HTTPExchange {
    /// An answer that needs no more of the request than its head.
    private(set) var earlyReply: Reply?

    private let service: Service
    private let peer: Peer
    private var route: Route?
    private var query = Query()
    private var intake: Intake?
    private let lastEvent: [UInt8]?

    /// The headers that matter.
    struct Headers {
        /// Length of the body in bytes, 0 without one.
        var length: Int?
        /// Whether the body comes with no length said before.
        var isChunked: Bool
        /// The last event that the peer has had of a stream (`Last-Event-ID` of the HTML standard, 9.2.4).
        var lastEvent: [UInt8]?
    }

    /// Judges the head of a request. `parameters` are the query's, decoded.
    init(
        service: Service, peer: Peer, method: String, path: String, parameters: [(name: [UInt8], value: [UInt8]?)],
        headers: Headers
    ) {
        self.service = service
        self.peer = peer
        lastEvent = headers.lastEvent
        do throws(Refused) {
            let route = try Route.find(method, path)
            query = try Query(parameters, allowed: route.parameters)
            guard !headers.isChunked, let length = headers.length, length >= 0 else {
                throw Refused(411, "a body needs its length", code: .invalid)
            }
            intake = try Intake(route.body, length: length, service: service, peer: peer)
            self.route = route
        } catch {
            earlyReply = Reply(error)
        }
    }

    /// Takes a piece of the body out of the HTTP library's buffer, and wipes it there: the library does not, and uses it again.
    /// False if it is more than was announced.
    func take(_ piece: UnsafeMutableRawBufferPointer) -> Bool {
        defer { if let start = piece.baseAddress { unsafe explicit_bzero(start, piece.count) } }
        guard earlyReply == nil else { return true }
        return unsafe intake?.take(piece.bytes) ?? false
    }

    /// Lets who had more lines of the audit log than a user may wait: on the thread of their connection, which is nobody else's.
    private func waitForTurn() {
        let end = SystemClock.monotonic() + Int64(Limits.pause * 1e6)
        while SystemClock.monotonic() < end {
            let delay = service.vault.delay(of: peer.uid)
            guard delay > 0 else { return }
            SystemClock.sleep(microseconds: UInt32(min(delay, 50_000)))
        }
    }

    /// The answer, now that the whole request is there.
    func reply() -> Reply {
        if let earlyReply { return earlyReply }
        guard let route, let intake = intake.take() else { return Reply(.invalid("no request")) }
        waitForTurn()
        do throws(Refused) {
            return try route.handle(
                Call(
                    service: service, peer: try peer.placed(by: service.vault), query: query, body: try intake.finished(),
                    lastEvent: lastEvent))
        } catch { return Reply(error) }
    }
}

extension HTTPExchange.Headers {
    init(of connection: OpaquePointer) {
        func value(_ name: String) -> String? {
            unsafe MHD_lookup_connection_value(connection, .HEADER_KIND, name).map { unsafe String(cString: $0) }
        }
        length = value("Content-Length").map { Int($0) } ?? 0
        isChunked = value("Transfer-Encoding") != nil
        lastEvent = value("Last-Event-ID").map { Array($0.utf8) }
    }
}
