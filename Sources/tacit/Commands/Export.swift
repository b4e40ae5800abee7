// SPDX-License-Identifier: MIT

import ControlAPI
import Formats
import Linux
import Secrets

extension Command {
    static let export = Command(
        "export", operands: [Operand("REF", .reference)], summary: "print a secret for another program",
        details: """
            All values are those of one moment. Nothing is printed if the format can't hold
            one of them exactly.
              sh       assignments for dash, bash, zsh, mksh and busybox sh: any value
              dotenv   assignments that python-dotenv, node and shells read alike
              docker   docker run --env-file
              systemd  EnvironmentFile=
              json     one object of strings
              k8s      a Secret of Kubernetes, in YAML
            All but k8s hold variables only: files are left out, and a note says so.
            sh and dotenv hold no variable whose name a shell keeps for itself, such as UID.
            """,
        options: [
            DeclaredOption(
                "format", argument: ExportFormat.words.joined(separator: "|"), kind: .choice(ExportFormat.words), "how to print it"),
            DeclaredOption("name", argument: "NAME", kind: .text, "the name of the Secret of Kubernetes"),
            DeclaredOption("skip", "leave out names that a shell keeps"),
        ]
    ) { invocation throws(Failure) in
        try invocation.forbidDumps()
        let format: ExportFormat = try invocation.format()
        let place = try invocation.wholeSecret()
        let name = invocation.arguments.argument("name")
        if name != nil, format != .k8s { throw .usage("--name goes with --format k8s", of: invocation.command) }
        let skips = invocation.arguments.has("skip")
        if skips, !format.isForShells { throw .usage("--skip goes with --format sh and --format dotenv", of: invocation.command) }
        let values = try SecretValues(of: place)
        let skipped = skips ? values.items.filter { $0.kind == .variable && ShellNames.isKept($0.name) } : []
        let text: LockedBuffer
        do throws(FormatError) {
            text = try values.withBytes { bytes throws(FormatError) in
                try Export.write(
                    values.items.filter { !skipped.contains($0) }, bytes, named: name ?? place.name, type: values.type, as: format)
            }
        } catch {
            throw Failure(error)
        }
        try text.withBytes { bytes throws(Failure) in try put(bytes) }
        if !skipped.isEmpty {
            let names = skipped.map { tacit.text($0.name) }.sorted().joined(separator: ", ")
            complain("tacit: left out, since a shell keeps these names for itself: \(names)")
        }
        let omitted = format.holdsFiles ? 0 : values.items.count { $0.kind == .file }
        if omitted > 0 {
            complain("tacit: \(omitted == 1 ? "one file is" : "\(omitted) files are") left out: \(format.rawValue) holds variables only")
            complain("hint: --format k8s holds files too")
        }
    }
}

/// All values of a secret, as they were at one moment, in locked memory.
struct SecretValues: ~Copyable {
    let items: [Item]
    /// The `type` of a Kubernetes Secret; nil if there is none.
    let type: [UInt8]?
    private let bundle: ReceivedBundle<ValuesHead>

    init(of place: SecretPlace) throws(Failure) {
        let bundle = try ReceivedBundle<ValuesHead>(DaemonRequest("GET", Endpoint.values, query: [(name: "ref", value: place.reference)]))
        let ranges = try bundle.ranges(bundle.head.items.map(\.length))
        items = try zip(bundle.head.items, ranges).map { item, range throws(Failure) in
            guard let name = OctetText.name(item.name, encoded: item.encoded), let entry = Item(path: name, range) else {
                throw .strangeAnswer
            }
            return entry
        }
        type = bundle.head.type.map { Array($0.utf8) }
        self.bundle = bundle
    }

    /// Lends the bytes that the items' ranges are in.
    borrowing func withBytes<Result: ~Copyable, Problem: Error>(_ body: (RawSpan) throws(Problem) -> Result) throws(Problem) -> Result {
        try bundle.withBytes(body)
    }
}

extension Item {
    /// `vars/NAME` or `files/a/b`; nil for anything else.
    fileprivate init?(path: [UInt8], _ value: Range<Int>) {
        if path.starts(with: TreeName.inVars) {
            self.init(.variable, Array(path.dropFirst(TreeName.inVars.count)), value)
        } else if path.starts(with: TreeName.inFiles) {
            self.init(.file, Array(path.dropFirst(TreeName.inFiles.count)), value)
        } else {
            return nil
        }
    }
}
