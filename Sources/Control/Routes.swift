internal import ControlAPI

/// One kind of request.
struct Route: Sendable {
    let method: String
    let path: String
    /// The names that may stand in the query.
    let parameters: Set<String>
    let body: Body
    let handle: @Sendable (Call) throws(Refused) -> Reply

    /// What may come as the body.
    enum Body: Sendable {
        case none, json
        /// A key or a passphrase, or nothing.
        case secret
    }

    init(
        _ method: String, _ path: String, parameters: Set<String> = [], body: Body = .none,
        handle: @escaping @Sendable (Call) throws(Refused) -> Reply
    ) {
        self.method = method
        self.path = path
        self.parameters = parameters
        self.body = body
        self.handle = handle
    }

    /// All requests that the control socket answers.
    static let all = [
        Route("GET", Endpoint.status, handle: StatusHandlers.status),
        Route("POST", Endpoint.lock, handle: StatusHandlers.lock),
        Route("POST", Endpoint.unlock, body: .secret, handle: StatusHandlers.unlock),
        Route("POST", Endpoint.grant, parameters: ["ref"], body: .json, handle: GrantHandlers.grant),
        Route("POST", Endpoint.revoke, parameters: ["ref"], body: .json, handle: GrantHandlers.revoke),
        Route("GET", Endpoint.acl, parameters: ["ref"], handle: GrantHandlers.acl),
        Route("GET", Endpoint.shared, handle: GrantHandlers.shared),
        Route("GET", Endpoint.why, parameters: ["ref", "uid", "gid", "groups"], handle: GrantHandlers.why),
        Route("GET", Endpoint.audit, handle: AuditHandlers.read),
        Route("GET", Endpoint.verifyAudit, handle: AuditHandlers.verify),
    ]

    /// Throws a refusal for a path that nothing is at, and for one at which something else can be asked.
    static func find(_ method: String, _ path: String) throws(Refused) -> Route {
        let fitting = all.filter { $0.path == path }
        guard !fitting.isEmpty else {
            throw Refused(404, "there is no such request", hint: "tacit and tacitd should be of one release", code: .notFound)
        }
        guard let route = fitting.first(where: { $0.method == method }) else {
            throw Refused(405, "it takes \(fitting.map(\.method).joined(separator: " or "))", code: .invalid)
        }
        return route
    }
}
