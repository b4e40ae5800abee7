// SPDX-License-Identifier: MIT

import Bytes
import ControlAPI
import Formats
import Linux
import Secrets

/// What a job has besides the secrets of its scope: variables, files and templates that options or a `.tacit` file name.
struct RunAdditions {
    /// A template, and where the job finds what becomes of it.
    struct Template {
        let input: [UInt8]
        let output: Placement
    }

    private(set) var variables: [JobRequest.Variable] = []
    private(set) var files: [JobRequest.File] = []
    private(set) var templates: [Template] = []
    private let scope: NameScope
    /// The references that were given, by the variable or the place that is to have their values; names alone are of secrets of the scope.
    private var names: [(thing: String, place: Reference, isAlone: Bool)] = []

    init(_ scope: NameScope) { self.scope = scope }

    /// What a `.tacit` file names. Throws a failure that tells the line.
    mutating func add(_ folder: ProjectFolder) throws(Failure) {
        for entry in folder.file.variables {
            try telling(entry, of: folder) { this throws(Failure) in try this.addVariable(entry.name, Self.fromRoot(entry.value)) }
        }
        for entry in folder.file.files {
            try telling(entry, of: folder) { this throws(Failure) in try this.addFile(Self.fromRoot(entry.value), at: entry.name) }
        }
        for entry in folder.file.templates {
            try telling(entry, of: folder) { this throws(Failure) in
                try this.addTemplate(folder.path(of: entry.value), at: entry.name)
            }
        }
    }

    /// A reference of a file that names the same wherever one is.
    private static func fromRoot(_ word: [UInt8]) -> [UInt8] {
        let isWhole = word.contains(UInt8(ascii: "/")) && word.first != UInt8(ascii: "/") && Reference.schemeLength(word) == 0
        return isWhole ? Array("tacit://".utf8) + word : word
    }

    /// These, and of others those whose names are not among them.
    func over(_ others: RunAdditions) -> RunAdditions {
        var all = self
        all.variables = others.variables.filter { other in !variables.contains { $0.name == other.name } } + variables
        let places = files.map(\.path) + templates.map { Percent.encode(Reference(components: $0.output.stored).bytes) }
        all.files = others.files.filter { !places.contains($0.path) } + files
        all.templates =
            others.templates.filter { !places.contains(Percent.encode(Reference(components: $0.output.stored).bytes)) } + templates
        let taken = variables.map(\.name) + places
        all.names = others.names.filter { !taken.contains($0.thing) } + names
        return all
    }

    private mutating func telling(
        _ entry: ProjectFile.Entry, of folder: ProjectFolder, _ body: (inout RunAdditions) throws(Failure) -> Void
    ) throws(Failure) {
        do throws(Failure) { try body(&self) } catch { throw folder.failure(line: entry.line, error.message, hint: error.hint) }
    }

    /// `VAR=REF`, of `--env`.
    mutating func addVariable(_ word: [UInt8]) throws(Failure) {
        guard let equals = word.firstIndex(of: UInt8(ascii: "=")), equals > 0, equals + 1 < word.count else {
            throw Failure(.usage, "--env takes VAR=REF", hint: Self.variableExample)
        }
        try addVariable(Array(word[..<equals]), Array(word[(equals + 1)...]))
    }

    private mutating func addVariable(_ name: [UInt8], _ reference: [UInt8]) throws(Failure) {
        do { try Name.check(name, as: .variable) } catch {
            throw Failure(.usage, "--env takes the name of a variable: \(error)", hint: Self.variableExample)
        }
        variables.append(JobRequest.Variable(name: string(name), ref: try item(reference, for: string(name))))
    }

    private static let variableExample = "such as --env PGPASSWORD=acme/web/db/vars/PASSWORD"

    /// The variables and files of a whole secret, by their own names.
    mutating func addItems(of secret: SecretPlace) throws(Failure) {
        let request = DaemonRequest("GET", Endpoint.secret, query: [(name: "ref", value: secret.reference)])
        for item in try Daemon.ask(request).decoded(as: SecretReply.self).items {
            let reference = Percent.encode(secret.reference + [UInt8(ascii: "/")] + item.bytes)
            if item.bytes.starts(with: TreeName.inVars) {
                variables.append(JobRequest.Variable(name: string(Array(item.bytes.dropFirst(TreeName.inVars.count))), ref: reference))
            } else if item.bytes.starts(with: TreeName.inFiles) {
                files.append(JobRequest.File(ref: reference, path: Percent.encode(Array(item.bytes.dropFirst(TreeName.inFiles.count)))))
            }
        }
    }

    /// `REF:PATH`, of `--file`. The colon is the first, but for that of a scheme.
    mutating func addFile(_ word: [UInt8]) throws(Failure) {
        let start = Reference.schemeLength(word)
        guard let colon = word[start...].firstIndex(of: UInt8(ascii: ":")), colon > start else {
            throw Failure(.usage, "--file takes REF:PATH", hint: "such as --file acme/web/ssh/files/id:.ssh/id_rsa")
        }
        try addFile(Array(word[..<colon]), at: Array(word[(colon + 1)...]))
    }

    private mutating func addFile(_ reference: [UInt8], at path: [UInt8]) throws(Failure) {
        let place = Percent.encode(Reference(components: try placement(path).stored).bytes)
        files.append(JobRequest.File(ref: try item(reference, for: place), path: place))
    }

    /// `IN:OUT`, of `--template`. The colon is the first.
    mutating func addTemplate(_ word: [UInt8]) throws(Failure) {
        guard let colon = word.firstIndex(of: UInt8(ascii: ":")), colon > 0 else {
            throw Failure(.usage, "--template takes IN:OUT", hint: "such as --template pgpass.in:.pgpass")
        }
        try addTemplate(Array(word[..<colon]), at: Array(word[(colon + 1)...]))
    }

    private mutating func addTemplate(_ input: [UInt8], at path: [UInt8]) throws(Failure) {
        templates.append(Template(input: input, output: try placement(path)))
    }

    private func placement(_ word: [UInt8]) throws(Failure) -> Placement {
        do { return try Placement.parse(word) } catch {
            throw Failure(.usage, "\(error)", hint: "it is below HOME, such as .ssh/id_rsa, or absolute, such as /etc/app/key.pem")
        }
    }

    /// Throws a failure for a reference that leads nowhere. It may be a value that was given where none belongs, with or without slashes in
    /// it. So it is not told, nor is a job asked for with it, which would be in the log.
    func checkNames() throws(Failure) {
        for (thing, place, isAlone) in names {
            do throws(Failure) {
                _ = try Daemon.ask(DaemonRequest("GET", Endpoint.secret, query: [(name: "ref", value: place.bytes)]))
            } catch {
                guard error.exitCode == .notFound else { continue }
                let problem = isAlone ? "is no secret of \(text(scope.folder)), or none" : "leads to nothing in the tree, or nothing"
                throw Failure(
                    .notFound, "what is given for \(text(thing)) \(problem) that you may see",
                    hint: "it takes a reference; run -- env VAR=VALUE COMMAND sets a plain value")
            }
        }
    }

    /// A reference as a request has it. A name alone is a secret of the scope.
    private mutating func item(_ word: [UInt8], for thing: String) throws(Failure) -> String {
        let names: [[UInt8]]
        do { names = try Reference.parse(try ReferenceArgument.parse(word)).components } catch {
            throw (error as? Failure) ?? Failure(.usage, "\(error)")
        }
        let isAlone = names.count == 1 && !word.contains(UInt8(ascii: "/"))
        let place = isAlone ? scope.secret(names[0]) : Reference(components: names)
        self.names.append((thing, place, isAlone))
        return Percent.encode(place.bytes)
    }
}
