// SPDX-License-Identifier: MIT

internal import Bytes
internal import ControlAPI
internal import Linux
internal import Secrets
internal import Vault

/// Jobs: starting, joining, ending and listing them, and what `tacit run` asks from inside of its own.
enum JobHandlers {
    /// Starts a job with the process that connected as its root, or with a control group.
    static func start(_ call: Call) throws(Refused) -> Reply {
        let request = try call.body { text throws(JSONError) in try JobRequest(try JSONNode.parse(text)) }
        let order = try order(request)
        let caller = call.peer.acting("run")
        let anchor: Job.Anchor =
            if let path = request.cgroup {
                .cgroup(try asking { () throws(VaultError) in try call.vault.cgroup(at: path) })
            } else {
                .process(try process(call))
            }
        let (job, collisions, expired): (Job, [JobCollision], [(reference: Reference, since: Expiry)])
        do throws(VaultError) { (job, collisions, expired) = try call.vault.startJob(order, with: anchor, by: caller) } catch {
            throw refusal(error, order.scope, call, caller)
        }
        let notes = collisions.map { "\($0)" } + expired.map { "\($0.reference) expired at \($0.since.text)" }
        return try Reply(try reply(job, call, notes: notes))
    }

    private static func refusal(_ error: VaultError, _ scope: JobScope, _ call: Call, _ caller: Caller) -> Refused {
        switch error {
        case .about(_, .notFound), .notFound:
            let refused = call.service.refusal(error, about: scope.reference, for: caller)
            // The owner of the store sees all that there is. To others this is said whether or not it is there.
            guard refused.refusal.hint == nil, !scope.isOwn, caller.job == nil, call.vault.isLimited(caller.uid) else { return refused }
            return Refused(
                refused.status, refused.refusal.error,
                hint: "if it is there, a user who manages it lets you use it: tacit grant \(scope.reference) uid:\(caller.uid) run",
                code: refused.refusal.code)
        case .about(_, .conflict):
            let refused = call.service.refusal(error, about: scope.reference, for: caller)
            return Refused(
                refused.status, refused.refusal.error, hint: "-s names those that the job is to have, and what is named later wins",
                code: refused.refusal.code)
        case .exists: return hasJob
        default: return Refused(error)
        }
    }

    private static let hasJob = Refused(
        409, "a job is bound to this process or control group already", hint: "tacit jobs lists those that run", code: .conflict)

    private static func order(_ request: JobRequest) throws(Refused) -> JobOrder {
        let counts = [request.secrets?.count ?? 0, request.variables?.count ?? 0, request.files?.count ?? 0]
        guard counts.allSatisfy({ $0 <= Limits.jobParts }) else {
            let most = Limits.jobParts
            throw .invalid("a request names at most \(most) secrets, \(most) variables and \(most) files")
        }
        let scope: JobScope
        do {
            scope = try JobScope(request.project, target: request.target.map { Array($0.utf8) })
        } catch { throw .invalid("field project: \(error)") }
        var additions: [(path: JobPath, reference: Reference)] = []
        for variable in request.variables ?? [] {
            additions.append((.variable(Array(variable.name.utf8)), try reference(variable.ref)))
        }
        for file in request.files ?? [] {
            guard let path = Percent.decode(file.path) else { throw .invalid("field path is malformed") }
            additions.append((.file(JobPath.names(in: path)), try reference(file.ref)))
        }
        return JobOrder(
            scope: scope, names: request.secrets?.map { Array($0.utf8) }, additions: additions, isDebug: request.debug ?? false)
    }

    private static func reference(_ text: String) throws(Refused) -> Reference {
        guard let bytes = Percent.decode(text) else { throw .invalid("field ref is malformed") }
        // Safe: bytes have no padding.
        do { return try Reference.parse(unsafe bytes.span.bytes) } catch { throw .invalid("field ref: \(error)") }
    }

    /// The process that connected. Throws a refusal where it can't be held: then its number might be another's by now.
    private static func process(_ call: Call) throws(Refused) -> HeldProcess {
        guard let process = call.peer.process, call.peer.pid > 0 else {
            throw Refused(
                422, "who connected can't be told for certain",
                hint: "a job's process must be one that the daemon's pid namespace has a number for", code: .invalid)
        }
        return process
    }

    static func attach(_ call: Call) throws(Refused) -> Reply {
        let id = try id(call)
        let process = try process(call)
        let caller = call.peer.acting("attach")
        let job = try named(id) { () throws(VaultError) in try call.vault.attach(process, to: id, by: caller) }
        return try Reply(try reply(job, call))
    }

    static func end(_ call: Call) throws(Refused) -> Reply {
        let id = try id(call)
        try named(id) { () throws(VaultError) in try call.vault.endJob(id, by: call.peer.acting("end")) }
        return try Reply(DoneReply())
    }

    private static func id(_ call: Call) throws(Refused) -> JobID {
        guard let text = call.bytes("id") else { throw .invalid("parameter id is missing") }
        guard let id = JobID(text) else { throw .invalid("parameter id is no id of a job") }
        return id
    }

    private static func named<Value>(_ id: JobID, _ call: () throws(VaultError) -> Value) throws(Refused) -> Value {
        do { return try call() } catch .notFound {
            throw Refused(404, "\(id): no such job runs", hint: "tacit jobs lists those that run", code: .notFound)
        } catch .exists {
            throw hasJob
        } catch { throw Refused(error) }
    }

    /// All that the peer may know of, or the one that it asks for, of which it is told more.
    static func list(_ call: Call) throws(Refused) -> Reply {
        let wanted = call.bytes("id") == nil ? nil : try id(call)
        var room =
            wanted == nil
            ? JobNameRoom(most: Limits.listedNames, bytes: Limits.listedNameBytes, hasFiles: false)
            : JobNameRoom(most: .max, bytes: Limits.jobNameBytes, hasFiles: true)
        var replies: [JobReply] = []
        for job in call.vault.jobs(for: call.peer.acting("jobs")) where wanted == nil || job.id == wanted {
            replies.append(try reply(job, call, within: &room))
        }
        return try Reply(JobsReply(jobs: replies))
    }

    /// Of one that starts or is joined: whoever does has to know all of it. `notes`: those of one that starts.
    private static func reply(_ job: Job, _ call: Call, notes: [String]? = nil) throws(Refused) -> JobReply {
        var room = JobNameRoom.whole
        return try reply(job, call, within: &room, notes: notes)
    }

    private static func reply(
        _ job: Job, _ call: Call, within room: inout JobNameRoom, notes: [String]? = nil
    ) throws(Refused) -> JobReply {
        let told = try asking { () throws(VaultError) in try call.vault.describe(job, within: &room) }
        var (pid, cgroup): (Int32?, String?) = (nil, nil)
        switch job.anchor {
        case .process(let root): pid = root.id
        case .cgroup(let group): cgroup = group.path
        }
        return JobReply(
            id: "\(job.id)", path: "\(Reference(components: [TreeName.jobs, job.id.bytes]))", project: "\(told.scope)",
            debug: job.mode.contains(.debug),
            started: SystemClock.rfc3339(job.started), uid: job.starter.uid, pid: pid, cgroup: cgroup, attached: job.attached.map(\.id),
            outer: job.outer.map { "\($0.id)" }, secrets: told.secrets, opened: told.opened, files: told.files.map { Percent.encode($0) },
            counts: JobReply.Counts(secrets: told.counts.secrets, opened: told.counts.opened), notes: notes,
            mountpoint: notes == nil ? nil : call.service.mountpoint)
    }

    /// The values of the job that the peer is in.
    static func values(_ call: Call) throws(Refused) -> Reply {
        let all = try call.flag("all")
        let caller = call.peer.acting("run")
        let (job, items) = try asking { () throws(VaultError) in try call.vault.jobItems(all: all, for: caller) }
        let length = items.reduce(0) { $0 + Int(clamping: $1.length) }
        guard length < ValueBundle.longest, items.count <= ValueBundle.mostItems else {
            throw Refused(
                413, "the job's values are more than \(ValueBundle.longest) bytes or \(ValueBundle.mostItems) items",
                hint: "name the secrets that it needs", code: .tooLarge)
        }
        let share = try call.service.share(of: length, for: call.peer)
        var head: [JobValuesHead.Item] = []
        var values: [Snapshot] = []
        var room = max(length, Limits.smallValue)
        for item in items {
            let value = try call.service.ask(about: item.source, for: caller) { () throws(VaultError) -> Snapshot? in
                do throws(VaultError) { return try call.vault.open(item.item, .read, for: caller) } catch .notFound { return nil }
            }
            // It was removed meanwhile.
            guard let value else { continue }
            guard value.length <= room else { throw .busy("the job's values grow while they are read") }
            room -= value.length
            head.append(
                JobValuesHead.Item(
                    name: item.name, source: "\(item.source)", inView: item.isInView, version: value.version, length: value.length))
            values.append(value)
        }
        guard let line = JSONLine.bytes(of: JobValuesHead(id: "\(job.id)", items: head)) else {
            throw Refused(500, "the answer can't be written", code: .storage)
        }
        return .bundle(Octets(head: line, values: values, shares: [share]))
    }

    /// A file that the job is to have as long as it runs.
    static func putFile(_ call: Call) throws(Refused) -> Reply {
        guard let path = call.bytes("path") else { throw .invalid("parameter path is missing") }
        let caller = call.peer.acting("run")
        let overwrite = try call.flag("overwrite")
        guard let value = call.takeOctets() else { throw .invalid("the body is missing") }
        let share = try call.service.keptShare(of: value.count, for: call.peer)
        do throws(VaultError) {
            try call.vault.putFile(value, at: JobPath.names(in: path), overwrite: overwrite, share: share, by: caller)
        } catch .exists {
            throw Refused(409, "the job has something at files/\(String(decoding: path, as: UTF8.self)) already", code: .conflict)
        } catch { throw Refused(error) }
        return try Reply(DoneReply())
    }
}
