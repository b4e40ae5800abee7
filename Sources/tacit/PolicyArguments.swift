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
    ]

    /// The change that the options ask for, of the policy of a secret; nil for each that was not given. Throws `notFound` for a project
    /// that its organization does not have, or that the caller may not see.
    static func parse(_ invocation: Invocation, of secret: Reference) throws(Failure) -> PolicyRequest {
        var policy = PolicyRequest()
        policy.projects = try projects(invocation)
        policy.debug = try permission("debug", invocation)
        policy.attach = try permission("attach", invocation)
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
