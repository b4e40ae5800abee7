// SPDX-License-Identifier: MIT

import Bytes
import ControlAPI
import Formats
import Linux
import Secrets
import Supervisor

/// What `tacit run` is told to do: by its arguments, and by the `.tacit` file of the folder that it is run in.
struct RunArguments {
    let scope: JobScope
    /// Whether they are the caller's own secrets since nothing names a project.
    let isOwnUnasked: Bool
    let request: JobRequest
    let additions: RunAdditions
    let templates: [RunAdditions.Template]
    let masking: MaskChoice
    /// Whether what is where a file is to be is moved aside.
    let forces: Bool
    /// How the values of variables reach the command.
    let delivery: ProjectFile.Delivery
    /// Whether files of secrets are placed where they say.
    let placesFiles: Bool
    /// The `.tacit` file whose settings count; nil if there is none.
    let settings: ProjectFolder?
    /// What becomes of the command when values change; nil where they are not followed.
    let renewal: Renewal?
    /// The program and its arguments; empty for a job that is bound to a control group.
    let command: [[UInt8]]

    static let options =
        [
            DeclaredOption(
                "project", letter: "p", argument: "PROJECT", kind: .reference, "the project, such as acme/web or acme/web@production"),
            DeclaredOption("target", letter: "t", argument: "TARGET", kind: .target, "its deployment target"),
            DeclaredOption("secret", letter: "s", argument: "NAME", kind: .secretName, "use only this secret; may be given more than once"),
            DeclaredOption("env", argument: "VAR=REF", kind: .text, "set a variable to any value of the tree"),
            DeclaredOption("file", argument: "REF:PATH", kind: .reference, "place any value of the tree as a file"),
            DeclaredOption("template", argument: "IN:OUT", kind: .file, "place the file IN with secrets put in"),
            DeclaredOption("as-files", "no value in the environment: NAME_FILE says where each is"),
            DeclaredOption("no-files", "place no files of secrets; the job reads them in job/files"),
            DeclaredOption("debug", "mark the job as a debug session"),
        ] + MaskChoice.options + [
            DeclaredOption("watch", "start the command anew when a value that it has changes"),
            DeclaredOption("restart", "the default of --watch"),
            DeclaredOption("signal", argument: "SIGNAL", kind: .text, "send it a signal instead, such as HUP; with --watch"),
            DeclaredOption("stop-timeout", argument: "SECONDS", kind: .text, "how long it may take to end; 10 without; with --watch"),
            DeclaredOption("force", "move away what is where a file is to be, while the job runs"),
            DeclaredOption("cgroup", argument: "PATH", kind: .text, "bind the job to a control group that exists; with --detach"),
            DeclaredOption("detach", "start the job, print its id, and run no command"),
        ]

    /// Throws a usage failure for what makes no job.
    init(_ invocation: Invocation) throws(Failure) {
        if invocation.command.programOperand != nil { try Self.check(invocation) }
        let arguments = invocation.arguments
        command = arguments.operands
        forces = arguments.has("force")
        masking = try MaskChoice(invocation)
        renewal = try Self.renewal(invocation)
        let cgroup = arguments.argument("cgroup")
        let (names, scope) = try Self.scope(invocation)
        self.scope = scope
        isOwnUnasked = names.origin == .none
        settings = names.settings
        var additions = RunAdditions(names)
        // Nil: all. An option that names one, and a list of the file, also an empty one, leave out what they do not name.
        var secrets: [String]?
        for option in arguments.options {
            switch option.name {
            case "secret":
                if secrets == nil { secrets = [] }
                try Self.add(option.argument, to: &secrets, &additions, names)
            case "env": try additions.addVariable(option.argument)
            case "file": try additions.addFile(option.argument)
            case "template": try additions.addTemplate(option.argument)
            default: break
            }
        }
        if let settings {
            var named = RunAdditions(names)
            if secrets == nil, let list = settings.file.secrets {
                secrets = []
                for name in list {
                    do throws(Failure) { try Self.add(name, to: &secrets, &named, names) } catch {
                        throw settings.failure(
                            line: settings.file.lines[Array("secrets".utf8)]?.lowerBound, error.message, hint: error.hint)
                    }
                }
            }
            try named.add(settings)
            additions = additions.over(named)
        }
        templates = cgroup == nil ? additions.templates : []
        self.additions = additions
        let (variables, files) = (additions.variables, additions.files)
        delivery = arguments.has("as-files") ? .files : settings?.file.delivery ?? .environment
        placesFiles = !arguments.has("no-files")
        request = JobRequest(
            project: scope.reference,
            secrets: secrets, variables: variables.isEmpty ? nil : variables, files: files.isEmpty ? nil : files,
            debug: arguments.has("debug") ? true : nil, cgroup: cgroup.map { string($0) })
    }

    /// Starts the job, whose root is this process or the control group.
    func start() throws(Failure) -> JobReply {
        try additions.checkNames()
        return try Daemon.ask(DaemonRequest("POST", Endpoint.jobs).with(request), trusted: true).decoded(as: JobReply.self)
    }

    /// Throws a usage failure for options that do not go together.
    private static func check(_ invocation: Invocation) throws(Failure) {
        let arguments = invocation.arguments
        let (cgroup, command) = (arguments.argument("cgroup"), arguments.operands)
        guard (cgroup != nil) == arguments.has("detach") else {
            throw .usage("--cgroup and --detach go together", of: invocation.command)
        }
        if cgroup == nil, command.isEmpty { throw .usage("run needs COMMAND", of: invocation.command) }
        if cgroup != nil {
            guard command.isEmpty else { throw .usage("--detach takes no COMMAND", of: invocation.command) }
            for option in ["template", "mask", "no-mask", "force", "as-files", "no-files", "watch"] where arguments.has(option) {
                throw .usage("--\(option) is for jobs with a COMMAND", of: invocation.command)
            }
        }
    }

    private static func renewal(_ invocation: Invocation) throws(Failure) -> Renewal? {
        let arguments = invocation.arguments
        for option in ["restart", "signal", "stop-timeout"] where arguments.has(option) && !arguments.has("watch") {
            throw .usage("--\(option) goes with --watch", of: invocation.command)
        }
        guard arguments.has("watch") else { return nil }
        if let word = arguments.argument("signal") {
            for option in ["restart", "stop-timeout"] where arguments.has(option) {
                throw .usage("--signal and --\(option) exclude each other", of: invocation.command)
            }
            guard let number = SignalName.number(word) else {
                throw Failure(
                    .usage, "--signal takes the name of a signal that a program can handle, not '\(text(word))'",
                    hint: "such as HUP or USR1")
            }
            return .signal(number)
        }
        guard let word = arguments.argument("stop-timeout") else { return .restart(timeout: 10_000_000) }
        guard let seconds = Int64(decimal: word), (0...86_400).contains(seconds) else {
            throw .usage("--stop-timeout takes seconds, from 0 to 86400, not '\(text(word))'", of: invocation.command)
        }
        return .restart(timeout: seconds * 1_000_000)
    }

    /// Adds a secret by its name in the scope; one of the caller's own that is in another comes in piece by piece.
    private static func add(
        _ word: [UInt8], to secrets: inout [String]?, _ additions: inout RunAdditions, _ names: NameScope
    ) throws(Failure) {
        if let own = names.isOwn ? nil : try ownSecret(word) { return try additions.addItems(of: own) }
        secrets?.append(try secret(word, in: names))
    }

    private static func scope(_ invocation: Invocation) throws(Failure) -> (NameScope, JobScope) {
        var names = try NameScope(invocation, usingSettings: true)
        // An option wins over the file.
        if names.origin == .file, invocation.arguments.has("target") { names = names.withoutTarget }
        let hint = "-p acme/web names a project once, and tacit use acme/web for this folder"
        do { return (names, try JobScope(names.folder, target: invocation.arguments.argument("target"))) } catch {
            throw Failure(.usage, "\(error)", hint: hint)
        }
    }

    /// The name of a secret of the scope, which may have `user/` in front where that is the scope.
    private static func secret(_ word: [UInt8], in scope: NameScope) throws(Failure) -> String {
        let name = scope.isOwn ? try ownSecret(word)?.name ?? word : word
        do { try Name.check(name, as: .secret) } catch {
            throw Failure(.usage, "-s takes the name of a secret: \(error)", hint: "--env and --file take one from elsewhere")
        }
        return string(name)
    }

    /// The secret that `user/NAME` is; nil for another word.
    private static func ownSecret(_ word: [UInt8]) throws(Failure) -> SecretPlace? {
        guard word.starts(with: TreeName.user + [UInt8(ascii: "/")]) else { return nil }
        guard let place = (try? Reference.parse(word)).flatMap(SecretPlace.init), place.below.isEmpty else { return nil }
        return place
    }
}
