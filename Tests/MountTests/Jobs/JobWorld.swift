// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import TestSupport
import Testing

/// A tree with secrets in all scopes, and who may do what with them:
///
///     acme/@org/proxy          P, SHARED, files/etc/ca       for all
///     acme/@org/db             DB, ONLY_ORG                  hidden from web by web's own of that name
///     acme/@org/aws            AWS                           projects: web
///     acme/@org/live           LIVE                          debug: deny
///     acme/@org/quiet          QUIET                         attach: deny
///     acme/web/db              DB, SHARED, files/.ssh/id     hidden from web@production by its own of that name
///     acme/web/more            MORE, SHARED
///     acme/web@production/db   DB
///     acme/api/key             KEY
///     acme/vault/key           VAULT                         nobody's
///
/// Each value is the reference of its secret, without `acme/`. Alice may `run` all but acme/vault and read none of it but acme/api; bob may read
/// acme/web and acme/@org.
struct JobWorld {
    let mount: Mount
    let home: String

    static let everything = [
        "acme/@org/proxy": ["vars/P", "vars/SHARED", "files/etc/ca"], "acme/@org/db": ["vars/DB", "vars/ONLY_ORG"],
        "acme/@org/aws": ["vars/AWS"], "acme/@org/live": ["vars/LIVE"], "acme/@org/quiet": ["vars/QUIET"],
        "acme/web/db": ["vars/DB", "vars/SHARED", "files/.ssh/id"], "acme/web/more": ["vars/MORE", "vars/SHARED"],
        "acme/web@production/db": ["vars/DB"], "acme/api/key": ["vars/KEY"], "acme/vault/key": ["vars/VAULT"],
    ]

    init(_ mount: Mount) throws {
        self.mount = mount
        home = try mount.scratch.folder("home", mode: 0o755, owner: alice.uid)
        let script = Self.everything.sorted { $0.key < $1.key }.map { secret, items in
            "mkdir -p \(secret)\n"
                + items.map { item in
                    let folder = item.split(separator: "/").dropLast().joined(separator: "/")
                    return "mkdir -p \(secret)/\(folder) && printf %s '\(secret.dropFirst(5))' > \(secret)/\(item)\n"
                }.joined()
        }.joined()
        try mount.must("set -e\n\(script)")
        for (options, secret) in [("--projects web", "aws"), ("--debug deny", "live"), ("--attach deny", "quiet")] {
            try mount.must("tacit policy acme/@org/\(secret) \(options)")
        }
        for scope in ["acme/web", "acme/web@production", "acme/@org"] {
            try mount.grant("run", on: scope, to: "user:1001")
            try mount.grant("read", on: scope, to: "user:1002")
        }
        try mount.grant("read", on: "acme/api", to: "user:1001")
    }

    /// The secrets of `acme/web` and its organization, in an order: two of one scope have the same variable.
    static let all = "-s aws -s db -s live -s more -s proxy -s quiet"

    /// A job of `acme/web` that has all of them.
    func wholeJob(as caller: TestUser = alice) throws -> RunningJob {
        let home = try mount.scratch.folder("home-\(UUID().uuidString.prefix(8))", mode: 0o755, owner: caller.uid)
        let words = ["tacit", "run", "-p", "acme/web"] + Self.all.split(separator: " ").map(String.init) + ["--"]
        return try RunningJob(Puppet(mount, words: words, as: caller, home: home), home)
    }

    /// A job of alice's, or another's, in which a puppet is the command.
    func job(_ words: String..., as caller: TestUser = alice) throws -> RunningJob {
        let home = try mount.scratch.folder("home-\(UUID().uuidString.prefix(8))", mode: 0o755, owner: caller.uid)
        return try RunningJob(Puppet(mount, words: ["tacit", "run"] + words + ["--"], as: caller, home: home), home)
    }

    /// A process that is in no job.
    func outsider(_ caller: TestUser = alice) throws -> Puppet { try Puppet(mount, as: caller) }

    /// What `tacit run` says, with all its output, and its exit status.
    func run(_ words: [String], as caller: TestUser = alice) throws -> Outcome {
        var command = mount.command(["tacit", "run"] + words, as: caller)
        command.environment["HOME"] = home
        return try command.run()
    }
}

/// A job that runs, with its first process.
struct RunningJob {
    let inside: Puppet
    let id: String
    /// The folder in which its files are.
    let home: String
    /// Below the mountpoint.
    var view: String { ".jobs/\(id)" }

    init(_ inside: Puppet, _ home: String) throws {
        self.inside = inside
        self.home = home
        let link = try inside.tell("link job")
        guard link.hasPrefix("-> .jobs/") else { throw Trouble("no job: \(link); \(inside.child?.printed ?? "")") }
        id = String(link.dropFirst("-> .jobs/".count))
    }

    /// Kills `tacit run`, and waits until it has ended.
    func killRoot() throws {
        guard let root = inside.child else { throw Trouble("nothing to kill") }
        root.signal(SIGKILL)
        try Wait.until("tacit run to end") { !root.isRunning }
    }
}

/// Compares what each row's question is answered with what the row says.
///
/// A row is `PLACE | QUESTION | ANSWER`, or has more or fewer columns: its last is the answer. What stands for a name in `names` is put
/// in its place. A line that begins with # is a comment; several spaces are one.
func expectRows(
    _ table: String, _ names: [String: String] = [:], at location: SourceLocation = #_sourceLocation, _ answer: ([String]) throws -> String
) throws {
    for line in table.split(separator: "\n") where !line.hasPrefix("#") {
        var text = String(line)
        for (name, meaning) in names { text = text.replacingOccurrences(of: name, with: meaning) }
        let columns = (text + " ").components(separatedBy: " | ").map { $0.split(separator: " ").joined(separator: " ") }
        expect(try answer(columns.dropLast()), columns.last ?? "", "\(line)", at: location)
    }
}

/// Whether an answer is one of those that a job's folder gives which has ended.
func isGone(_ answer: String) -> Bool { ["ENOENT", "ESTALE", "EACCES"].contains { answer.hasSuffix(" \($0)") } }
