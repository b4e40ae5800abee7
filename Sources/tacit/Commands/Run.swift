// SPDX-License-Identifier: MIT

import Bytes
import ControlAPI
import Formats
import Glibc
import Linux
import Secrets
import Supervisor

extension Command {
    static let run = Command(
        "run", operands: [Operand("[COMMAND]", .program), Operand("[ARGUMENT]…", .file)],
        summary: "run a command with the secrets of a project",
        details: """
            Variables are in the command's environment, files where the secrets say: below
            HOME, or at an absolute path, as links that go when the command has ended. The
            exit status is the command's, and 125 where tacit itself fails. In a folder with
            a .tacit file, that says the project and what is used of it; it is checked first,
            as by tacit check. Where nothing names a project, your own secrets are used.
              tacit run -- npm start
              tacit run -p acme/web -- ./deploy
              tacit run -s user/app -- ./try-it
              tacit run -p acme/web@production -s db -- psql
              tacit run -p acme/web --env TOKEN=user/token -- make release
              tacit run -p acme/web --template pgpass.in:.pgpass -- psql
              tacit run --watch -- ./server
            With --watch the command is ended and started anew when a value that it has
            changes: by SIGTERM, and after --stop-timeout by SIGKILL, with all that it has
            started. With --signal it is sent a signal instead, and reads the new values in job/.
            A template has ${secrets.NAME} or ${secrets.NAME.VAR} where a value is to be.
            Without --mask or --no-mask, values are masked in output that goes to no terminal.
            """,
        options: RunArguments.options
    ) { invocation throws(Failure) in
        let arguments = try RunArguments(invocation)
        let templates = try JobTemplates(arguments.templates)
        try InsideJob.prepare(invocation)
        if arguments.isOwnUnasked, isatty(STDERR_FILENO) == 1 {
            complain("tacit: nothing names a project here: your own secrets are used")
        }
        let job = try arguments.start()
        for note in job.notes ?? [] { complain("tacit: \(note)") }
        try placeLinks(job, arguments)
        guard !arguments.command.isEmpty else { return try put(text(job.id) + "\n") }
        let files = try KeptFiles(mountpoint: mountpoint(of: job), replaces: arguments.forces)
        try files.place(placed(job, templates, arguments))
        let end = Result { () throws(Failure) in try follow(job, arguments, templates, files) }
        files.end()
        tellReplacedLinks(arguments)
        try end.get().finish()
    }

    /// Says which links of the `.tacit` file the command has put a file of its own in the place of, as `sed -i .env` does.
    private static func tellReplacedLinks(_ arguments: RunArguments) {
        guard let settings = arguments.settings else { return }
        for link in settings.file.links {
            guard let path = try? settings.checked(link: link), let status = try? FileDescriptor.status(of: string(path)),
                status.isRegularFile
            else { continue }
            complain("tacit: \(text(path)) is a regular file now, not a link into the job: what was written to it is in plaintext")
            complain("hint: remove it, and tacit run makes the link anew")
        }
    }

    /// Runs the command to its end.
    private static func follow(
        _ job: JobReply, _ arguments: RunArguments, _ templates: JobTemplates, _ files: KeptFiles
    ) throws(Failure) -> ChildEnd {
        if let renewal = arguments.renewal {
            let changing = try ChangingValues(of: job, arguments, templates, files)
            defer { changing.end() }
            return try InsideJob.run(arguments.command, with: changing.first(), changing: (changing, renewal))
        }
        let required = arguments.settings.map(JobRequirements.init) ?? JobRequirements()
        let values = try JobValues(all: arguments.masking != .nothing || !templates.isEmpty || !required.isEmpty)
        try required.check(values)
        try templates.render(with: values)
        return try InsideJob.run(arguments.command, in: job, values, masking: arguments.masking, delivery: arguments.delivery)
    }

    private static func mountpoint(of job: JobReply) throws(Failure) -> [UInt8] {
        guard let mountpoint = job.mountpoint else { throw .strangeAnswer }
        return Array(mountpoint.utf8)
    }

    /// The files that the job has when it starts, by their names below `files`.
    private static func placed(
        _ job: JobReply, _ templates: JobTemplates, _ arguments: RunArguments
    ) throws(Failure) -> Set<[[UInt8]]> {
        var files = Set(templates.files)
        for name in arguments.placesFiles ? job.files : [] {
            guard let name = Percent.decode(name) else { throw .strangeAnswer }
            files.insert(JobPath.names(in: name))
        }
        return files
    }

    /// Makes the links to the job's `env` that the `.tacit` file names, where they are not there yet. They stay.
    private static func placeLinks(_ job: JobReply, _ arguments: RunArguments) throws(Failure) {
        guard let settings = arguments.settings, let mountpoint = job.mountpoint else { return }
        for link in settings.file.links {
            do throws(Failure) { try JobLink.place(at: try settings.checked(link: link), mountpoint: Array(mountpoint.utf8)) } catch {
                // In a folder that is only read, the program does without.
                guard error.exitCode == .failed else { throw error }
                complain("tacit: \(error.message)")
            }
        }
    }
}
