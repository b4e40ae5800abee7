// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Secrets

extension Command {
    static let due = Command(
        "due", operands: [Operand("[REF]", .reference)], summary: "list secrets whose values have expired or are to be replaced",
        details: """
            By the dates that tacit policy gave them, as far as you may see them: those of REF,
            of the project that -p, TACIT_PROJECT or .tacit names, or all. The exit status is 1
            if there is one, for a timer or CI.
              tacit due --within 30d
            """,
        options: [DeclaredOption("within", argument: "PERIOD", kind: .text, "list also what will be due by then, such as 30d"), .json]
    ) { invocation throws(Failure) in
        var limit = SystemClock.now() / 1_000_000
        if let word = invocation.arguments.argument("within") {
            guard case .every(let seconds)? = Rotation(word) else {
                throw Failure(.usage, "--within takes a time, not '\(text(word))'", hint: "such as 30d or 12h")
            }
            limit += seconds
        }
        var due: [DueDate] = []
        for secret in try secrets(invocation) { due += DueDate.all(of: secret, until: limit) }
        due.sort { ($0.at, $0.ref) < ($1.at, $1.ref) }
        if invocation.wantsJSON {
            try DaemonAnswer(encoding: ["due": due]).print()
        } else if !due.isEmpty {
            try put(table([["NAME", "DUE", "WHY"]] + due.map { [text($0.ref), $0.at, $0.why] }))
        }
        guard due.isEmpty else {
            let soon = due.allSatisfy(\.isPast) ? "" : ", or soon will"
            throw .verdict("\(due.count) \(due.count == 1 ? "date has" : "dates have") come\(soon)")
        }
    }

    /// The secrets that are asked for, of those that have dates.
    private static func secrets(_ invocation: Invocation) throws(Failure) -> [EntriesReply.Entry] {
        var (folder, secret): ([UInt8]?, Reference?) = (try listedPlace(invocation), nil)
        if let place = folder.flatMap({ try? Reference.parse($0) }), let named = SecretPlace(place) {
            guard named.below.isEmpty else { throw .usage("due takes a secret, or what secrets are in", of: invocation.command) }
            _ = try Daemon.ask(DaemonRequest("GET", Endpoint.secret, query: [(name: "ref", value: named.reference)]))
            (folder, secret) = (Reference(components: place.components.dropLast()).bytes, place)
        }
        var found: [EntriesReply.Entry] = []
        try TreeWalk.visit(below: folder, entersSecrets: false) { entry throws(Failure) in
            if entry.dates != nil, secret == nil || secret == entry.ref { found.append(entry) }
        }
        return found
    }
}

/// A date of a secret that has come, or soon will.
private struct DueDate: Encodable {
    let ref: String
    /// `expires` or `rotate`: which date it is.
    let what: String
    /// A time of RFC 3339.
    let at: String
    /// Whether it has come.
    let isPast: Bool
    /// Whether reads of the values are refused from then on.
    let denies: Bool

    /// For people.
    var why: String {
        switch (what, isPast) {
        case ("expires", true): denies ? "expired, and reads are refused" : "expired"
        case ("expires", false): denies ? "expires, and reads are refused" : "expires"
        default: "to be replaced"
        }
    }

    /// Those of a secret that come before a time in seconds since the start of 1970.
    static func all(of secret: EntriesReply.Entry, until limit: Int64) -> [DueDate] {
        guard let dates = secret.dates else { return [] }
        let now = SystemClock.now() / 1_000_000
        return [("expires", dates.expires, dates.onExpire == .deny), ("rotate", dates.rotate, false)].compactMap { what, expiry, denies in
            guard case .at(let time) = expiry, time <= limit else { return nil }
            return DueDate(ref: secret.ref.description, what: what, at: expiry.text, isPast: time <= now, denies: denies)
        }
    }
}
