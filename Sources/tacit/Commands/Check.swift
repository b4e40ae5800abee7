// SPDX-License-Identifier: MIT

import ControlAPI
import Linux

extension Command {
    static let check = Command(
        "check", summary: "check that a job would have what a .tacit file requires",
        details: """
            Starts a job as tacit run does, without a command, and prints a line for each
            name in `required` that is missing, empty, or not used: of a secret that the job has
            not, by its policy or by `secrets`. The exit status is 1 if there is one.
            """,
        options: [
            .project,
            DeclaredOption("target", letter: "t", argument: "TARGET", kind: .target, "the project's deployment target"),
            DeclaredOption("secret", letter: "s", argument: "NAME", kind: .secretName, "use only this secret; may be given more than once"),
            .json,
        ]
    ) { invocation throws(Failure) in
        let arguments = try RunArguments(invocation)
        guard let settings = arguments.settings else {
            throw Failure(
                .notFound, "no .tacit file here, or above, is about this project",
                hint: "tacit use PROJECT writes one; required = [NAME] is its line")
        }
        let required = JobRequirements(settings)
        let places = try required.places(in: arguments.scope)
        try InsideJob.prepare(invocation)
        for note in try arguments.start().notes ?? [] { complain("tacit: \(note)") }
        let problems = try required.problems(JobValues(all: true), places: places)
        if invocation.wantsJSON {
            try DaemonAnswer(encoding: ["problems": problems]).print()
        } else {
            try put(problems.map { $0.line + "\n" }.joined())
        }
        guard problems.isEmpty else {
            let count = problems.count
            let file = text(ProjectFolder.filePath(in: settings.path))
            throw .verdict("\(count) of what \(file) requires \(count == 1 ? "is" : "are") missing, empty or not used")
        }
    }
}
