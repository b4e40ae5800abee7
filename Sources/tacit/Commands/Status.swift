// SPDX-License-Identifier: MIT

import ControlAPI

extension Command {
    static let status = Command(
        "status", summary: "say how the daemon is, and which jobs run",
        details: """
            Where the tree is mounted, whether the store is locked, where things are kept, and
            the jobs that run, as far as the caller may see them.
            """
    ) { invocation throws(Failure) in
        let reply = try Daemon.status()
        let jobs = try Daemon.ask(DaemonRequest("GET", Endpoint.jobs)).decoded(as: JobsReply.self).jobs
        if invocation.wantsJSON { return try DaemonAnswer(encoding: StatusWithJobs(status: reply, jobs: jobs)).print() }
        var rows = [
            ["state", reply.locked ? "locked" : "unlocked"],
            ["mountpoint", text(reply.mountpoint)],
            ["store", text(reply.store)],
            ["audit log", text(reply.audit)],
            ["root key", reply.key.description],
            ["since", text(reply.started)],
            ["release", text(reply.release)],
            ["holds", "\(reply.nodes) nodes, \(reply.versions) versions"],
            ["jobs", "\(jobs.count)"],
        ]
        rows += (reply.damage ?? []).map { ["damaged", text($0)] }
        try put(table(rows) + (jobs.isEmpty ? "" : "\n" + JobTable.all(jobs)))
    }
}

/// Both answers as one: the fields of `StatusReply`, and `jobs`.
struct StatusWithJobs: Encodable {
    let status: StatusReply
    let jobs: [JobReply]

    private enum Key: CodingKey {
        case jobs
    }

    func encode(to encoder: any Encoder) throws {
        try status.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(jobs, forKey: .jobs)
    }
}

extension StatusReply.KeySource {
    fileprivate var description: String {
        switch self {
        case .file: "from a file"
        case .command: "from a command"
        case .passphrase: "from a passphrase"
        case .none: "from nowhere: tacit unlock gives it"
        }
    }
}
