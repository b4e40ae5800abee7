// SPDX-License-Identifier: MIT

import Secrets
import Testing

/// A tree of secrets as text, and jobs as command lines, so that tests of jobs read as policy.
///
/// A line is a secret: its path, then its variables (`A`) and files (`f:.ssh/id`), then what is special about it:
/// `projects=none`, `projects=web,api`, `debug=deny`, `attach=deny`, `may=list`, `may=none`.
struct JobWorld {
    struct Secret {
        let path: [String]
        let id: NodeID
        var contents: [JobContent] = []
        var policy = AccessPolicy.standard
        var access = StarterAccess.use
    }

    private(set) var secrets: [Secret] = []

    init(_ lines: [String]) throws {
        for line in lines {
            var words = line.split(separator: " ").map(String.init)
            let path = words.removeFirst().split(separator: "/").map(String.init)
            let first = Int64((secrets.count + 1) * 1000)
            var secret = Secret(path: path, id: try node(first))
            var settings: [String] = []
            for (number, word) in words.enumerated() {
                if word.contains("="), !word.hasPrefix("f:") {
                    settings.append(word)
                } else {
                    secret.contents.append(JobContent(jobPath(word), Inode(try node(first + 1 + Int64(number)))))
                }
            }
            secret.policy = try policy(settings.filter { !$0.hasPrefix("may=") })
            if settings.contains("may=list") { secret.access = .list }
            if settings.contains("may=none") { secret.access = .none }
            secrets.append(secret)
        }
    }

    var contents: [NodeID: [JobContent]] {
        Dictionary(secrets.map { ($0.id, $0.contents) }) { first, _ in first }
    }

    func secret(_ path: String) -> Secret? { secrets.first { $0.path.joined(separator: "/") == path } }

    /// The secrets in the scopes of a job, as whoever starts it hands them in.
    func candidates(_ scope: JobScope) -> [JobCandidate] {
        secrets.compactMap { secret in
            let folder = Reference(components: secret.path.dropLast().map(bytes))
            guard let level = scope.levels.first(where: { scope.folder($0) == folder }) else { return nil }
            return JobCandidate(secret.id, bytes(secret.path.last ?? ""), in: level, secret.access, secret.policy)
        }
    }

    /// What a job has that is started by a command line: `-p acme/web -t production -s db --env A=REF --file REF:PATH --debug`.
    func select(_ command: String, _ more: JobMode = .plain) throws -> JobSelection {
        var (project, target, mode) = ("", String?.none, more)
        var names: [[UInt8]]?
        var additions: [(path: JobPath, reference: String)] = []
        var words = command.split(separator: " ").map(String.init)
        func word() -> String { words.isEmpty ? "" : words.removeFirst() }
        while !words.isEmpty {
            switch word() {
            case "-p": project = word()
            case "-t": target = word()
            case "-s": names = (names ?? []) + [bytes(word())]
            case "--debug": mode.insert(.debug)
            case "--env":
                let parts = word().split(separator: "=").map(String.init)
                additions.append((.variable(bytes(parts[0])), parts[1]))
            case "--file":
                let parts = word().split(separator: ":").map(String.init)
                additions.append((.file(try Placement.parse(bytes(parts[1])).stored), parts[0]))
            case let other: Issue.record("\(other)")
            }
        }
        let scope = try JobScope(try Reference.parse(project), target: target.map(bytes))
        return try JobSelection(
            of: scope, mode, from: candidates(scope), named: names,
            adding: try additions.map { JobAddition($0.path, try Reference.parse($0.reference), found($0.reference, scope)) })
    }

    /// The view of such a job, as `A=acme/web/db f:.ssh/id=acme/web/ssh`.
    func view(_ command: String) throws -> String {
        let view = JobView(try select(command), contents: contents)
        return (view.variables + view.files).map { item in
            switch item.path {
            case .variable(let name): "\(text(name))=\(item.source)"
            case .file(let names): "f:\(Reference(components: names))=\(item.source)"
            }
        }.joined(separator: " ")
    }

    /// What is said about it.
    func said(_ command: String) throws -> [String] {
        let selection = try select(command)
        return (selection.collisions + JobView(selection, contents: contents).collisions).map(\.description)
    }

    /// Why it can't be started; nothing if it can.
    func refused(_ command: String, _ more: JobMode = .plain) throws -> [String] {
        do { _ = try select(command, more) } catch let error as JobRefusals { return error.refusals.map(\.description) }
        return []
    }

    private func found(_ reference: String, _ scope: JobScope) -> JobAddition.Found {
        let parts = reference.split(separator: "/").map(String.init)
        let depth = parts.first == "user" ? 2 : 3
        guard let secret = secret(parts.prefix(depth).joined(separator: "/")) else { return .nothing }
        let origin: JobOrigin =
            parts.first == "user" ? .home : bytes(parts[0]) == scope.organization ? .sameOrganization : .otherOrganization
        let below = Array(parts.dropFirst(depth))
        let item: Inode
        switch below.first {
        case "env": item = Inode(secret.id, .env)
        case nil where secret.contents.count == 1: item = secret.contents[0].item
        case nil: return .noItem
        default:
            let path = below[0] == "vars" ? below[1] : "f:" + below.dropFirst().joined(separator: "/")
            guard let content = secret.contents.first(where: { $0.path == jobPath(path) }) else { return .nothing }
            item = content.item
        }
        return .item(item, secret.access, secret.policy, origin)
    }
}

/// `A`, or `f:.ssh/id`.
func jobPath(_ word: String) -> JobPath {
    guard word.hasPrefix("f:") else { return .variable(bytes(word)) }
    return .file(word.dropFirst(2).split(separator: "/").map { Array($0.utf8) })
}

/// `projects=web,api`, `debug=deny`, `attach=deny`; what is not said is as it is by default.
func policy(_ settings: [String]) throws -> AccessPolicy {
    var projects = AccessPolicy.Projects.all
    for setting in settings {
        switch setting.split(separator: "=").last {
        case "deny": continue
        case "none": projects = .none
        case let names?: projects = .only(Set(names.split(separator: ",").map { Array($0.utf8) }))
        case nil: Issue.record("\(setting)")
        }
    }
    return try AccessPolicy(
        projects: projects, debug: !settings.contains("debug=deny"), attach: !settings.contains("attach=deny"))
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

func node(_ number: Int64) throws -> NodeID {
    try #require(NodeID(rawValue: NodeID.firstOrdinary.rawValue + number))
}

extension JobScope {
    init(_ text: String) throws { try self.init(try Reference.parse(text)) }
}
