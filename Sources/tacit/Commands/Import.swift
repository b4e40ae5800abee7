// SPDX-License-Identifier: MIT

import ControlAPI
import Formats
import Linux
import Secrets

extension Command {
    static let `import` = Command(
        "import", operands: [Operand("REF", .reference), Operand("FILE", .file)], summary: "store what is in a file of another program",
        details: """
            The secret is made if it is not there. All of the file is stored, or nothing is.
            FILE is a path, or - for standard input. Without --format, its name tells: .env,
            .json, .yaml.
              dotenv  assignments, as env takes them. What other readers would change
                      is kept as it stands, and a warning says so
              json    one object of strings
              k8s     a Secret of Kubernetes, in YAML or JSON: a key that can be a
                      variable's name becomes a variable, any other a file
            """,
        options: [
            DeclaredOption(
                "format", argument: ImportFormat.words.joined(separator: "|"), kind: .choice(ImportFormat.words), "how FILE is written"),
            DeclaredOption("replace", "remove what the secret has and FILE has not"),
            DeclaredOption("escapes", "of dotenv: \\n and the like in double quotes are line ends"),
            DeclaredOption("expand", "of dotenv: $NAME is what FILE has assigned before"),
            DeclaredOption("empty", "take a FILE with nothing in it, too"),
            ValueReader.trim, ValueReader.verbatim, .json,
        ]
    ) { invocation throws(Failure) in
        try invocation.forbidDumps()
        let place = try invocation.wholeSecret()
        let path = invocation.operand(1) ?? []
        let told = invocation.arguments.has("format") ? nil : ImportFormat(of: path)
        let format: ImportFormat
        if let told { format = told } else { format = try invocation.format() }
        let options = DotenvOptions(escapes: invocation.arguments.has("escapes"), expands: invocation.arguments.has("expand"))
        if options.escapes || options.expands, format != .dotenv {
            throw .usage("--escapes and --expand go with --format dotenv", of: invocation.command)
        }
        let reader = try ValueReader(invocation)
        let text = try TextFile.read(path)
        let items: Items
        do throws(FormatError) {
            items = try Import.read(text, as: format, options, mayBeEmpty: invocation.arguments.has("empty"))
        } catch {
            throw Failure(input: error, in: path, isEmpty: text.count == 0)
        }
        let ranges = reader.ranges(of: items)
        let secret = ApplyRequest.Secret(
            ref: place.secretReference, mode: .either, type: items.type.map { string($0) },
            replaceItems: invocation.arguments.has("replace"),
            items: zip(items.items, ranges).map { ApplyRequest.Item(name: $0.path, length: $1.count) })
        for notice in items.notices { complain(notice) }
        let removed = invocation.arguments.has("replace") ? Self.removable(from: place, but: items.items.map(\.path)) : []
        let answer = try Daemon.apply([secret], items.values, ranges, verbatim: reader.isVerbatim)
        invocation.tellStored(place)
        if !removed.isEmpty {
            let names = removed.map { tacit.text($0) }.joined(separator: ", ")
            complain(Notice("removed from \(tacit.text(place.reference)): \(names)", hint: "tacit restore brings back what was removed"))
        }
        if invocation.wantsJSON { try answer.print() }
    }

    /// The items that the caller may list in a secret, but for some; none where they may not, and where there is no such secret.
    private static func removable(from place: SecretPlace, but others: [[UInt8]]) -> [[UInt8]] {
        let request = DaemonRequest("GET", Endpoint.secret, query: [(name: "ref", value: place.reference)])
        let known = try? Daemon.ask(request).decoded(as: SecretReply.self).items.map(\.bytes)
        return (known ?? []).filter { !others.contains($0) }
    }
}

extension ImportFormat {
    /// That which the name of a file tells; nil for another.
    fileprivate init?(of path: [UInt8]) {
        let name = string(path.split(separator: UInt8(ascii: "/")).last.map(Array.init) ?? [])
        if name.hasPrefix(".env") || name.hasSuffix(".env") {
            self = .dotenv
        } else if name.hasSuffix(".json") {
            self = .json
        } else if name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
            self = .k8s
        } else {
            return nil
        }
    }
}
