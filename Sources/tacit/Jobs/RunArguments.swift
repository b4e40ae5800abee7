// SPDX-License-Identifier: MIT

import Bytes
import ControlAPI
import Linux
import Secrets

/// The arguments of `tacit run`.
struct RunArguments {
    /// A template, and where the job finds what becomes of it.
    struct Template {
        let input: [UInt8]
        let output: Placement
    }

    let request: JobRequest
    let templates: [Template]
    let masking: MaskChoice
    /// Whether what is where a file is to be is moved aside.
    let forces: Bool
    /// The program and its arguments; empty for a job that is bound to a control group.
    let command: [[UInt8]]

    static let options =
        [
            DeclaredOption(
                "project", letter: "p", argument: "PROJECT", kind: .reference, "the project, such as acme/web or acme/web@production"),
            DeclaredOption("target", letter: "t", argument: "TARGET", kind: .text, "its deployment target"),
            DeclaredOption("secret", letter: "s", argument: "NAME", kind: .text, "use only this secret; may be given more than once"),
            DeclaredOption("env", argument: "VAR=REF", kind: .text, "set a variable to any value of the tree"),
            DeclaredOption("file", argument: "REF:PATH", kind: .reference, "place any value of the tree as a file"),
            DeclaredOption("template", argument: "IN:OUT", kind: .file, "place the file IN with secrets put in"),
            DeclaredOption("debug", "mark the job as a debug session"),
        ] + MaskChoice.options + [
            DeclaredOption("force", "move away what is where a file is to be, as long as the job runs"),
            DeclaredOption("cgroup", argument: "PATH", kind: .text, "bind the job to a control group that exists; with --detach"),
            DeclaredOption("detach", "start the job, print its id, and run no command"),
        ]

    /// Throws a usage failure for what makes no job.
    init(_ invocation: Invocation) throws(Failure) {
        let arguments = invocation.arguments
        command = arguments.operands
        forces = arguments.has("force")
        masking = try MaskChoice(invocation)
        let cgroup = arguments.argument("cgroup")
        guard (cgroup != nil) == arguments.has("detach") else {
            throw .usage("--cgroup and --detach go together", of: invocation.command)
        }
        if cgroup == nil, command.isEmpty { throw .usage("run needs COMMAND", of: invocation.command) }
        if cgroup != nil {
            guard command.isEmpty else { throw .usage("--detach takes no COMMAND", of: invocation.command) }
            for option in ["template", "mask", "no-mask", "force"] where arguments.has(option) {
                throw .usage("--\(option) is for jobs with a COMMAND", of: invocation.command)
            }
        }
        let scope = try Self.scope(invocation)
        var secrets: [String] = []
        var variables: [JobRequest.Variable] = []
        var files: [JobRequest.File] = []
        var templates: [Template] = []
        for option in arguments.options {
            switch option.name {
            case "secret": secrets.append(try Self.secret(option.argument))
            case "env": variables.append(try Self.variable(option.argument))
            case "file": files.append(try Self.file(option.argument))
            case "template": templates.append(try Self.template(option.argument))
            default: break
            }
        }
        self.templates = templates
        request = JobRequest(
            project: Reference(components: [scope.organization, scope.project]), target: scope.target.map { string($0) },
            secrets: secrets.isEmpty ? nil : secrets, variables: variables.isEmpty ? nil : variables, files: files.isEmpty ? nil : files,
            debug: arguments.has("debug") ? true : nil, cgroup: cgroup.map { string($0) })
    }

    private static func scope(_ invocation: Invocation) throws(Failure) -> JobScope {
        guard let project = invocation.arguments.argument("project") else {
            throw Failure(.usage, "run needs -p PROJECT", hint: "such as tacit run -p acme/web -- COMMAND")
        }
        let reference = try self.reference(project)
        do {
            return try JobScope(reference, target: invocation.arguments.argument("target"))
        } catch {
            throw Failure(.usage, "\(error)", hint: "a project is acme/web, with a target acme/web@production")
        }
    }

    private static func secret(_ name: [UInt8]) throws(Failure) -> String {
        do { try Name.check(name, as: .secret) } catch {
            throw Failure(.usage, "-s takes the name of a secret: \(error)", hint: "--env and --file take one from elsewhere")
        }
        return string(name)
    }

    private static func variable(_ word: [UInt8]) throws(Failure) -> JobRequest.Variable {
        let example = "such as --env PGPASSWORD=acme/web/db/vars/PASSWORD"
        guard let equals = word.firstIndex(of: UInt8(ascii: "=")), equals > 0, equals + 1 < word.count else {
            throw Failure(.usage, "--env takes VAR=REF", hint: example)
        }
        let name = Array(word[..<equals])
        do { try Name.check(name, as: .variable) } catch {
            throw Failure(.usage, "--env takes the name of a variable: \(error)", hint: example)
        }
        return JobRequest.Variable(name: string(name), ref: try item(Array(word[(equals + 1)...])))
    }

    /// `REF:PATH`. The colon is the first, but for that of `secret:`.
    private static func file(_ word: [UInt8]) throws(Failure) -> JobRequest.File {
        let scheme = Array("secret:".utf8)
        let start = word.starts(with: scheme) ? scheme.count : 0
        guard let colon = word[start...].firstIndex(of: UInt8(ascii: ":")), colon > start else {
            throw Failure(.usage, "--file takes REF:PATH", hint: "such as --file acme/web/ssh/files/id:.ssh/id_rsa")
        }
        let placement = try placement(word[(colon + 1)...])
        return JobRequest.File(
            ref: try item(Array(word[..<colon])), path: Percent.encode(Reference(components: placement.stored).bytes))
    }

    /// `IN:OUT`. The colon is the first.
    private static func template(_ word: [UInt8]) throws(Failure) -> Template {
        guard let colon = word.firstIndex(of: UInt8(ascii: ":")), colon > 0 else {
            throw Failure(.usage, "--template takes IN:OUT", hint: "such as --template pgpass.in:.pgpass")
        }
        return Template(input: Array(word[..<colon]), output: try placement(word[(colon + 1)...]))
    }

    private static func placement(_ word: ArraySlice<UInt8>) throws(Failure) -> Placement {
        do { return try Placement.parse(Array(word)) } catch {
            throw Failure(.usage, "\(error)", hint: "it is below HOME, such as .ssh/id_rsa, or absolute, such as /etc/app/key.pem")
        }
    }

    /// A reference as a request has it. A name alone is one of the caller's own secrets.
    private static func item(_ word: [UInt8]) throws(Failure) -> String {
        let names = try reference(word).components
        return Percent.encode(Reference(components: (names.count == 1 ? [TreeName.user] : []) + names).bytes)
    }

    private static func reference(_ word: [UInt8]) throws(Failure) -> Reference {
        do { return try Reference.parse(try ReferenceArgument.parse(word)) } catch {
            throw (error as? Failure) ?? Failure(.usage, "\(error)")
        }
    }
}
