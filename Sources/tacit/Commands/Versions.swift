// SPDX-License-Identifier: MIT

import ControlAPI
import Secrets

extension Command {
    static let history = Command(
        "history", operands: [Operand("REF", .reference)], summary: "list the versions of a secret or an item, without values",
        details: "Newest first: when each was written, by whom, and how many bytes it has."
    ) { invocation throws(Failure) in
        let query = [(name: "ref", value: try invocation.secretReference())]
        let answer = try Daemon.ask(DaemonRequest("GET", Endpoint.history, query: query))
        if invocation.wantsJSON { return try answer.print() }
        try put(VersionTable.text(try answer.decoded(as: HistoryReply.self).versions))
    }

    static let rollback = Command(
        "rollback", operands: [Operand("REF", .reference), Operand("VERSION", .version)], summary: "make an older version the current one",
        details: """
            The daemon stores the older value once more, as a new version: nothing is lost, and
            nobody is shown anything.
            """
    ) { invocation throws(Failure) in
        let version = try VersionArgument.parse(invocation.operand(1) ?? [])
        let query = [(name: "ref", value: try invocation.secretReference()), (name: "version", value: Array("\(version)".utf8))]
        let answer = try Daemon.ask(DaemonRequest("POST", Endpoint.rollback, query: query))
        if invocation.wantsJSON { return try answer.print() }
        for made in try answer.decoded(as: VersionsReply.self).versions {
            try put("\(text(made.ref)) has version \(made.version), the same as version \(version)\n")
        }
    }
}

/// Versions for people: a line each.
enum VersionTable {
    static func text(_ versions: [HistoryReply.Version]) -> String {
        table(
            [["VERSION", "AGE", "BY", "SIZE", "ITEM", ""]]
                + versions.map { version in
                    [
                        "\(version.version)", Age.text(since: version.created), Accounts.display(.user(version.author)),
                        "\(version.length)", tacit.text(version.item), version.current ? "current" : "",
                    ]
                })
    }
}

/// VERSION on the command line.
enum VersionArgument {
    /// Throws a usage failure for what is no number of a version.
    static func parse(_ word: [UInt8]) throws(Failure) -> Int64 {
        guard let version = Int64(string(word)), version > 0 else {
            throw Failure(.usage, "'\(text(word))' is no version", hint: "tacit history lists them")
        }
        return version
    }
}
