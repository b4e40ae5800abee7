// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Secrets

extension Command {
    static let list = Command(
        "ls", aliases: ["list"], operands: [Operand("[REF]", .reference)], summary: "list what is in a part of the tree",
        details: """
            Only what you may see is listed. Without REF: organizations, or with -R, --shared
            or --deleted, everything. What was deleted stays for a week, under its ID.
            """,
        options: [
            DeclaredOption("recursive", letter: "R", "list all that is below, secrets and their items too"),
            DeclaredOption("shared", "list what others have shared with you"),
            DeclaredOption("deleted", "list what was deleted and can be restored"), .json,
        ]
    ) { invocation throws(Failure) in
        let isShared = invocation.arguments.has("shared")
        let kinds = ["recursive", "shared", "deleted"].filter { invocation.arguments.has($0) }
        if kinds.count > 1 { throw .usage("--\(kinds[0]) and --\(kinds[1]) exclude each other", of: invocation.command) }
        let reference = try listedPlace(invocation)
        if isShared { return try listShared(below: reference, asJSON: invocation.wantsJSON) }
        if invocation.arguments.has("deleted") { return try listDeleted(below: reference, asJSON: invocation.wantsJSON) }
        if invocation.arguments.has("recursive") { return try listTree(below: reference, asJSON: invocation.wantsJSON) }
        try Entries(below: reference ?? Array("/".utf8)).print(asJSON: invocation.wantsJSON)
    }

    /// What is to be listed: REF, else the project that something chooses; nil for everything.
    static func listedPlace(_ invocation: Invocation) throws(Failure) -> [UInt8]? {
        guard invocation.operand(0) == nil else { return try invocation.placeReference() }
        let scope = try NameScope(invocation)
        return scope.isChosen ? scope.folder.bytes : nil
    }

    private static func listTree(below reference: [UInt8]?, asJSON: Bool) throws(Failure) {
        var entries: [EntriesReply.Entry] = []
        try TreeWalk.visit(below: reference) { entry throws(Failure) in entries.append(entry) }
        if asJSON { return try DaemonAnswer(encoding: EntriesReply(entries: entries, next: nil)).print() }
        let rows = entries.map { [text($0.ref) + ($0.kind.holdsSecrets ? "/" : ""), Age.text(since: $0.changed)] }
        try put(table([["NAME", "AGE"]] + rows))
    }

    private static func listShared(below reference: [UInt8]?, asJSON: Bool) throws(Failure) {
        var reply = try Daemon.ask(DaemonRequest("GET", Endpoint.shared)).decoded(as: GrantsReply.self)
        if let reference {
            reply.grants = reply.grants.filter {
                $0.ref.components.starts(with: Array(string(reference).utf8).split(separator: UInt8(ascii: "/")).map(Array.init))
            }
        }
        if asJSON { return try DaemonAnswer(encoding: reply).print() }
        try put(table([["NAME", "RIGHTS", "TO"]] + reply.grants.map { [text($0.ref), $0.rights.description, Accounts.display($0.who)] }))
    }

    private static func listDeleted(below reference: [UInt8]?, asJSON: Bool) throws(Failure) {
        let answer = try Daemon.ask(DaemonRequest("GET", Endpoint.deleted, query: reference.map { [("ref", $0)] } ?? []))
        if asJSON { return try answer.print() }
        let rows = try answer.decoded(as: DeletedReply.self).deleted.map { item in
            [
                text(item.ref), Age.text(since: item.deleted), Age.text(until: item.expires), Accounts.display(.user(item.by)),
                item.id.description,
            ]
        }
        try put(table([["NAME", "DELETED", "EXPIRES", "BY", "ID"]] + rows))
    }
}

/// The entries of a place, a page after the other.
struct Entries {
    private let reference: [UInt8]
    private let isShown: (EntriesReply.Entry) -> Bool

    /// All, or only those that `isShown` takes.
    init(below reference: [UInt8], where isShown: @escaping (EntriesReply.Entry) -> Bool = { _ in true }) {
        self.reference = reference
        self.isShown = isShown
    }

    /// NAME and AGE of each; what holds more has a slash at its end.
    func print(asJSON: Bool) throws(Failure) {
        let entries = try all()
        if asJSON { return try DaemonAnswer(encoding: EntriesReply(entries: entries, next: nil)).print() }
        let rows = entries.map { entry in
            [text(entry.name) + (entry.kind.holdsSecrets ? "/" : ""), Age.text(since: entry.changed)]
        }
        try put(table([["NAME", "AGE"]] + rows))
    }

    /// All pages as one, in the order of the names.
    func all() throws(Failure) -> [EntriesReply.Entry] {
        var entries: [EntriesReply.Entry] = []
        var after: String?
        repeat {
            var query = [(name: "ref", value: reference)]
            if let after { query.append((name: "after", value: Array(after.utf8))) }
            let page = try Daemon.ask(DaemonRequest("GET", Endpoint.entries, query: query)).decoded(as: EntriesReply.self)
            entries += page.entries.filter(isShown)
            // A daemon that gave the same place again would be asked for ever.
            guard page.next != after else { break }
            after = page.next
        } while after != nil
        return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}

extension PlaceKind {
    /// Whether secrets are in it, or what holds secrets.
    var holdsSecrets: Bool {
        switch self {
        case .root, .users, .home, .organization, .shared, .project, .target: true
        case .secret, .variable, .folder, .file, .other: false
        }
    }
}
