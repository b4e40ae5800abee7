// SPDX-License-Identifier: MIT

import ControlAPI
import Glibc
import Linux
import Secrets

/// The lines of the audit log that a command line asks for.
struct AuditFilter {
    static let options = [
        DeclaredOption("ref", argument: "REF", kind: .reference, "print only lines about REF and what is below it"),
        DeclaredOption("user", argument: "USER", kind: .user, "print only lines about what USER did, a name or a number"),
        DeclaredOption("since", argument: "TIME", kind: .text, "print only lines from then on: a date, or 90m, 2h, 7d ago"),
    ]

    private var reference: String?
    private var uid: UInt32?
    /// The start of a time as the log has them; these are in the order of their letters.
    private var since: String?

    /// Whether every line is asked for.
    var isOpen: Bool { reference == nil && uid == nil && since == nil }

    /// As the options say. Throws a usage failure where they do not fit.
    init(_ invocation: Invocation) throws(Failure) {
        let arguments = invocation.arguments
        if let word = arguments.argument("ref") {
            var names = Reference.parts(of: try invocation.placeReference(named: word))
            // The log calls a home by its number.
            if names.first == TreeName.user { names.replaceSubrange(0..<1, with: [TreeName.users, Array("\(geteuid())".utf8)]) }
            reference = "\(Reference(components: names))"
        }
        if let word = arguments.argument("user") {
            guard case .user(let uid) = try Who.parse(word) else {
                throw .usage("--user takes a user, not a group", of: invocation.command)
            }
            self.uid = uid
        }
        if let word = arguments.argument("since") {
            guard let time = Self.time(string(word)) else {
                throw Failure(
                    .usage, "--since takes a time",
                    hint: "such as 2026-11-30, 2026-11-30T08:00:00Z (UTC), or 90m, 2h or 7d for so long ago")
            }
            since = time
        }
    }

    /// Whether a line is asked for.
    func takes(_ line: AuditReply) -> Bool {
        if let uid, line.uid != uid { return false }
        if let since, line.time < since { return false }
        guard let reference, !reference.isEmpty else { return true }
        guard let about = line.ref else { return false }
        return about == reference || about.hasPrefix(reference + "/")
    }

    /// A time as the log has them, or the start of one; nil for other texts.
    static func time(_ word: String, now: Int64 = SystemClock.now()) -> String? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        if let last = word.last, let unit = units[last], let count = Int64(word.dropLast()), (0...1_000_000_000).contains(count) {
            return SystemClock.rfc3339(now - count * unit * 1_000_000)
        }
        // A date, one with minutes, with seconds, or all of it: what is left out is the earliest.
        let whole = "0000-01-01T00:00:00.000000Z"
        let given = word.hasSuffix("Z") ? String(word.dropLast()) : word
        guard [10, 16, 19, 26].contains(given.count), given.count > 10 || given == word else { return nil }
        let time = given + whole.dropFirst(given.count)
        return Age.microseconds(time) == nil ? nil : time
    }
}

extension Reference {
    /// The names of a reference, in the form that `ReferenceArgument` gives.
    fileprivate static func parts(of bytes: [UInt8]) -> [[UInt8]] { (try? parse(bytes).components) ?? [] }
}
