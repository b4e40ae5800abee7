// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import TestSupport
import Testing

/// `tacit run --watch`: a new value reaches the program, whichever way it came.
@Suite struct RunWatching {
    /// A project with a value for alice's job, and a program that tells of its starts.
    private struct Site {
        /// How many values come in bursts of twenty: `TACIT_ROTATIONS` in the environment.
        static let rotations = Int(ProcessInfo.processInfo.environment["TACIT_ROTATIONS"] ?? "") ?? 60

        let at: Watched
        /// Starts a process that ends by nothing but SIGKILL, and prints a line at each start: its number, that of its child, and the value.
        let program = """
            (trap '' TERM; while :; do sleep 1000; done) & echo "start $$ $! $A"; trap 'exit 7' TERM; while :; do wait; done
            """

        init(_ at: Watched) throws {
            self.at = at
            try at.must("create", "acme/web/db", "-e", "A=value-0", as: alice)
            try at.mount.grant("list,read,write,run", on: "acme/web", to: "user:1001")
        }

        func start(_ words: [String], script: String? = nil) throws -> Child {
            try at.mount.command(["tacit", "run", "-p", "acme/web"] + words + ["--", "sh", "-c", script ?? program], as: alice).start()
        }

        /// The words of the lines that begin with a word.
        func lines(_ child: Child, _ word: String = "start") -> [[String]] {
            let whole = child.printed.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            return whole.filter { $0.hasPrefix(word + " ") }.map { $0.split(separator: " ").map(String.init) }
        }

        func wait(_ child: Child, for value: String, _ word: String = "start") throws {
            try Wait.until("\(value): \(child.printed)") { lines(child, word).last?.last == value }
        }

        /// Whether a process runs that has not ended: one that has may still have its number.
        func runs(_ id: String) -> Bool {
            let status = (try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)) ?? ""
            return !status.isEmpty && !status.contains("State:\tZ")
        }

        /// Ends a process that the command has left, by its number.
        func kill(_ id: String) { if let number = Int32(id), runs(id) { _ = Glibc.kill(number, SIGKILL) } }

        func expectEnd(of child: Child) throws {
            for start in lines(child) { try Wait.until("the end of \(start)") { !runs(start[1]) } }
        }
    }

    @Test func `the command is started anew with the last value of each burst, and nothing is left of the one before`() throws {
        try watched { at in
            let site = try Site(at)
            let child = try site.start(["--watch", "--no-mask", "--stop-timeout", "1"])
            defer { child.signal(SIGKILL) }
            try site.wait(child, for: "value-0")
            let bursts = max(1, Site.rotations / 20)
            for burst in 1...bursts {
                for change in 1...19 { try at.mount.store("value-\(burst)-\(change)", in: "acme/web/db/vars/A") }
                try at.must("set", "acme/web/db", "A=value-\(burst)", as: alice)
                try site.wait(child, for: "value-\(burst)")
            }
            let starts = site.lines(child)
            #expect(starts.count <= bursts * 20 + 1)
            for start in starts.dropLast() { #expect(!site.runs(start[1]) && !site.runs(start[2]), "\(start)") }
            #expect(site.runs(starts[starts.count - 1][2]))
            // The same value again is no change.
            try at.must("set", "acme/web/db", "A=value-\(bursts)", as: alice)
            try at.must("set", "acme/web/db", "B=marks-the-next", as: alice)
            try Wait.until("a start for B") { site.lines(child).count > starts.count }
            #expect(site.lines(child).count == starts.count + 1)
            for start in site.lines(child) { site.kill(start[2]) }
            // What ends tacit ends the command, and nothing starts again.
            child.signal(SIGTERM)
            let end = try child.wait()
            #expect(end.ending == .exited(7), "\(end)")
            try site.expectEnd(of: child)
            for start in site.lines(child) { site.kill(start[2]) }
        }
    }

    @Test func `a signal reaches a command that reads its values itself`() throws {
        try watched { at in
            let site = try Site(at)
            let script =
                "cd '\(at.mount.point)/job/vars'; trap 'echo \"new $(cat A)\"' USR1; echo \"new $(cat A)\"; while :; do sleep 0.05; done"
            let child = try site.start(["--watch", "--signal", "USR1", "--no-mask"], script: script)
            defer { child.signal(SIGKILL) }
            try site.wait(child, for: "value-0", "new")
            for value in ["value-1", "value-2"] {
                try at.mount.store(value, in: "acme/web/db/vars/A")
                try site.wait(child, for: value, "new")
            }
            child.signal(SIGTERM)
            #expect(try child.wait().ending == .signalled(SIGTERM))
        }
    }

    @Test func `values are masked that the command had, and those that it has`() throws {
        try watched { at in
            let site = try Site(at)
            try at.must("set", "acme/web/db", "A=-", as: alice, input: "first-\(at.canary)")
            let print = "echo \"new $A, now $(cat '\(at.mount.point)/job/vars/A'), $A_BEFORE.\""
            for words in [["--signal", "USR1"], ["--restart"]] {
                let script = "trap '\(print.replacingOccurrences(of: "'", with: "'\\''"))' USR1; \(print); while :; do sleep 0.05; done"
                let child = try site.start(["--watch"] + words, script: script)
                defer { child.signal(SIGKILL) }
                try Wait.until("a line: \(child.printed)") { child.printed.contains("new ***, now ***, .\n") }
                let isRestarted = words == ["--restart"]
                for number in 1...3 {
                    let lines = child.printed.split(separator: "\n").count
                    try at.must("set", "acme/web/db", "A=-", as: alice, input: "\(words[0])-\(number)-\(at.canary)")
                    try Wait.until("a line: \(child.printed)") { child.printed.split(separator: "\n").count > lines }
                }
                child.signal(SIGTERM)
                let printed = try child.wait()
                #expect(!printed.text.contains(at.canary) && !printed.complaint.contains(at.canary), "\(isRestarted)")
            }
        }
    }

    @Test func `a command that reads the new value while it is ended prints it masked`() throws {
        try watched { at in
            let site = try Site(at)
            let script =
                "trap 'echo \"end $(cat \"\(at.mount.point)/job/vars/A\")\"; exit' TERM; echo \"start -\"; while :; do sleep 0.05; done"
            let child = try site.start(["--watch"], script: script)
            defer { child.signal(SIGKILL) }
            try site.wait(child, for: "-")
            try at.must("set", "acme/web/db", "A=-", as: alice, input: at.canary)
            try Wait.until("the end: \(child.printed)") { child.printed.contains("end ***") }
            // One that can't be masked is told, also where it comes later.
            try at.must("set", "acme/web/db", "A=abc", as: alice)
            try Wait.until("a word: \(child.complained)") { child.complained.contains("too short to be masked: A") }
            child.signal(SIGTERM)
            #expect(try !child.wait().text.contains(at.canary))
        }
    }

    @Test func `what the command has started may end in its order, and what it has not started goes on`() throws {
        try watched { at in
            let site = try Site(at)
            let worker = "(trap 'echo \"w 1\"; sleep 0.6; echo \"w 2\"; exit' TERM; while :; do sleep 0.05; done) & exec sleep 1000"
            // The shell becomes tacit, whose child the first sleep then is.
            let outer = "sleep 1000 & echo \"other $!\"; exec tacit run -p acme/web --watch -- sh -c \"$0\""
            let child = try at.mount.command(["sh", "-c", outer, "echo \"start $$ -\"; \(worker)"], as: alice).start()
            defer { child.signal(SIGKILL) }
            try Wait.until("a start") { site.lines(child).count == 1 }
            let other = try #require(site.lines(child, "other").first?.last)
            defer { site.kill(other) }
            try at.must("set", "acme/web/db", "A=value-1", as: alice)
            try Wait.until("a second start: \(child.printed)") { site.lines(child).count == 2 }
            #expect(site.lines(child, "w").map { $0[1] } == ["1", "2"] && site.runs(other), "\(child.printed)")
            child.signal(SIGKILL)
            _ = try child.wait()
        }
    }

    @Test func `links stay where another can't be placed`() throws {
        try watched { at in
            _ = try Site(at)
            let home = try at.mount.scratch.folder("home-of-links", mode: 0o700, owner: alice.uid)
            try at.must("set", "acme/web/db", "-f", "-:good", as: alice, input: "a-file")
            var making = at.command(["sh", "-c", "echo mine > '\(home)/taken'"], as: alice)
            making.folder = home
            try making.run().orThrow()
            var command = at.mount.command(
                ["tacit", "run", "-p", "acme/web", "--watch", "--no-mask", "--", "sh", "-c", "echo start; while :; do sleep 0.05; done"],
                as: alice)
            command.environment["HOME"] = home
            let child = try command.start()
            defer { child.signal(SIGKILL) }
            try child.waitFor("start")
            try at.must("set", "acme/web/db", "-f", "-:taken", as: alice, input: "a-file")
            try Wait.until("a word: \(child.complained)") { child.complained.contains("goes on with the values that it has: ") }
            #expect(FileManager.default.fileExists(atPath: home + "/taken"))
            try #expect(FileManager.default.contentsOfDirectory(atPath: home).contains("good"))
            child.signal(SIGTERM)
            _ = try child.wait()
        }
    }

    @Test func `files and templates are renewed, and what can't be had leaves the command alone`() throws {
        try watched { at in
            let site = try Site(at)
            let home = try at.mount.scratch.folder("home-of-watched", mode: 0o700, owner: alice.uid)
            let template = try at.mount.scratch.file("watched.in", Data("is ${secrets.db.A}\n".utf8), mode: 0o644)
            let script = "echo \"start $(cat $HOME/out) $(cat $HOME/more 2>/dev/null || echo none)\"; while :; do sleep 0.05; done"
            var command = at.mount.command(
                ["tacit", "run", "-p", "acme/web", "--watch", "--no-mask", "--template", "\(template):out", "--", "sh", "-c", script],
                as: alice)
            command.environment["HOME"] = home
            let child = try command.start()
            defer { child.signal(SIGKILL) }
            try Wait.until("the first: \(child.printed)") { child.printed == "start is value-0 none\n" }
            try at.must("set", "acme/web/db", "A=value-1", as: alice)
            try Wait.until("the second: \(child.printed)") { child.printed.hasSuffix("start is value-1 none\n") }
            try at.must("set", "acme/web/db", "-f", "-:more", as: alice, input: "a-file")
            try Wait.until("the third: \(child.printed)") { child.printed.hasSuffix("start is value-1 a-file\n") }
            // The template can't be made of this.
            try at.must("rm", "acme/web/db/vars/A", as: alice)
            try Wait.until("a complaint: \(child.complained)") { child.complained.contains("goes on with the values that it has: ") }
            let starts = site.lines(child).count
            try at.must("restore", "acme/web/db/vars/A", as: alice)
            try at.must("set", "acme/web/db", "A=value-2", as: alice)
            try Wait.until("the last: \(child.printed)") { child.printed.hasSuffix("start is value-2 a-file\n") }
            #expect(site.lines(child).count == starts + 1)
            child.signal(SIGTERM)
            _ = try child.wait()
            try #expect(FileManager.default.subpathsOfDirectory(atPath: home).filter { !$0.hasPrefix(".tacit-claims") } == [])
        }
    }

    @Test func `a process in a job hears of what the job has, and of nothing else`() throws {
        try watched { at in
            let site = try Site(at)
            try at.must("create", "acme/web/other", "-e", "O=other", as: alice)
            // The job may be used without a right to list what is beside it.
            try at.mount.grant("none", on: "acme/web", to: "user:1001")
            try at.mount.grant("run", on: "acme/web/db", to: "user:1001")
            let child = try site.start(["-s", "db"], script: "exec tacit watch job --json")
            defer { child.signal(SIGKILL) }
            let line = "{\"action\":\"written\",\"ref\":\"job\"}\n"
            var number = 0
            try Wait.until("the first") {
                number += 1
                try at.must("set", "acme/web/db", "A=begin-\(number)")
                return child.printed.hasPrefix(line)
            }
            usleep(100_000)
            let told = child.printed
            for value in ["1", "2", "3"] { try at.must("set", "acme/web/other", "O=\(value)") }
            try at.must("create", "acme/web/third", "-e", "O=other")
            // A change of the job's comes after these, and is the next that is told.
            try at.must("set", "acme/web/db", "-f", "-:more", input: "a-file")
            try Wait.until("the next: \(child.printed)") { child.printed.count > told.count }
            #expect(child.printed == told + line)
            // Outside of a job there is none to hear of.
            let outside = try at.tacit("watch", "job", as: alice)
            #expect(!outside.succeeded && outside.text.isEmpty, "\(outside)")
        }
    }

    @Test func `options of watching that do not go together are refused`() throws {
        try watched { at in
            _ = try Site(at)
            for (words, message) in [
                (["--signal", "HUP"], "--signal goes with --watch"), (["--restart"], "--restart goes with --watch"),
                (["--watch", "--restart", "--signal", "HUP"], "exclude each other"),
                (["--watch", "--signal", "KILL"], "a signal that a program can handle, not 'KILL'"),
                (["--watch", "--signal", "NONE"], "not 'NONE'"), (["--watch", "--stop-timeout", "-1"], "seconds"),
                (["--watch", "--stop-timeout", "many"], "not 'many'"),
            ] {
                let outcome = try at.mount.command(["tacit", "run"] + words + ["--", "true"], as: alice).run()
                #expect(outcome.ending == .exited(125) && outcome.complaint.contains(message), "\(words): \(outcome)")
            }
        }
    }
}
