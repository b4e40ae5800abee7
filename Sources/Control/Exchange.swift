internal import CMicroHTTPD
internal import ControlAPI
internal import Glibc
internal import Vault

/// One request and its answer. Used by one thread, that of its connection.
final class Exchange {
    /// An answer that needs no more of the request than its head.
    private(set) var earlyReply: Reply?

    private let service: Service
    private let peer: Peer
    private var route: Route?
    private var query = Query()
    private var json: [UInt8] = []
    private var secret: SecretBuffer?

    /// The headers that matter.
    struct Headers {
        /// Length of the body in bytes, 0 without one.
        var length: Int?
        /// Whether the body comes with no length said before.
        var isChunked: Bool
    }

    /// Judges the head of a request. `parameters` are the query's, decoded.
    init(
        service: Service, peer: Peer, method: String, path: String, parameters: [(name: [UInt8], value: [UInt8]?)],
        headers: Headers
    ) {
        self.service = service
        self.peer = peer
        do {
            let route = try Route.find(method, path)
            query = try Query(parameters, allowed: route.parameters)
            try prepare(for: route.body, headers)
            self.route = route
        } catch {
            earlyReply = Reply(error)
        }
    }

    /// Makes room for the body that `headers` announce.
    private func prepare(for body: Route.Body, _ headers: Headers) throws(Refused) {
        guard !headers.isChunked, let length = headers.length, length >= 0 else {
            throw Refused(411, "a body needs its length", code: .invalid)
        }
        let limit = body.limit
        guard length <= limit else { throw Refused(413, "the body is longer than \(limit) bytes", code: .tooLarge) }
        guard body == .secret, length > 0 else { return }
        secret = try asking { () throws(VaultError) in try SecretBuffer() }
    }

    /// Takes a piece of the body out of the HTTP library's buffer, and wipes it there: the library does not, and uses it again.
    /// False if it is more than was announced.
    func take(_ piece: UnsafeMutableRawBufferPointer) -> Bool {
        defer { if let start = piece.baseAddress { unsafe explicit_bzero(start, piece.count) } }
        guard let route, earlyReply == nil else { return true }
        switch route.body {
        case .none: return false
        case .secret: return takeSecret(unsafe piece.bytes)
        case .json:
            guard json.count + piece.count <= Limits.json else { return false }
            unsafe json.append(contentsOf: piece)
            return true
        }
    }

    private func takeSecret(_ piece: RawSpan) -> Bool {
        guard var secret = secret.take(), secret.count + piece.byteCount <= longestKey else { return false }
        guard (try? secret.write(piece, at: secret.count)) != nil else { return false }
        self.secret = consume secret
        return true
    }

    /// The answer, now that the whole request is there.
    func reply() -> Reply {
        if let earlyReply { return earlyReply }
        guard let route else { return Reply(.invalid("no request")) }
        let call = Call(service: service, peer: peer, query: query, json: json, secret: secret.take())
        do { return try route.handle(call) } catch { return Reply(error) }
    }
}

extension Route.Body {
    /// Most bytes of it.
    fileprivate var limit: Int {
        switch self {
        case .none: 0
        case .json: Limits.json
        case .secret: longestKey
        }
    }
}

extension Exchange.Headers {
    init(of connection: OpaquePointer) {
        func value(_ name: String) -> String? {
            unsafe MHD_lookup_connection_value(connection, .HEADER_KIND, name).map { unsafe String(cString: $0) }
        }
        length = value("Content-Length").map { Int($0) } ?? 0
        isChunked = value("Transfer-Encoding") != nil
    }
}
