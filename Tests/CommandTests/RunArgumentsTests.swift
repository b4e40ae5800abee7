// SPDX-License-Identifier: MIT

import ControlAPI
import Formats
import Linux
import Secrets
import Testing

@testable import tacit

/// What the words of `tacit run` say. None of these asks a daemon.
@Suite struct RunArgumentsTests {
    private static let web = Reference(components: ["acme", "web"].map { Array($0.utf8) })

    private func parse(_ words: String...) throws -> RunArguments {
        try RunArguments(try Invocation(.run, words.map { Array($0.utf8) }))
    }

    private func failure(_ words: String...) -> Failure? {
        do {
            _ = try RunArguments(try Invocation(.run, words.map { Array($0.utf8) }))
            return nil
        } catch {
            return error
        }
    }

    @Test func `a project and a command`() throws {
        let run = try parse("-p", "acme/web", "--", "make", "-j", "4")
        #expect(run.request == JobRequest(project: Self.web))
        #expect(run.command.map { string($0) } == ["make", "-j", "4"])
        #expect(!run.forces && run.templates.isEmpty)
    }

    @Test func `options after the command are the commands`() throws {
        let run = try parse("-p", "acme/web", "ssh", "-p", "22", "--debug", "--", "host")
        #expect(run.command.map { string($0) } == ["ssh", "-p", "22", "--debug", "--", "host"])
        #expect(run.request == JobRequest(project: Self.web))
        #expect(try parse("-p", "acme/web", "--", "--debug").command.map { string($0) } == ["--debug"])
    }

    @Test func `a target is said in two ways`() throws {
        let production = Reference(components: ["acme", "web@production"].map { Array($0.utf8) })
        #expect(try parse("-p", "acme/web@production", "x").request == JobRequest(project: production))
        #expect(try parse("-p", "secret:acme/web", "-t", "production", "x").request == JobRequest(project: production))
        #expect(try parse("-p", "tacit://acme/web@production", "-t", "production", "x").request == JobRequest(project: production))
        #expect(failure("-p", "acme/web@a", "-t", "b", "x")?.message.contains("two targets") == true)
        #expect(failure("-p", "acme", "x")?.exitCode == .usage)
        #expect(failure("-p", "acme/web/db", "x")?.exitCode == .usage)
        #expect(failure("-p", "acme/@org", "x")?.exitCode == .usage)
        #expect(failure("-p", "user", "-t", "a", "x")?.exitCode == .usage)
    }

    @Test func `what is added to a job`() throws {
        let request = try parse(
            "-p", "acme/web", "-s", "db", "--secret", "api", "--env", "A=secret:acme/x/y/vars/B", "--env=TOKEN=token", "--file",
            "acme/x/y/files/k e:.ssh/id:rsa", "--file", "secret:user/k:/etc/k", "--debug", "x"
        ).request
        #expect(request.secrets == ["db", "api"])
        #expect(request.variables == [.init(name: "A", ref: "acme/x/y/vars/B"), .init(name: "TOKEN", ref: "acme/web/token")])
        #expect(
            request.files == [
                .init(ref: "acme/x/y/files/k%20e", path: ".ssh/id%3Arsa"), .init(ref: "user/k", path: "%40root/etc/k"),
            ])
        #expect(request.debug == true)
    }

    @Test func `templates have a place`() throws {
        let run = try parse("-p", "a/b", "--template", "in/x.in:.config/x", "--template", "y:/etc/y", "x")
        #expect(run.templates.map { string($0.input) } == ["in/x.in", "y"])
        #expect(run.templates.map { $0.output.stored.map { string($0) } } == [[".config", "x"], ["@root", "etc", "y"]])
    }

    @Test(arguments: [
        ["--env", "A"], ["--env", "A="], ["--env", "=r"], ["--env", "1A=r"], ["--env", "A-B=r"], ["--file", "acme/web/db"],
        ["--file", ":x"],
        ["--file", "secret::x"], ["--file", "a:"], ["--file", "a:x/"], ["--file", "a:../x"], ["--template", "x"], ["--template", ":x"],
        ["--template", "x:"], ["-s", "acme/web/db"], ["-s", ""], ["--mask", "--no-mask"], ["--cgroup", "/x"], ["--detach"],
    ])
    func `what is malformed is a usage error`(words: [String]) throws {
        let words = (["-p", "acme/web"] + words + ["x"]).map { Array($0.utf8) }
        let failure = #expect(throws: Failure.self) { _ = try RunArguments(try Invocation(.run, words)) }
        #expect(failure?.exitCode == .usage && failure?.hint != nil)
    }

    @Test func `a name that no variable has is said to be one`() {
        let rule = "(allowed: letters, digits and '_', no digit first, at most 255 bytes)"
        for (name, offset) in [("1X", 0), ("A-B", 1)] {
            let message = "--env takes the name of a variable: the name has a byte that is not allowed, at offset \(offset) \(rule)"
            #expect(failure("-p", "acme/web", "--env", "\(name)=acme/web/db/vars/A", "x")?.message == message)
        }
        for word in ["A", "A=", "=acme/web/db/vars/A"] {
            #expect(failure("-p", "acme/web", "--env", word, "x")?.message == "--env takes VAR=REF")
        }
    }

    @Test func `a job of a control group has no command`() throws {
        let run = try parse("-p", "acme/web", "--cgroup", "/agents/a", "--detach", "--env", "A=b")
        #expect(run.request.cgroup == "/agents/a" && run.command.isEmpty)
        #expect(failure("-p", "acme/web", "--cgroup", "/a", "--detach", "x")?.message == "--detach takes no COMMAND")
        for option in [["--template", "a:b"], ["--force"], ["--mask"], ["--no-mask"]] {
            let words = (["-p", "acme/web", "--cgroup", "/a", "--detach"] + option).map { Array($0.utf8) }
            let failure = #expect(throws: Failure.self) { _ = try RunArguments(try Invocation(.run, words)) }
            #expect(failure?.message == "\(option[0]) is for jobs with a COMMAND")
        }
    }

    @Test func `what is missing is said`() {
        #expect(failure()?.message == "run needs COMMAND")
        #expect(failure("-p", "acme/web")?.message == "run needs COMMAND")
        #expect(failure("-p", "acme/web", "--")?.message == "run needs COMMAND")
    }

    @Test func `without a project the secrets are ones own`() throws {
        let own = Reference(components: [Array("user".utf8)])
        #expect(try parse("x").request == JobRequest(project: own))
        #expect(try parse("-p", "user", "-s", "user/app", "-s", "db", "x").request == JobRequest(project: own, secrets: ["app", "db"]))
    }

    @Test func `how values are delivered is chosen`() throws {
        let run = try parse("-p", "acme/web", "x")
        #expect(run.delivery == .environment && run.placesFiles)
        #expect(try parse("-p", "acme/web", "--as-files", "x").delivery == .files)
        #expect(try !parse("-p", "acme/web", "--no-files", "x").placesFiles)
    }

    @Test func `masking is chosen`() throws {
        #expect(try parse("-p", "a/b", "--mask", "x").masking == .all)
        #expect(try parse("-p", "a/b", "--no-mask", "x").masking == .nothing)
    }

    @Test func `attach takes a job and a command`() throws {
        let invocation = try Invocation(.attach, ["--mask", "0123456789abcdef", "--no-mask", "--", "ps", "-ef"].map { Array($0.utf8) })
        #expect(invocation.arguments.operands.map { string($0) } == ["0123456789abcdef", "ps", "-ef"])
        #expect(invocation.arguments.options.map(\.name) == ["mask", "no-mask"])
        #expect(try invocation.job(Array("0123456789abcdef".utf8)).count == 16)
        for word in ["", "0123456789ABCDEF", "0123", "../0123456789abcdef"] {
            #expect(throws: Failure.self) { _ = try invocation.job(Array(word.utf8)) }
        }
    }
}
