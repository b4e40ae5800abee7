// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import TestSupport
import Testing

/// `tacit run`: what the command gets, what becomes of it, and what is refused.
@Suite struct Run {
    @Test func `the command has the variables, the files and the id of the job`() throws {
        try running { at in
            let script = """
                test "$A" = "$(cat job/vars/A)" && test "$B" = b && test "$(cat ~/.ssh/id)" = "$A" &&
                test "$(readlink ~/.ssh/id)" = "$PWD/job/files/.ssh/id" && stat -Lc '%a %u' ~/.ssh/id
                """
            try expect(at.must("run", "--no-mask", "-p", "acme/web", "--", "sh", "-c", script, as: alice), "400 1001")
            try expect(at.homeTree(), [])
        }
    }

    @Test func `the environment is the caller's otherwise, and says what it was replaced by`() throws {
        try running { at in
            var command = at.command(["tacit", "run", "--no-mask", "-p", "acme/web", "--", "env"], as: alice)
            command.environment.merge(["B": "other", "C": " kept\t", "SWIFT_BACKTRACE": "color=no"]) { $1 }
            let outcome = try command.run().orThrow()
            let before = Set(command.environment.map { "\($0.key)=\($0.value)" }).subtracting(["B=other"])
            #expect(Set(outcome.lines).isSuperset(of: before))
            let names = Set(outcome.lines.compactMap { $0.components(separatedBy: "=").first })
            expect(names.subtracting(command.environment.keys), ["A", "TACIT_JOB", "LC_ALL"])
            #expect(outcome.lines.contains("B=b"))
            expect(outcome.complaint, "tacit: the job's values replace those of the environment: B\n")
            // What is the same is not worth a word.
            command.environment["B"] = "b"
            try expect(command.run().orThrow().complaint, "")
        }
    }

    @Test(arguments: [
        ("exit 0", Outcome.Ending.exited(0)), ("exit 7", .exited(7)), ("exit 255", .exited(255)), ("kill -TERM $$", .signalled(SIGTERM)),
        ("kill -KILL $$", .signalled(SIGKILL)),
    ])
    func `it ends as the command does`(script: String, ending: Outcome.Ending) throws {
        try running { at in
            try expect(at.tacit("run", "-p", "acme/web", "sh", "-c", script, as: alice).ending, ending)
            try expect(at.homeTree(), [])
        }
    }

    @Test func `a command that can't be run is told apart`() throws {
        try running { at in
            func outcome(_ name: String) throws -> Outcome {
                var command = at.command(["tacit", "run", "--no-mask", "-p", "acme/web", name], as: alice)
                // In a folder that she may not search there is nothing to be found.
                command.environment["PATH"] = at.mount.scratch.path + "/state:" + at.mount.scratch.path + ":/usr/bin:/bin"
                return try command.run()
            }
            let absent = try outcome("no-such-command")
            #expect(absent.ending == .exited(127) && absent.complaint == "tacit: no-such-command: command not found\n", "\(absent)")
            let data = try outcome("/etc/passwd")
            #expect(data.ending == .exited(126) && data.complaint == "tacit: /etc/passwd: Permission denied\n", "\(data)")
            try expect(at.homeTree(), [])
        }
    }

    @Test func `output that goes to no terminal is masked`() throws {
        try running { at in
            let script = "echo \"$A\"; printf %s \"$A\" | base64; cat ~/.ssh/id >&2; echo $B"
            let outcome = try at.tacit("run", "-p", "acme/web", "sh", "-c", script, as: alice).orThrow()
            // What only fills up base64 is of no value.
            expect(outcome.lines.map { $0.replacingOccurrences(of: "=", with: "") }, ["***", "***", "b"])
            expect(outcome.complaint, "tacit: too short to be masked: B\n***")
            let plain = try at.run(["tacit", "run", "--no-mask", "-p", "acme/web", "sh", "-c", script], as: alice, mayPrint: true)
            expect(plain.lines.first, at.canary)
        }
    }

    @Test func `a value that is masked in pieces only is named`() throws {
        try running { at in
            try at.must("set", "acme/web/db", "LONG=-", as: alice, input: at.canary + String(repeating: "x", count: 17_000))
            let outcome = try at.tacit("run", "-p", "acme/web", "sh", "-c", "echo \"$LONG\"; echo xxxx", as: alice).orThrow()
            expect(outcome.lines, ["***", "xxxx"])
            expect(outcome.complaint, "tacit: too short to be masked: B\ntacit: long, and so masked in pieces of 64 bytes only: LONG\n")
        }
    }

    @Test func `each output that is no terminal is masked, and only then something is said`() throws {
        try running { at in
            // Arguments: what is redirected by a shell whose outputs are a terminal.
            let script = """
                import os, pty, sys
                pid, terminal = pty.fork()
                if pid == 0:
                    inner = "echo out-$A; echo err-$A >&2"
                    os.execvp("sh", ["sh", "-c", "tacit run -p acme/web -- sh -c '" + inner + "' " + sys.argv[1]])
                shown = b""
                try:
                    while data := os.read(terminal, 4096): shown += data
                except OSError: pass
                os.waitpid(pid, 0)
                print(shown.decode().replace("\\r", "").replace(open(sys.argv[2]).read(), "VALUE"), end="")
                """
            func shown(_ redirection: String) throws -> String {
                try at.run(["python3", "-I", "-S", "-c", script, redirection, at.mount.scratch.path + "/given/id"], as: alice).orThrow()
                    .text
            }
            let file = at.home + "/file"
            try expect(shown(""), "out-VALUE\nerr-VALUE")
            try expect(shown("2> \(file)"), "out-VALUE")
            expect(String(decoding: Scratch.contents(file), as: UTF8.self), "tacit: too short to be masked: B\nerr-***\n")
            try expect(shown("> \(file)"), "tacit: too short to be masked: B\nerr-VALUE")
            expect(String(decoding: Scratch.contents(file), as: UTF8.self), "out-***\n")
        }
    }

    @Test func `all that keeps a job from starting is said, and nothing is started`() throws {
        try running { at in
            try at.mount.make("acme/api")
            try at.mount.grant("list", on: "acme/api", to: "user:1001")
            for name in ["one", "two"] { try at.must("create", "acme/api/\(name)", "-e", "X=-", "-f", "/etc/hostname:x", input: at.canary) }
            let refused = try at.tacit("run", "-p", "acme/api", "touch", at.home + "/started", as: alice)
            expect(refused.ending, .exited(125))
            #expect(refused.complaint.contains("acme/api/one") && refused.complaint.contains("acme/api/two"), "\(refused)")
            let unknown = try at.tacit("run", "-p", "acme/none", "touch", at.home + "/started", as: alice)
            #expect(unknown.ending == .exited(125), "\(unknown)")
            let missing = try at.tacit("run", "-p", "acme/web", "-s", "none", "touch", at.home + "/started", as: alice)
            #expect(missing.ending == .exited(125) && missing.complaint.contains("none"), "\(missing)")
            try expect(at.homeTree(), [])
            try expect(at.must("jobs"), "ID  PROJECT  USER  PID  SINCE  OPENED  MODE")
        }
    }

    @Test func `who may run and not read reads inside a job only`() throws {
        try running { at in
            try at.mount.grant("run", on: "acme/web", to: "user:1002")
            let script = "test -n \"$A\" && test \"$(cat job/vars/A)\" = \"$A\" && echo read"
            try expect(at.must("run", "--no-mask", "-p", "acme/web", "sh", "-c", script, as: bob), "read")
            try expect(at.tacit("get", "acme/web/db/vars/A", as: bob).ending, .exited(3))
        }
    }

    @Test func `variables and files can be added from elsewhere`() throws {
        try running { at in
            try at.must("add", "TOKEN", "-", as: alice, input: at.canary)
            let script = "test \"$T\" = \"$(cat ~/.token)\" && test \"$T\" = \"$(cat \"$HOME/abs/k\")\" && test -z \"$A\" && echo same"
            try expect(
                at.must(
                    "run", "--no-mask", "-p", "acme/web", "-s", "empty", "--env", "T=user/TOKEN", "--file", "secret:user/TOKEN:.token",
                    "--file",
                    "user/TOKEN:\(at.home)/abs/k", "sh", "-c", script, as: alice), "same")
            try expect(at.homeTree(), [])
        }
    }

    @Test func `a collision is told`() throws {
        try running { at in
            try at.mount.make("acme/web@production/db")
            try at.mount.store("narrow", in: "acme/web@production/db/vars/A")
            try at.mount.grant("read", on: "acme/web@production", to: "user:1001")
            for words in [["-t", "production", "-p", "acme/web"], ["-p", "acme/web@production"]] {
                let outcome = try at.run(["tacit", "run", "--no-mask"] + words + ["sh", "-c", "echo $A"], as: alice).orThrow()
                expect(outcome.text, "narrow")
                expect(outcome.complaint, "tacit: acme/web@production/db hides acme/web/db: the narrower scope wins\n")
            }
        }
    }

    @Test func `templates are rendered, and are on no disk`() throws {
        try running { at in
            try at.mount.scratch.file("given/in", Data("host:${secrets.db.A}:$${x}\n${HOME}\n".utf8), mode: 0o644)
            let given = at.mount.scratch.path + "/given"
            let script = """
                test "$(cat ~/.config/out)" = "host:$A:\\${x}\n\\${HOME}" && cmp ~/.config/out \(at.home)/abs &&
                stat -Lc %a ~/.config/out
                """
            try expect(
                at.must(
                    "run", "--no-mask", "-p", "acme/web", "--template", "\(given)/in:.config/out", "--template",
                    "\(given)/in:\(at.home)/abs",
                    "sh", "-c", script, as: alice), "400")
            try at.mount.scratch.file("given/bad", Data("\n ${secrets.nope} ${secrets.db}\n".utf8), mode: 0o644)
            let bad = try at.tacit("run", "-p", "acme/web", "--template", "\(given)/bad:out", "touch", at.home + "/started", as: alice)
            expect(bad.ending, .exited(125))
            #expect(bad.complaint.contains("line 2, column 2") && bad.complaint.contains("secrets.nope"), "\(bad)")
            let absent = try at.tacit("run", "-p", "acme/web", "--template", "\(given)/absent:out", "true", as: alice)
            #expect(absent.ending == .exited(125) && absent.complaint.contains("No such file"), "\(absent)")
            try expect(at.homeTree(), [])
        }
    }

    @Test func `a job started in a job has its own view`() throws {
        try running { at in
            let inner = "echo $TACIT_JOB; cmp job/vars/A acme/web/db/vars/A && readlink job"
            let outer = "echo $TACIT_JOB; tacit run --no-mask -p acme/web sh -c '\(inner)'"
            let outcome = try at.must("run", "--no-mask", "-p", "acme/web", "sh", "-c", outer, as: alice)
            let lines = outcome.components(separatedBy: "\n")
            #expect(lines.count == 3 && lines[0] != lines[1] && lines[2] == ".jobs/\(lines[1])", "\(lines)")
            try expect(at.homeTree(), [])
        }
    }

    @Test func `a value that no environment can hold is refused by its name`() throws {
        try running { at in
            try at.must("set", "acme/web/db", "LONG=-", as: alice, input: at.canary + String(repeating: "x", count: 131_072))
            let long = try at.tacit("run", "-p", "acme/web", "touch", at.home + "/started", as: alice)
            #expect(long.ending == .exited(125) && long.complaint.contains("the value of LONG is too long"), "\(long)")
            try expect(at.homeTree(), [])
        }
    }

    @Test func `the command can't be made to leave values behind in a core dump`() throws {
        try running { at in
            let limit = try at.must("run", "--no-mask", "-p", "acme/web", "sh", "-c", "ulimit -Hc", as: alice)
            expect(limit, "0")
        }
    }

    @Test func `the place of a file that is stored can be absolute`() throws {
        try running { at in
            try at.mount.scratch.file("given/key", Data(at.canary.utf8), mode: 0o644)
            let given = at.mount.scratch.path + "/given/key"
            try at.must("set", "acme/web/db", "-f", "\(given):/etc/app/key.pem", "-f", "\(given):a/b", as: alice)
            let lines = try at.must("ls", "acme/web/db", as: alice).components(separatedBy: "\n").dropFirst()
            let names = Set(lines.compactMap { $0.split(separator: " ").first })
            #expect(names.isSuperset(of: ["files/@root/etc/app/key.pem", "files/a/b"]), "\(names)")
            for place in ["", "/", "a/", "../a", "@root/etc/x"] {
                let refused = try at.tacit("set", "acme/web/db", "-f", "\(given):\(place)", as: alice)
                #expect(refused.ending == .exited(2), "\(place): \(refused)")
            }
        }
    }
}

extension Watched {
    /// What is in the home: folders with a slash, links with an arrow. The file that tells who needs a placed link is not shown beside one.
    func homeTree() throws -> [String] {
        let list = try mount.must(
            "cd \(home) && find . -mindepth 1 \\( -type d -printf '%P/\\n' -o -type l -printf '%P -> %l\\n' -o -printf '%P\\n' \\) | sort")
        let lines = list.isEmpty ? [] : list.components(separatedBy: "\n")
        func folder(_ path: some StringProtocol) -> String { ("./" + path).components(separatedBy: "/").dropLast().joined(separator: "/") }
        let links = lines.map { $0.components(separatedBy: " -> ") }.filter { $0.count == 2 && $0[1].contains("/job/files/") }
        let linked = Set(links.map { folder($0[0]) })
        return lines.filter { !($0.contains(".tacit-claims-") && linked.contains(folder($0))) }
    }
}

/// As `watched`, with a secret `acme/web/db` that has the canary as variable `A`, `b` as `B`, and the canary as file `.ssh/id`, and an empty
/// secret `acme/web/empty`.
func running(_ test: (Watched) throws -> Void) throws {
    try watched { at in
        try at.mount.scratch.file("given/id", Data(at.canary.utf8), mode: 0o644)
        try at.must(
            "create", "acme/web/db", "-e", "A=-", "-e", "B=b", "-f", at.mount.scratch.path + "/given/id:.ssh/id", as: alice,
            input: at.canary)
        try at.mount.make("acme/web/empty")
        try test(at)
    }
}
