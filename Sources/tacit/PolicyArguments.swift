// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Secrets

/// A policy on the command line.
enum PolicyArguments {
    static let options = [
        DeclaredOption("projects", argument: "NAMES", kind: .text, "let jobs of these use it: all, none, or a list"),
        DeclaredOption("debug", argument: "allow|deny", kind: .choice(["allow", "deny"]), "say whether debug sessions may use it"),
        DeclaredOption(
            "attach", argument: "allow|deny", kind: .choice(["allow", "deny"]), "say whether shells attached to a running job may use it"),
        DeclaredOption("expires", argument: "DATE", kind: .text, "say from when on its values have expired, or never"),
        DeclaredOption("rotate", argument: "PERIOD", kind: .text, "say how often its values are to be replaced: 90d, or never"),
        DeclaredOption(
            "on-expire", argument: "warn|deny", kind: .choice(ExpiryAction.allCases.map(\.rawValue)),
            "whether reads of expired values are refused; warn without"),
    ]

    /// The change that the options ask for, of the policy of a secret; nil for each that was not given. Throws `notFound` for a project
    /// that its organization does not have, or that the caller may not see.
    static func parse(_ invocation: Invocation, of secret: Reference) throws(Failure) -> PolicyRequest {
        var policy = PolicyRequest()
        policy.projects = try projects(invocation)
        policy.debug = try permission("debug", invocation)
        policy.attach = try permission("attach", invocation)
        policy.expires = try expiry(invocation)
        if let word = invocation.arguments.argument("rotate") {
            guard let rotation = Rotation(word) else {
                throw Failure(
                    .usage, "--rotate takes never or a time of at most 100 years, not '\(text(word))'", hint: "such as 90d or 36h")
            }
            policy.rotate = rotation
        }
        if let word = invocation.arguments.argument("on-expire") {
            guard let action = ExpiryAction(rawValue: string(word)) else {
                throw .usage("--on-expire takes warn or deny", of: invocation.command)
            }
            policy.onExpire = action
        }
        if case .only(let names) = policy.projects, secret.components.first != TreeName.user, let organization = secret.components.first {
            for name in names {
                let project = Reference(components: [organization, Array(name.utf8)])
                _ = try Daemon.ask(DaemonRequest("GET", Endpoint.entries, query: [("ref", project.bytes), ("limit", [UInt8(ascii: "1")])]))
            }
        }
        return policy
    }

    /// The projects that `--projects` names; if it was given more than once, all of them together.
    private static func projects(_ invocation: Invocation) throws(Failure) -> PolicyProjects? {
        let given = invocation.arguments.options.filter { $0.name == "projects" }.compactMap(\.argument)
        guard !given.isEmpty else { return nil }
        let names = given.flatMap { $0.split { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") }.map(Array.init) }
        let words = Set(names.map(string))
        if words == ["all"] { return .all }
        if words == ["none"] { return PolicyProjects.none }
        guard !words.isEmpty, words.isDisjoint(with: ["all", "none"]) else {
            throw .usage("--projects takes all, none, or names with commas between", of: invocation.command)
        }
        for name in names {
            do throws(NameError) { try Name.check(name, as: .project) } catch {
                throw Failure(.usage, "--projects takes names of projects: \(error)", hint: "of acme/web it is web")
            }
        }
        return .only(names.map(string))
    }

    /// A date, or a time from now.
    private static func expiry(_ invocation: Invocation) throws(Failure) -> Expiry? {
        guard let word = invocation.arguments.argument("expires") else { return nil }
        if let expiry = Expiry(word) { return expiry }
        guard case .every(let seconds)? = Rotation(word) else {
            throw Failure(
                .usage, "--expires takes never or a date, not '\(text(word))'",
                hint: "such as 2027-01-31, 2027-01-31T18:00:00Z (UTC), or 90d from now")
        }
        return .at(SystemClock.now() / 1_000_000 + seconds)
    }

    private static func permission(_ name: String, _ invocation: Invocation) throws(Failure) -> PolicyPermission? {
        guard let word = invocation.arguments.argument(name) else { return nil }
        guard let permission = PolicyPermission(rawValue: string(word)) else {
            throw .usage("--\(name) takes allow or deny", of: invocation.command)
        }
        return permission
    }
}

extension PolicyRequest {
    /// Whether it changes nothing.
    var isEmpty: Bool { self == PolicyRequest() }
}
