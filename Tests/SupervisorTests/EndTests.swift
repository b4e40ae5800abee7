// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// What a command is, and how it ends.
@Suite struct EndTests {
    let host: Host

    init() throws { host = try Host() }

    @Test func `every exit status is the command's`() throws {
        let script = "for i in {0..255}; do $h sh -c \"exit $i\"; [ $? = $i ] || echo wrong $i; done; echo done"
        #expect(try host.script(script).run().text == "done")
    }

    @Test(arguments: [1, 2, 3, 4, 6, 8, 9, 10, 13, 14, 15, 24, 34, 64])
    func `a signal that ends the command ends its host`(number: Int32) throws {
        let outcome = try host.command("sh", "-c", "ulimit -c 0; kill -\(number) $$").run()
        #expect(outcome.ending == .signalled(number))
    }

    @Test func `a command that is not there is 127, one that can't be executed 126`() throws {
        let plain = try host.scratch.file("plain", Data("true\n".utf8), mode: 0o600, owner: 1)
        let orphan = try host.executable("#!/nonexistent/interpreter")
        func said(_ word: String) throws -> String { try host.command(word).run().description }
        #expect(try said("tacit-no-such-program").hasSuffix("exited(127)\n\nstderr: childhost: tacit-no-such-program: command not found\n"))
        #expect(try said("/nonexistent/a").contains("exited(127)\n\nstderr: childhost: /nonexistent/a: No such file or directory\n"))
        #expect(try said("").contains("exited(127)"))
        #expect(try said(plain).contains("exited(126)\n\nstderr: childhost: \(plain): Permission denied\n"))
        #expect(try said(host.scratch.path).contains("exited(126)"))
        #expect(try said(orphan).contains("exited(126)\n\nstderr: childhost: \(orphan): its interpreter is not there\n"))
    }

    @Test func `a script without an interpreter is the shell's`() throws {
        let script = try host.executable("echo \"$0\" \"$1\" $#")
        #expect(try host.command(script, "a b", "c").run().text == "\(script) a b 2")
    }

    /// Runs a command with an environment of its own.
    private func run(_ environment: [UInt8], _ words: String..., folder: String? = nil) throws -> Outcome {
        let file = try host.scratch.file(UUID().uuidString, Data(environment))
        var command = Command([host.program, "--environment", file] + words)
        command.folder = folder
        return try command.run()
    }

    @Test func `the program is looked up where the environment says, as execvp does it`() throws {
        let (first, second) = (try host.scratch.folder("first"), try host.scratch.folder("second"))
        for (folder, mode) in [(first, "600"), (second, "700")] {
            _ = try host.executable("#!/bin/sh\necho \(folder)", in: folder, named: "tool", mode: mode)
        }
        func text(_ path: String, folder: String? = nil) throws -> String {
            try run(bytes("A=1\0PATH=\(path)\0PATH=/nonexistent\0"), "tool", folder: folder).text
        }
        // One that can't be executed is passed over, as are folders that are none, and too long ones.
        let long = String(repeating: "x", count: 5000)
        #expect(try text("\(first):/nonexistent:/etc/passwd:\(long):\(second)") == second)
        #expect(try text("/nonexistent:", folder: second) == second)
        #expect(try text(":/nonexistent", folder: second) == second)
        #expect(try text("", folder: second) == second)
        #expect(try run(bytes("PATH=\(first)\0"), "tool").ending == .exited(126))
        #expect(try run(bytes("PATH=/nonexistent\0"), "tool").ending == .exited(127))
        #expect(try run(bytes("XPATH=\(second)\0"), "tool").ending == .exited(127))
        #expect(try run(bytes("XPATH=/nonexistent\0"), "echo", "found").text == "found")
        #expect(try run(bytes("PATH=\(second)\0"), String(repeating: "y", count: 300)).ending == .exited(126))
    }

    @Test func `the environment is what was given, byte for byte`() throws {
        let odd: [UInt8] = bytes("B=\n\t ") + [0xFF, 0xFE] + bytes("=x\0")
        let large = bytes("L=" + String(repeating: "v", count: 100_000) + "\0")
        let all = bytes("PATH=/usr/bin:/bin\0") + odd + large + bytes("EMPTY=\0")
        #expect(try Array(run(all, "env", "-0").bytes) == all)
        #expect(try run([], "/usr/bin/env").bytes.isEmpty)
    }

    @Test func `an environment that is too large says so`() throws {
        let outcome = try run(bytes("PATH=/bin\0L=" + String(repeating: "v", count: 200_000) + "\0"), "true")
        #expect(outcome.ending == .exited(126))
        #expect(outcome.complaint == "childhost: true: Argument list too long\n")
        #expect(try run(bytes("PATH=/bin"), "true").complaint.contains("Invalid argument"))
    }

    @Test func `orphans that become its children are waited for`() throws {
        let script = """
            cd \(host.scratch.path)
            $h sh -c '
                (sh -c "until test -e go; do sleep 0.02; done; exit 7" &)
                set -- $(cat /proc/$PPID/task/$PPID/children); echo $#; : >go
                while [ $# -gt 1 ]; do sleep 0.02; set -- $(cat /proc/$PPID/task/$PPID/children); done
                exit 5'
            echo $?
            """
        #expect(try host.script(script).run().lines == ["2", "5"])
    }

    @Test func `what is ignored and held at the start is so for the command, SIGCHLD too`() throws {
        let script = """
            trap '' HUP CHLD USR2
            $h grep -E 'Sig(Ign|Blk)' /proc/self/status | tr -d '\\t'
            $h sh -c 'exit 3'; echo $?
            """
        let lines = try host.script(script).run().lines
        // HUP is 1, USR2 12, CHLD 17; bit 0 is signal 1. Above 31 are those of the C library that started it all.
        let seen = lines.map { $0.replacingOccurrences(of: "180010801", with: "000010801") }
        #expect(seen == ["SigBlk:0000000000000000", "SigIgn:0000000000010801", "3"])
        let held = "import signal, os, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [10]); os.execv(sys.argv[1], sys.argv[1:])"
        let words = ["python3", "-c", held, host.program, "grep", "SigBlk", "/proc/self/status"]
        #expect(try Command(words).run().text == "SigBlk:\t0000000000000200")
    }

    @Test(arguments: ["$h", "$m"]) func `nothing but what was open is open in the command`(run: String) throws {
        let script = "ls /proc/self/fd >expected; \(run) ls /proc/self/fd >seen; cmp expected seen && echo same"
        var command = try host.script("cd \(host.scratch.path); exec 3</dev/null; \(script)")
        command.environment["LC_ALL"] = "C"
        #expect(try command.run().text == "same")
    }

    @Test func `standard streams that are closed stay so`() throws {
        let look = try host.file("for n in 0 1 2; do [ -e /proc/$$/fd/$n ] && all=$all$n; done; echo $all >&2")
        #expect(try host.script("$m sh \(look) <&- >&-").run().complaint == "2\n")
        #expect(try host.script("$h sh \(look) <&- >&-").run().complaint == "2\n")
        #expect(try host.script("$m sh -c 'echo $canary' <&- 2>&-").run().text == "***")
        #expect(try host.script("$h sh -c 'exit 9' <&- >&- 2>&-; echo $?").run().text == "9")
    }
}
