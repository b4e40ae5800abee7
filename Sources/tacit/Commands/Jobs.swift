// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Secrets

extension Command {
    static let jobs = Command(
        "jobs", operands: [Operand("[JOB]", .job)], summary: "list the jobs that run, or say what one of them uses",
        details: """
            The owner of the store sees all, others those that they started; who is inside a
            job sees that one. OPENED says how many of its secrets a job has opened. Of a
            JOB, each of its secrets is listed.
            """,
        options: [DeclaredOption("end", argument: "JOB", kind: .job, "end this job: from then on nothing opens for its processes"), .json]
    ) { invocation throws(Failure) in
        if let word = invocation.arguments.argument("end") {
            guard invocation.operand(0) == nil else { throw .usage("--end takes one job", of: invocation.command) }
            let query = [(name: "id", value: try invocation.job(word))]
            let answer = try Daemon.ask(DaemonRequest("POST", Endpoint.end, query: query))
            return invocation.wantsJSON ? try answer.print() : ()
        }
        guard let word = invocation.operand(0) else {
            let answer = try Daemon.ask(DaemonRequest("GET", Endpoint.jobs))
            if invocation.wantsJSON { return try answer.print() }
            return try put(JobTable.all(try answer.decoded(as: JobsReply.self).jobs))
        }
        let id = try invocation.job(word)
        let answer = try Daemon.ask(DaemonRequest("GET", Endpoint.jobs, query: [(name: "id", value: id)]))
        guard let job = try answer.decoded(as: JobsReply.self).jobs.first else {
            throw Failure(.notFound, "no job \(text(id)) runs", hint: "tacit jobs lists those that you may see")
        }
        try invocation.wantsJSON ? DaemonAnswer(encoding: job).print() : put(JobTable.details(job))
    }
}

/// Jobs as people see them.
enum JobTable {
    /// One a row.
    static func all(_ jobs: [JobReply], now: Int64 = SystemClock.now()) -> String {
        let rows = jobs.map { job in
            [
                text(job.id), text(job.project), Accounts.display(.user(job.uid)), job.pid.map { "\($0)" } ?? "-",
                Age.text(since: job.started, now: now), "\(job.counts.opened)/\(job.counts.secrets)", mode(of: job),
            ]
        }
        return table([["ID", "PROJECT", "USER", "PID", "SINCE", "OPENED", "MODE"]] + rows)
    }

    /// One, and its secrets.
    static func details(_ job: JobReply) -> String {
        var rows = [
            ["id", text(job.id)], ["project", text(job.project)], ["user", Accounts.display(.user(job.uid))], ["since", text(job.started)],
        ]
        if let pid = job.pid { rows.append(["pid", "\(pid)"]) }
        if let cgroup = job.cgroup { rows.append(["control group", text(cgroup)]) }
        if let outer = job.outer { rows.append(["started in", text(outer)]) }
        if job.debug { rows.append(["mode", "debug"]) }
        if !job.attached.isEmpty { rows.append(["attached", job.attached.map { "\($0)" }.joined(separator: ", ")]) }
        rows.append(["view", text(job.path)])
        let opened = Set(job.opened)
        let secrets = job.secrets.map { [text($0), opened.contains($0) ? "opened" : "-"] }
        let left = job.counts.secrets - job.secrets.count
        return table(rows) + "\n" + table([["SECRET", "OPENED"]] + secrets) + (left > 0 ? "and \(left) more\n" : "")
    }

    private static func mode(of job: JobReply) -> String {
        let words = [(job.debug, "debug"), (!job.attached.isEmpty, "attached"), (job.cgroup != nil, "cgroup")]
        return words.filter(\.0).map(\.1).joined(separator: ",")
    }
}
