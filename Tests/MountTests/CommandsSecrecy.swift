// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import TestSupport
import Testing

/// Values on the command line, at prompts, and where they must not be.
@Suite struct CommandsSecrecy {
    /// Commands with a value on the command line that also wait for one from standard input.
    static let lines = [
        "create acme/web/db -e A=$VALUE -e B=-", "create acme/web/db -eA=$VALUE --env=B=-",
        "create --env A=$VALUE acme/web/db -f -:b", "set acme/web/db A=$VALUE B=-", "set acme/web/db -e A=$VALUE B=-",
    ]

    @Test(arguments: lines)
    func `a value on the command line is gone from it as soon as the command runs`(line: String) throws {
        try watched { at in
            if line.hasPrefix("set") { try at.must("create", "acme/web/db", "-e", "OLD=o", as: alice) }
            // Held up by its input. The shell takes the value from a variable, so that its own line has none.
            let script = "{ until test -e $HOME/go; do sleep 0.05; done; printf b; } | tacit \(line)"
            var command = at.command(["sh", "-c", script], as: alice)
            command.environment["VALUE"] = at.canary
            let child = try command.start()
            // Not even how long it was can be seen: the name is all that is left.
            try Wait.until("the command line to be overwritten") {
                try self.commandLine(of: at.mount.scratch.path + "/tacit") == Data("tacit\0".utf8)
            }
            let seen = Watched.commandLines(with: at.canary)
            expect(seen, [])
            try at.mount.scratch.file("home/go")
            try child.wait().orThrow()
            try expect(at.value("acme/web/db/vars/A", as: alice), at.canary)
        }
    }

    /// The command line of the process that runs a program.
    private func commandLine(of program: String) throws -> Data? {
        let pids = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }
        let pid = pids.first { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\($0)/exe")) == program }
        return pid.map { Scratch.contents("/proc/\($0)/cmdline") }
    }

    @Test func `the search for command lines finds one`() throws {
        let word = "kanarienvogel." + UUID().uuidString
        let child = try Command("sh", "-c", "sleep 20; : \(word)").start()
        defer { child.signal(SIGKILL) }
        try Wait.until("the shell", seconds: 5) { !Watched.commandLines(with: word).isEmpty }
    }

    @Test func `no message shows a word that could be a value`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=a", as: alice)
            for words in [
                "set acme/web/db \"$VALUE\" B", "set acme/web/db -- \"-$VALUE\"", "set acme/web/db \"-$VALUE\"",
                "set acme/web/db \"--$VALUE\"", "add KEY a \"$VALUE\"", "create acme/web/x -e \"$VALUE\"",
                "create acme/web/x \"--envv=$VALUE\"", "creat acme/web/x -e A=\"$VALUE\"", "set acme/web/none \"A=$VALUE\" B=b",
                "set acme/web/db/vars/A \"$VALUE\" b", "create acme/web -e A=\"$VALUE\"", "set --bogus acme/web/db \"A=$VALUE\"",
            ] {
                var command = at.command(["sh", "-c", "exec tacit \(words)"], as: alice)
                command.environment["VALUE"] = at.canary
                let outcome = try command.run()
                #expect(!outcome.succeeded && outcome.complaint.hasPrefix("tacit: "), "\(words)")
                #expect(!outcome.complaint.contains(at.canary) && outcome.bytes.isEmpty, "\(words)")
            }
        }
    }

    /// Runs a command on a terminal of its own and types the lines, each when it is asked for something. Gives all that the
    /// terminal showed, and the exit status on the last line.
    private func onTerminal(_ words: [String], typing lines: [String], _ at: Watched) throws -> Outcome {
        let script = """
            import os, pty, sys, time
            pid, terminal = pty.fork()
            if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
            shown = b""
            for line in sys.stdin.read().split("\\n"):
                start = len(shown)
                while b": " not in shown[start:] and b"] " not in shown[start:]: shown += os.read(terminal, 4096)
                time.sleep(0.05)
                os.write(terminal, line.encode() + b"\\r")
            try:
                while True:
                    more = os.read(terminal, 4096)
                    if not more: break
                    shown += more
            except OSError: pass
            sys.stdout.write(shown.decode().replace("\\r", "")); print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            """
        return try at.run(["python3", "-I", "-S", "-c", script] + words, as: alice, input: lines.joined(separator: "\n"))
    }

    @Test func `a variable without a value is asked for without echo`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=a", as: alice)
            let words = ["tacit", "set", "acme/web/db", "A"]
            let outcome = try onTerminal(words, typing: [at.canary, at.canary], at)
            expect(outcome.lines.map { $0.trimmingCharacters(in: .whitespaces) }, ["A:", "A, again:", "0"])
            try expect(at.value("acme/web/db/vars/A", as: alice), at.canary)
            let different = try onTerminal(words, typing: [at.canary + "1", at.canary + "2"], at)
            #expect(different.text.contains("not the same") && different.lines.last == "1", "\(different)")
            let interrupted = try onTerminal(words, typing: ["\u{3}"], at)
            expect(interrupted.lines.last, "130")
            try expect(at.value("acme/web/db/vars/A", as: alice), at.canary)
        }
    }

    @Test func `a signal at a prompt ends it, and the terminal is as it was`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            let script = """
                import os, pty, signal, sys
                pid, terminal = pty.fork()
                if pid == 0: os.execvp("sh", ["sh", "-c", "tacit set acme/web/db A; echo ended $?; stty -a"])
                shown = b""
                while b"A: " not in shown: shown += os.read(terminal, 4096)
                child = int(open(f"/proc/{pid}/task/{pid}/children").read().split()[0])
                os.write(terminal, b"half a val")
                os.kill(child, int(sys.argv[1]))
                try:
                    while more := os.read(terminal, 4096): shown += more
                except OSError: pass
                sys.stdout.write(shown.decode().replace("\\r", "").replace(";", " "))
                """
            for number in [SIGTERM, SIGHUP, SIGINT] {
                let outcome = try at.run(["python3", "-I", "-S", "-c", script, "\(number)"], as: alice)
                let words = outcome.text.split { $0.isWhitespace }
                #expect(outcome.text.contains("ended \(128 + number)\n"), "\(outcome)")
                #expect(words.contains("echo") && words.contains("icanon") && words.contains("isig"), "\(outcome)")
            }
            try expect(at.value("acme/web/db/vars/A", as: alice), at.canary)
        }
    }

    @Test func `keys that would stop or end the program are no part of a value`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=a", as: alice)
            let words = ["tacit", "set", "acme/web/db", "A"]
            let typed = try onTerminal(words, typing: ["\u{1A}" + at.canary, at.canary + "\u{1A}"], at)
            expect(typed.lines.last, "0")
            try expect(at.value("acme/web/db/vars/A", as: alice), at.canary)
            try expect(onTerminal(words, typing: ["x\u{1C}"], at).lines.last, "130")
        }
    }

    @Test func `the terminal is asked also when standard input is something else`() throws {
        try watched { at in
            let words = ["sh", "-c", "echo b | tacit create acme/web/db -e A -e B=- --trim"]
            let outcome = try onTerminal(words, typing: [at.canary, at.canary], at)
            expect(outcome.lines.last, "0")
            try expect(at.value("acme/web/db/vars/A", as: alice), at.canary)
            try expect(at.value("acme/web/db/vars/B", as: alice), "b")
        }
    }

    @Test func `purging asks on a terminal, and only there`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=a", as: alice)
            try at.mount.grant("manage,read,write", on: "acme/web", to: "user:1001")
            let refused = try onTerminal(["tacit", "rm", "--purge", "acme/web/db"], typing: ["n"], at)
            #expect(refused.text.contains("destroy acme/web/db") && refused.lines.last == "1", "\(refused)")
            try expect(at.value("acme/web/db", as: alice), "a")
            let agreed = try onTerminal(["tacit", "rm", "--purge", "acme/web/db"], typing: ["y"], at)
            expect(agreed.lines.last, "0")
            try expect(at.tacit("get", "acme/web/db", as: alice).ending, .exited(4))
        }
    }
}
