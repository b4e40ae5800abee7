// SPDX-License-Identifier: MIT

import ControlAPI
import Glibc
import Linux
import Secrets

extension Command {
    static let remove = Command(
        "rm", aliases: ["delete"], operands: [Operand("REF", .reference)],
        summary: "remove a secret or an item, to be restored within a week",
        details: """
            With --purge it is destroyed at once with its keys and all its versions, and on a
            terminal you are asked first. With --purge, REF can be the ID of something that
            was deleted before: tacit ls --deleted lists them.
            """,
        options: [
            DeclaredOption("purge", "destroy it now"), DeclaredOption("yes", letter: "y", "don't ask"), .json,
        ]
    ) { invocation throws(Failure) in
        let isPurge = invocation.arguments.has("purge")
        let id = isPurge ? DeletedID(invocation.operand(0) ?? []) : nil
        // Scopes have commands of their own to remove them: a name left out must not take a project away.
        var query = [(name: "id", value: Array((id?.description ?? "").utf8))]
        if id == nil { query = [(name: "ref", value: try removable(invocation))] }
        if isPurge {
            query.append((name: "purge", value: Array("true".utf8)))
            if !invocation.arguments.has("yes") { try confirm(destroying: text(query[0].value)) }
        }
        do throws(Failure) {
            let answer = try Daemon.ask(DaemonRequest("POST", Endpoint.remove, query: query))
            if invocation.wantsJSON { try answer.print() }
        } catch {
            guard error.exitCode == .notFound, id == nil, invocation.isNameAlone() else { throw error }
            let name = text(invocation.operand(0) ?? [])
            let meant = text(try invocation.secretReference())
            throw error.hinting("\(name) alone is \(meant); tacit org rm \(name) removes an organization")
        }
    }

    /// The secret, or the item of one, that is to go. Throws a usage failure for a scope, with the command that removes it.
    private static func removable(_ invocation: Invocation) throws(Failure) -> [UInt8] {
        let reference = try invocation.secretReference()
        // A name that is no UTF-8 is in the answer as the text that it is shown as.
        let names = Array(string(reference).utf8).split(separator: UInt8(ascii: "/")).map(Array.init)
        guard SecretPlace(Reference(components: names)) == nil, let scope = Scope.of(names) else {
            return try invocation.secretPlace().whole
        }
        throw Failure(.usage, "\(text(reference)) is no secret", hint: "tacit \(scope.word) rm \(text(reference)) removes \(scope.summary)")
    }

    static let restore = Command(
        "restore", operands: [Operand("REF", .deleted)], summary: "put back what was removed",
        details: """
            REF is where it was, or the ID that tacit ls --deleted shows. Where several were
            removed from one place, that is the one removed last.
            """,
        options: [DeclaredOption("to", argument: "REF", kind: .reference, "put it there instead"), .json]
    ) { invocation throws(Failure) in
        let given = DeletedID(invocation.operand(0) ?? [])
        let id: DeletedID
        if let given { id = given } else { id = try find(try invocation.secretReference()) }
        var query = [(name: "id", value: Array(id.description.utf8))]
        if let to = invocation.arguments.argument("to") { query.append((name: "to", value: try invocation.secretReference(named: to))) }
        let answer = try Daemon.ask(DaemonRequest("POST", Endpoint.restore, query: query))
        if invocation.wantsJSON { return try answer.print() }
        try put(text(try answer.decoded(as: PlaceReply.self).ref) + "\n")
    }

    private static func find(_ reference: [UInt8]) throws(Failure) -> DeletedID {
        let deleted = try Daemon.ask(DaemonRequest("GET", Endpoint.deleted)).decoded(as: DeletedReply.self).deleted
        let names = reference.split(separator: UInt8(ascii: "/")).map(Array.init)
        // `user/mail` as the daemon may call it.
        let home = [TreeName.users, Array("\(geteuid())".utf8)]
        let wanted = [names] + (names.first == TreeName.user ? [home + names.dropFirst()] : [])
        guard let last = deleted.filter({ wanted.contains($0.ref.components) }).max(by: { $0.deleted < $1.deleted }) else {
            throw Failure(.notFound, "nothing was removed from \(text(reference))", hint: "tacit ls --deleted lists what was removed")
        }
        return last.id
    }

    /// Asks on a terminal; where there is nobody to ask, the option has said it all.
    static func confirm(destroying what: String) throws(Failure) {
        guard isatty(STDIN_FILENO) == 1 else { return }
        do {
            guard try Prompt.confirm("destroy \(what) for good? [y/N] ") else { throw Failure(.failed, "nothing was destroyed") }
        } catch let error as Prompt.Failure {
            if error == .noTerminal { return }
            throw Failure(error == .interrupted ? .interrupted : .failed, "can't ask whether to destroy \(what)")
        } catch {
            throw (error as? Failure) ?? Failure(.failed, "can't ask whether to destroy \(what)")
        }
    }
}
