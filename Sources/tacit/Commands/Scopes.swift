// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Secrets

/// The commands of one kind of scope.
struct Scope: Sendable {
    let word: String
    let kind: PlaceKind
    let summary: String
    let plural: String
    /// Whether a reference has the form of one.
    let isOne: @Sendable ([[UInt8]]) -> Bool
    /// Its form, for messages.
    let form: String

    static let organization = Scope(
        word: "org", kind: .organization, summary: "an organization", plural: "organizations", isOne: { $0.count == 1 },
        form: "a name, such as acme")
    static let project = Scope(
        word: "project", kind: .project, summary: "a project", plural: "projects",
        isOne: { $0.count == 2 && !$0[1].contains(UInt8(ascii: "@")) },
        form: "ORGANIZATION/PROJECT, such as acme/web")
    static let target = Scope(
        word: "target", kind: .target, summary: "a project's deployment target", plural: "deployment targets",
        isOne: { $0.count == 2 && splitTarget($0[1]) != nil }, form: "ORGANIZATION/PROJECT@TARGET, such as acme/web@production")

    /// The kind of scope that a reference has the form of; nil for the root and for what lies in a scope.
    static func of(_ names: [[UInt8]]) -> Scope? {
        guard let first = names.first, ![TreeName.user, TreeName.users, TreeName.jobs].contains(first) else { return nil }
        return [organization, project, target].first { $0.isOne(names) }
    }

    /// `org create`, `org ls`, `org rm`.
    var commands: [Command] { [create, list, remove] }

    private var create: Command {
        Command("\(word) create", operands: [Operand("REF", .scope)], summary: "make \(summary)", details: "REF is \(form).") {
            invocation throws(Failure) in
            let query = [(name: "ref", value: try reference(invocation)), (name: "kind", value: Array(kind.rawValue.utf8))]
            let answer = try Daemon.ask(DaemonRequest("POST", Endpoint.make, query: query))
            if invocation.wantsJSON { try answer.print() }
        }
    }

    private var remove: Command {
        Command(
            "\(word) rm", operands: [Operand("REF", .scope)], summary: "remove \(summary) that is empty",
            details: "REF is \(form).\nFor a week tacit restore brings it back, by the ID that tacit ls --deleted shows."
        ) { invocation throws(Failure) in
            let bytes = try reference(invocation)
            let answer: DaemonAnswer
            do throws(Failure) {
                answer = try Daemon.ask(DaemonRequest("POST", Endpoint.remove, query: [(name: "ref", value: bytes)]))
            } catch {
                // Targets are beside their project, and count as in it.
                let targets = kind == .project ? ", and tacit target ls \(text(bytes)) its targets" : ""
                throw error.exitCode == .conflict ? error.hinting("tacit ls \(text(bytes)) lists what is in it\(targets)") : error
            }
            if invocation.wantsJSON { try answer.print() }
        }
    }

    private var list: Command {
        let isOrganization = kind == .organization
        let operand: [Operand] = isOrganization ? [] : [Operand("REF", .scope)]
        let place = isOrganization ? "" : kind == .project ? "REF is an organization." : "REF is a project, or an organization."
        return Command("\(word) ls", operands: operand, summary: "list \(plural)", details: place) {
            invocation throws(Failure) in
            let parent = isOrganization ? Array("/".utf8) : try invocation.reference()
            let names = parent.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true)
            let project = kind == .target && names.count == 2 ? string(names[1]) + "@" : ""
            let entries = Entries(below: Array(project.isEmpty ? parent[...] : names[0])) {
                $0.kind == kind && $0.name.hasPrefix(project)
            }
            try entries.print(asJSON: invocation.wantsJSON)
        }
    }

    private func reference(_ invocation: Invocation) throws(Failure) -> [UInt8] {
        let bytes = try invocation.reference()
        let names = bytes.split(separator: UInt8(ascii: "/")).map(Array.init)
        guard isOne(names) else { throw Failure(.usage, "\(text(bytes)) is not \(summary)", hint: "REF is \(form)") }
        return bytes
    }
}
