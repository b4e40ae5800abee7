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
        let request = try DaemonRequest("POST", Endpoint.jobs).with(arguments.request)
        let job = try Daemon.ask(request, trusted: true).decoded(as: JobReply.self)
        for note in job.notes ?? [] { complain("tacit: \(note)") }
        try placeLinks(job, arguments)
        guard !arguments.command.isEmpty else { return try put(text(job.id) + "\n") }
        let keeper = try keeper(job, templates, arguments)
        let end = Result { () throws(Failure) in
            let required = arguments.settings.map(JobRequirements.init) ?? JobRequirements()
            let values = try JobValues(all: arguments.masking != .nothing || !templates.isEmpty || !required.isEmpty)
            try required.check(values)
            try templates.render(with: values)
            return try InsideJob.run(arguments.command, in: job, values, masking: arguments.masking, delivery: arguments.delivery)
        }
        keeper?.end()
        try end.get().finish()
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

    /// Places the files of the job, if there are any.
    private static func keeper(_ job: JobReply, _ templates: JobTemplates, _ arguments: RunArguments) throws(Failure) -> Keeper? {
        var files = Set(templates.files)
        for name in arguments.placesFiles ? job.files : [] {
            guard let name = Percent.decode(name) else { throw .strangeAnswer }
            files.insert(JobPath.names(in: name))
        }
        guard !files.isEmpty else { return nil }
        guard let mountpoint = job.mountpoint else { throw .strangeAnswer }
        let plan = try PlacementPlan(files, mountpoint: Array(mountpoint.utf8), home: PlacementPlan.home, replaces: arguments.forces)
        return try Keeper(plan)
    }
}
