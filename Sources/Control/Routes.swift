// SPDX-License-Identifier: MIT

internal import ControlAPI

/// One kind of request.
struct Route: Sendable {
    let method: String
    let path: String
    /// The names that may stand in the query.
    let parameters: Set<String>
    let body: Body
    let handle: @Sendable (Call) throws(Refused) -> Reply

    /// The kind of body that the route takes.
    enum Body: Equatable, Sendable {
        case none
        /// JSON of so many bytes at most.
        case json(limit: Int)
        /// A key or a passphrase, or nothing.
        case secret
        /// The octets of a value.
        case value
        /// Several values, behind a head that names them.
        case bundle
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
        Route("POST", Endpoint.grant, parameters: ["ref"], body: .json(limit: Limits.json), handle: GrantHandlers.grant),
        Route("POST", Endpoint.revoke, parameters: ["ref"], body: .json(limit: Limits.json), handle: GrantHandlers.revoke),
        Route("GET", Endpoint.acl, parameters: ["ref"], handle: GrantHandlers.acl),
        Route("GET", Endpoint.shared, handle: GrantHandlers.shared),
        Route("GET", Endpoint.why, parameters: ["ref", "uid", "gid", "groups"], handle: GrantHandlers.why),
        Route("GET", Endpoint.audit, handle: AuditHandlers.read),
        Route("GET", Endpoint.followAudit, parameters: ["seconds"], handle: AuditHandlers.follow),
        Route("GET", Endpoint.verifyAudit, handle: AuditHandlers.verify),
        Route("GET", Endpoint.entries, parameters: ["ref", "after", "limit"], handle: EntryHandlers.entries),
        Route("GET", Endpoint.deleted, parameters: ["ref"], handle: EntryHandlers.deleted),
        Route("GET", Endpoint.secret, parameters: ["ref"], handle: EntryHandlers.secret),
        Route("GET", Endpoint.complete, parameters: ["prefix", "limit"], handle: EntryHandlers.complete),
        Route("GET", Endpoint.value, parameters: ["ref"], handle: ValueHandlers.get),
        Route("PUT", Endpoint.value, parameters: ["ref", "expect", "empty", "verbatim"], body: .value, handle: ValueHandlers.put),
        Route("GET", Endpoint.values, parameters: ["ref"], handle: ValueHandlers.all),
        Route("POST", Endpoint.apply, body: .bundle, handle: ApplyHandlers.apply),
        Route("POST", Endpoint.make, parameters: ["ref", "kind"], handle: TreeHandlers.make),
        Route("POST", Endpoint.remove, parameters: ["ref", "id", "purge"], handle: TreeHandlers.remove),
        Route("POST", Endpoint.restore, parameters: ["id", "to"], handle: TreeHandlers.restore),
        Route("POST", Endpoint.move, parameters: ["from", "to"], handle: TreeHandlers.move),
        Route("POST", Endpoint.copy, parameters: ["from", "to", "overwrite"], handle: TreeHandlers.copy),
        Route("POST", Endpoint.migrate, parameters: ["from", "to", "overwrite", "dryRun"], handle: MigrateHandlers.migrate),
        Route("GET", Endpoint.history, parameters: ["ref"], handle: VersionHandlers.history),
        Route("POST", Endpoint.rollback, parameters: ["ref", "version"], handle: VersionHandlers.rollback),
        Route("GET", Endpoint.policy, parameters: ["ref"], handle: PolicyHandlers.get),
        Route("POST", Endpoint.policy, parameters: ["ref"], body: .json(limit: Limits.policy), handle: PolicyHandlers.set),
        Route("POST", Endpoint.jobs, body: .json(limit: Limits.job), handle: JobHandlers.start),
        Route("GET", Endpoint.jobs, parameters: ["id"], handle: JobHandlers.list),
        Route("POST", Endpoint.attach, parameters: ["id"], handle: JobHandlers.attach),
        Route("POST", Endpoint.end, parameters: ["id"], handle: JobHandlers.end),
        Route("GET", Endpoint.jobValues, parameters: ["all"], handle: JobHandlers.values),
        Route("PUT", Endpoint.jobFile, parameters: ["path", "overwrite"], body: .value, handle: JobHandlers.putFile),
        Route("GET", Endpoint.changes, parameters: ["ref", "seconds"], handle: ChangeHandlers.follow),
        Route("GET", Endpoint.doctor, handle: DoctorHandlers.doctor),
    ]

    /// Throws a refusal for a path that nothing is at, and for one at which something else can be asked.
    static func find(_ method: String, _ path: String) throws(Refused) -> Route {
        let fitting = all.filter { $0.path == path }
        guard !fitting.isEmpty else {
            throw Refused(404, "there is no such request", hint: "tacit and tacitd should be of one release", code: .notFound)
        }
        guard let route = fitting.first(where: { $0.method == method }) else {
            throw .methodNotAllowed(fitting.map(\.method))
        }
        return route
    }
}
