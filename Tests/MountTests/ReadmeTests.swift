// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// The blocks of README.md that show what is typed and what comes of it, played as they are written.
@Suite struct ReadmeTests {
    /// A line that is typed, and what the README says that it prints.
    private struct Step {
        let command: String
        var output: [String] = []

        /// Whether it printed that: `…` in a line is anything in it, and a line `…` any number of lines.
        func matches(_ text: String) -> Bool {
            let lines = output.map {
                $0 == "…" ? "(?:.*\n)*" : NSRegularExpression.escapedPattern(for: $0).replacing("…", with: ".*") + "\n"
            }
            return text.range(of: "^" + lines.joined() + "$", options: .regularExpression) == text.startIndex..<text.endIndex
        }
    }

    /// Types a value on a terminal each time it is asked for, and prints the line `done` if there was one.
    private static let typing = """
        touch TERMINAL
        (for asked in : again:; do
            for turn in $(seq 600); do grep -q $asked TERMINAL && break; sleep 0.1; done
            echo typed
        done) |
        script -qfec "COMMAND" /dev/null >TERMINAL; tr -d '\\r' < TERMINAL | grep -x done
        """

    /// The steps of the `console` blocks below a heading, to the next.
    private func steps(below heading: String) throws -> [Step] {
        let text = try String(contentsOfFile: FileManager.default.currentDirectoryPath + "/README.md", encoding: .utf8)
        var steps: [Step] = []
        var (isBelow, isBlock) = (false, false)
        for line in text.components(separatedBy: "\n") {
            if !isBlock, line.hasPrefix("#") { isBelow = line == heading }
            guard isBelow else { continue }
            if line.hasPrefix("```") {
                isBlock = line == "```console"
            } else if isBlock, line.hasPrefix("$ ") {
                steps.append(Step(command: String(line.dropFirst(2))))
            } else if isBlock, !steps.isEmpty {
                steps[steps.count - 1].output.append(line)
            }
        }
        return steps
    }

    /// Runs steps in one bash, and holds what each printed against what it should have. `tacit add NAME` is given a value on a terminal.
    private func play(
        _ steps: [Step], in folder: String, before: String, start: ([String]) throws -> Outcome,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        try #require(steps.count > 3, sourceLocation: location)
        var script = before + "\n"
        for (number, step) in steps.enumerated() {
            let command =
                step.command.hasPrefix("tacit add ") && !step.command.contains(" -")
                ? Self.typing.replacing("COMMAND", with: step.command).replacing("TERMINAL", with: "\(folder)/terminal\(number)")
                : step.command
            script += "{ \(command)\n} > \(folder)/\(number) 2>&1 </dev/null\n"
        }
        let outcome = try start(["bash", "-c", script])
        for (number, step) in steps.enumerated() {
            let said = String(decoding: Scratch.contents("\(folder)/\(number)"), as: UTF8.self)
            // A line that is printed without its end is told with one.
            let isWhole = said.isEmpty || said.hasSuffix("\n")
            #expect(
                step.matches(isWhole ? said : said + "\n"), "$ \(step.command)\n\(said)\(outcome.complaint.suffix(500))",
                sourceLocation: location)
        }
    }

    /// The commands that `contrib/steps` counts for tacit and that one user can play, each of which must end with 0. For a line of a
    /// crontab that is the command in it. "Once" takes systemd, and a colleague another mount.
    private func counted() throws -> [Step] {
        let tasks = ["a first secret that a program has", "take in a .env", "npm start with it", "the next value reaches it", "a cron job"]
        let folder = Step(command: #"mkdir ~/counted; cd ~/counted; printf 'PORT=8080\n' > .env"#)
        return try [folder]
            + tasks.flatMap { task in
                try Command("contrib/steps", "--play", task).run().orThrow().lines.map { line in
                    // From then on, what was in the file comes from its secret alone.
                    let behind = task == "take in a .env" ? " && rm .env && echo done" : " && echo done"
                    return Step(command: line.replacing("@daily ", with: "") + behind, output: ["done"])
                }
            }
    }

    /// With an account, a home, and nothing that is there before.
    @Test func `an ordinary user's minute, and then the first lines`() throws {
        let scratch = try Scratch()
        for program in ["tacitd", "tacit"] { try TestSupport.Programs.install(program, in: scratch.path) }
        let home = try scratch.folder("home", owner: alice.uid)
        let said = try scratch.folder("said", owner: alice.uid)
        try scratch.file("backup", Data("#!/bin/sh\ntest -n \"$PORT\"\n".utf8), mode: 0o755)
        try scratch.file("npm", Data("#!/bin/sh\ntest -n \"$API_KEY\" && { test -s .env || test -n \"$PORT\"; }\n".utf8), mode: 0o755)
        // What the first lines take for granted: a project that one may use.
        let first = Step(command: "mkdir ~/first; cd ~/first")
        let steps = try steps(below: "## A minute") + [first] + steps(below: "# tacit") + counted()
        let before = "trap 'cd /; fusermount3 -uz ~/secrets' EXIT; cd"
        try play(steps, in: said, before: before) { words in
            let as1001 = ["setpriv", "--reuid=\(alice.uid)", "--regid=\(alice.uid)", "--clear-groups", "env", "-i"]
            let variables = ["HOME=\(home)", "PATH=\(scratch.path):/usr/local/bin:/usr/bin:/bin"]
            return try Accounts.command(as1001 + variables + words, named: true, in: scratch).run()
        }
    }

    @Test func `several users, as root plays them`() throws {
        try withMount { mount in
            let said = try mount.scratch.folder("said")
            let steps = try steps(below: "## Several users").map { step in
                Step(
                    command: step.command.replacing("/tmp/", with: "\(mount.scratch.path)/home/"),
                    output: step.output.map { $0.replacing("/tmp/", with: "\(mount.scratch.path)/home/") })
            }
            try mount.scratch.folder("home", mode: 0o1777)
            try play(steps, in: said, before: "export HOME=\(mount.scratch.path)/home") { words in
                try mount.command(words).run()
            }
        }
    }

    /// The counts hang on no program but Python.
    @Test func `the table of commands is that of contrib/steps`() throws {
        let table = try Command("contrib/steps").run().orThrow().text
        let readme = try String(contentsOfFile: FileManager.default.currentDirectoryPath + "/README.md", encoding: .utf8)
        #expect(readme.contains("\n\n\(table)\n"))
    }
}
