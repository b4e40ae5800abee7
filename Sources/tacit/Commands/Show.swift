// SPDX-License-Identifier: MIT

import ControlAPI
import Linux
import Secrets

extension Command {
    static let show = Command(
        "show", operands: [Operand("REF", .reference)], summary: "print a secret as a manifest, with names and without values",
        details: """
            The form is that of the v1beta manifests of Semaphore. With --version, that version
            of an item is shown: when it was written, by whom, and how many bytes it has.
            """,
        options: [DeclaredOption("version", argument: "NUMBER", kind: .version, "show that version of an item"), .json]
    ) { invocation throws(Failure) in
        let query = [(name: "ref", value: try invocation.secretReference())]
        if let word = invocation.arguments.argument("version") {
            return try show(version: try VersionArgument.parse(word), query, asJSON: invocation.wantsJSON)
        }
        let answer = try Daemon.ask(DaemonRequest("GET", Endpoint.secret, query: query))
        if invocation.wantsJSON { return try answer.print() }
        let reply = try answer.decoded(as: SecretReply.self)
        try put(reply.kind == .secret ? ManifestText.of(reply) : facts(of: reply))
    }

    private static func show(
        version: Int64, _ query: [(name: String, value: [UInt8])], asJSON: Bool
    ) throws(Failure) {
        var reply = try Daemon.ask(DaemonRequest("GET", Endpoint.history, query: query)).decoded(as: HistoryReply.self)
        reply.versions = reply.versions.filter { $0.version == version }
        guard !reply.versions.isEmpty else {
            throw Failure(.notFound, "\(text(query[0].value)) has no version \(version)", hint: "tacit history lists them")
        }
        if asJSON { return try DaemonAnswer(encoding: reply).print() }
        try put(VersionTable.text(reply.versions))
    }

    /// The text for a place that is no secret.
    private static func facts(of reply: SecretReply) -> String {
        let rows = [
            ["reference", text(reply.ref)], ["kind", reply.kind.rawValue], ["created", text(reply.created)],
            ["changed", text(reply.changed)],
        ]
        return table(rows + reply.items.flatMap { [["version", "\($0.version)"], ["bytes", "\($0.length)"]] })
    }
}

/// A secret as Semaphore prints one: names, no values.
enum ManifestText {
    /// With `placeholder`, each item has that as its value.
    static func of(_ reply: SecretReply, placeholder: String? = nil) -> String {
        let name = string(reply.ref.components.last ?? [])
        var lines = [
            "apiVersion: v1beta", "kind: Secret", "metadata:", "  name: \(scalar(name))", "  ref: \(scalar(reply.ref.description))",
        ]
        if let description = reply.description { lines.append("  description: \(scalar(description))") }
        lines += ["  create_time: \(seconds(reply.created))", "  update_time: \(seconds(reply.changed))", "data:"]
        lines += list("env_vars", ["name", "value"], below: TreeName.inVars, reply, placeholder)
        lines += list("files", ["path", "content"], below: TreeName.inFiles, reply, placeholder)
        if let policy = reply.policy { lines += access(policy) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The policy; nothing where all is allowed, and without dates.
    private static func access(_ policy: PolicyRequest) -> [String] {
        var lines: [String] = []
        switch policy.projects ?? .all {
        case .all: break
        case .none: lines.append("  projects_access: NONE")
        case .only(let names): lines += ["  projects_access: ALLOWED", "  project_ids:"] + names.map { "  - \(scalar($0))" }
        }
        if policy.debug == .deny { lines.append("  debug_access: JOB_DEBUG_NO") }
        if policy.attach == .deny { lines.append("  attach_access: JOB_ATTACH_NO") }
        if let time = policy.expires, time != .never { lines.append("  expires: \(scalar(time.text))") }
        if let period = policy.rotate, period != .never { lines.append("  rotate: \(scalar(period.text))") }
        if let action = policy.onExpire, action != .warn { lines.append("  on_expire: \(action.rawValue)") }
        return lines.isEmpty ? [] : ["org_config:"] + lines
    }

    private static func list(
        _ title: String, _ keys: [String], below folder: [UInt8], _ reply: SecretReply, _ placeholder: String?
    ) -> [String] {
        let names = reply.items.map(\.name).filter { $0.utf8.starts(with: folder) }
        guard !names.isEmpty else { return ["  \(title): []"] }
        return ["  \(title):"]
            + names.flatMap { name in
                ["  - \(keys[0]): \(scalar(written(String(decoding: name.utf8.dropFirst(folder.count), as: UTF8.self), folder)))"]
                    + (placeholder.map { ["    \(keys[1]): \($0)"] } ?? [])
            }
    }

    /// A name as a manifest has it: that of a file says where it is placed.
    private static func written(_ name: String, _ folder: [UInt8]) -> String {
        guard folder == TreeName.inFiles else { return name }
        let names = name.utf8.split(separator: UInt8(ascii: "/")).map { Array($0) }
        return Placement(stored: names).map { string($0.bytes) } ?? name
    }

    /// Seconds since the start of 1970, as a string: that is how Semaphore has them.
    private static func seconds(_ time: String) -> String {
        "\"\((Age.microseconds(time) ?? 0) / 1_000_000)\""
    }

    /// Text as a scalar of YAML 1.2 that is a string in YAML 1.1 too: plain where it can't be anything else, else in double quotes.
    static func scalar(_ string: String) -> String {
        let isPlain =
            string.first.map { $0.isASCII && ($0.isLetter || $0 == "/" || $0 == "_") } ?? false
            && string.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._/@+-".contains($0)) }
            && !words.contains(string.lowercased())
        if isPlain { return string }
        let escaped = string.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\t": "\\t"
            case _
            where scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                || [0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF].contains(scalar.value):
                "\\U" + String(repeating: "0", count: 8 - String(scalar.value, radix: 16).count) + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"" + escaped.joined() + "\""
    }

    /// Words that some readers take for a boolean or for nothing.
    private static let words: Set<String> = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"]
}
