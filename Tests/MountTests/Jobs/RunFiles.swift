// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import TestSupport
import Testing

/// Where `tacit run` places files, and that they go, whatever ends it.
@Suite struct RunFiles {
    /// Starts a job whose command sleeps, and waits until it does.
    private func start(_ at: Watched, _ options: [String] = [], script: String = "echo ready; exec sleep 60") throws -> Child {
        let child = try at.command(["tacit", "run", "-p", "acme/web"] + options + ["--", "sh", "-c", script], as: alice).start()
        try child.waitFor("ready")
        return child
    }

    private func waitForHome(_ at: Watched, _ tree: [String]) throws {
        try Wait.until("the home to be \(tree)") { try at.homeTree() == tree }
    }

    /// The children of a process that have this name.
    private func children(_ pid: Int32, named name: String) -> [Int32] {
        let list = String(decoding: Scratch.contents("/proc/\(pid)/task/\(pid)/children"), as: UTF8.self)
        return list.split(separator: " ").compactMap { Int32($0) }.filter {
            Scratch.contents("/proc/\($0)/comm") == Data((name + "\n").utf8)
        }
    }

    /// The keeper of a job's files. Its number is known before it can end.
    private func keeper(of child: Child) throws -> Int32 {
        let keepers = children(child.pid, named: "tacit-keeper")
        try #require(keepers.count == 1)
        return keepers[0]
    }

    /// Waits until a keeper has done all that it does.
    private func waitForEnd(ofKeeper keeper: Int32) throws {
        try Wait.until("the keeper's end") {
            !["R", "S", "D"].contains { String(decoding: Scratch.contents("/proc/\(keeper)/stat"), as: UTF8.self).contains(") \($0) ") }
        }
    }

    private func kill(keeper: Int32) throws {
        Glibc.kill(keeper, SIGKILL)
        try waitForEnd(ofKeeper: keeper)
    }

    @Test(arguments: [SIGTERM, SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGSEGV])
    func `files go when a signal ends the job`(number: Int32) throws {
        try running { at in
            let child = try start(at)
            try #expect(at.homeTree().count == 2)
            let keeper = try keeper(of: child)
            child.signal(number)
            try expect(child.wait().ending, .signalled(number))
            // Only SIGKILL leaves it to the keeper alone, and then it takes a moment.
            if number == SIGKILL { try waitForHome(at, []) }
            try expect(at.homeTree(), [])
            try waitForEnd(ofKeeper: keeper)
            try expect(at.must("jobs"), "ID  PROJECT  USER  PID  SINCE  OPENED  MODE")
        }
    }

    /// Where close_range(2) is not there, files that stay open would have the two wait for each other.
    @Test func `files go on an old kernel too`() throws {
        try running { at in
            let trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=close_range", "-e", "inject=close_range:error=ENOSYS"]
            var command = at.command(trace + ["tacit", "run", "-p", "acme/web", "--", "echo", "ran"], as: alice)
            command.limit = 30
            try expect(command.run().orThrow().text, "ran")
            try expect(at.homeTree(), [])
        }
    }

    @Test func `after SIGKILL nothing opens for what is left of the job`() throws {
        try running { at in
            let go = at.home + "/go"
            let script = """
                echo ready; until test -e \(go); do sleep 0.05; done
                cat job/vars/A acme/web/db/vars/A > \(at.home)/read 2>&1; exit
                """
            // Outside, her own right to read would count again.
            try at.mount.tacit("revoke", "acme/web", "user:1001").orThrow()
            try at.mount.grant("run", on: "acme/web", to: "user:1001")
            let child = try start(at, script: script)
            child.signal(SIGKILL)
            _ = try child.wait()
            try waitForHome(at, [])
            try at.mount.scratch.file("home/go")
            try Wait.until("what is left of the job") {
                String(decoding: Scratch.contents(at.home + "/read"), as: UTF8.self).components(separatedBy: "\n").count > 2
            }
            let read = String(decoding: Scratch.contents(at.home + "/read"), as: UTF8.self)
            #expect(!read.contains(at.canary))
        }
    }

    @Test func `what was moved away comes back, after SIGKILL too`() throws {
        try running { at in
            try at.mount.must("mkdir ~/.ssh; echo mine > ~/.ssh/id; chown -R 1001 ~/.ssh".replacingOccurrences(of: "~", with: at.home))
            let refused = try at.tacit("run", "-p", "acme/web", "touch", at.home + "/started", as: alice)
            #expect(refused.ending == .exited(125) && refused.complaint.contains("\(at.home)/.ssh/id is there already"), "\(refused)")
            try expect(at.homeTree(), [".ssh/", ".ssh/id"])
            let child = try start(at, ["--force"])
            let tree = try at.homeTree()
            #expect(tree.count == 3 && tree[1].hasPrefix(".ssh/id -> ") && tree[2] == ".ssh/id.tacit-aside", "\(tree)")
            child.signal(SIGKILL)
            _ = try child.wait()
            try waitForHome(at, [".ssh/", ".ssh/id"])
            expect(Scratch.contents(at.home + "/.ssh/id"), Data("mine\n".utf8))
            let done = try at.tacit(
                "run", "--no-mask", "--force", "-p", "acme/web", "sh", "-c", "cmp ~/.ssh/id job/files/.ssh/id", as: alice)
            #expect(done.succeeded && done.complaint.isEmpty, "\(done)")
            expect(Scratch.contents(at.home + "/.ssh/id"), Data("mine\n".utf8))
            try expect(at.homeTree(), [".ssh/", ".ssh/id"])
        }
    }

    @Test func `a link that nobody took away goes with the next job`() throws {
        try running { at in
            let child = try start(at)
            // As a machine that loses power: both, and the keeper first.
            try kill(keeper: keeper(of: child))
            child.signal(SIGKILL)
            _ = try child.wait()
            let left = try at.homeTree()
            #expect(left.count == 2 && left[1].hasPrefix(".ssh/id -> "), "\(left)")
            let next = try at.tacit("run", "--no-mask", "-p", "acme/web", "sh", "-c", "cmp ~/.ssh/id job/files/.ssh/id", as: alice)
            #expect(next.succeeded && next.complaint.isEmpty, "\(next)")
            try expect(at.homeTree(), [])
        }
    }

    /// Each checks that it finds its own file by the link.
    private static let looking = "cmp ~/.ssh/id job/files/.ssh/id && echo ready; exec sleep 60"

    @Test(arguments: [(SIGTERM, 0), (SIGTERM, 1), (SIGKILL, 0), (SIGKILL, 1)])
    func `jobs at once share a link, and the last takes it away`(number: Int32, first: Int) throws {
        try running { at in
            try at.mount.make("acme/web@production/db")
            try at.mount.must("mkdir -p acme/web@production/db/files/.ssh; echo other > acme/web@production/db/files/.ssh/id")
            try at.mount.grant("read", on: "acme/web@production", to: "user:1001")
            let jobs = [try start(at, script: Self.looking), try start(at, ["-t", "production"], script: Self.looking)]
            let tree = [".ssh/", ".ssh/id -> \(at.mount.point)/job/files/.ssh/id"]
            try expect(at.homeTree(), tree)
            let keeper = try keeper(of: jobs[first])
            jobs[first].signal(number)
            try expect(jobs[first].wait().ending, .signalled(number))
            try waitForEnd(ofKeeper: keeper)
            try expect(at.homeTree(), tree)
            let third = ["run", "--no-mask", "-p", "acme/web", "sh", "-c", "cmp ~/.ssh/id job/files/.ssh/id && echo same"]
            try expect(at.tacit(third[0], third[1], third[2], third[3], third[4], third[5], third[6], as: alice).orThrow().text, "same")
            try expect(at.homeTree(), tree)
            jobs[1 - first].signal(number)
            try expect(jobs[1 - first].wait().ending, .signalled(number))
            try waitForHome(at, [])
        }
    }

    @Test func `a job in a job shares a link with it`() throws {
        try running { at in
            let inner = "cmp ~/.ssh/id job/files/.ssh/id && echo inner"
            let script = "tacit run --no-mask -p acme/web sh -c '\(inner)'; cmp ~/.ssh/id job/files/.ssh/id && echo outer"
            try expect(at.must("run", "--no-mask", "-p", "acme/web", "sh", "-c", script, as: alice), "inner\nouter")
            try expect(at.homeTree(), [])
        }
    }

    @Test func `many short jobs at once find their files, and leave nothing`() throws {
        try running { at in
            let script = """
                i=0
                while [ $i -lt 40 ]; do
                  tacit run --no-mask -p acme/web -- sh -c 'cmp ~/.ssh/id job/files/.ssh/id && echo same' &
                  i=$((i + 1))
                  if [ $((i % 8)) = 0 ]; then wait; fi
                done
                wait
                """
            var command = at.command(["sh", "-c", script], as: alice)
            command.limit = 120
            let outcome = try command.run().orThrow()
            expect(outcome.complaint, "")
            expect(outcome.lines, Array(repeating: "same", count: 40))
            try expect(at.homeTree(), [])
        }
    }

    @Test func `a job keeps its link though its keeper was killed`() throws {
        try running { at in
            let child = try start(at)
            try kill(keeper: keeper(of: child))
            try at.tacit("run", "--no-mask", "-p", "acme/web", "true", as: alice).orThrow()
            try #expect(at.homeTree().count == 2)
            child.signal(SIGTERM)
            _ = try child.wait()
            try expect(at.homeTree(), [])
        }
    }

    @Test func `files go though the keeper was killed`() throws {
        try running { at in
            let child = try start(at)
            try kill(keeper: keeper(of: child))
            child.signal(SIGTERM)
            try expect(child.wait().ending, .signalled(SIGTERM))
            try expect(at.homeTree(), [])
        }
    }

    @Test func `no keeper is there without files, and it holds nothing of others`() throws {
        try running { at in
            let without = try start(at, ["-s", "empty"])
            expect(children(without.pid, named: "tacit-keeper"), [])
            without.signal(SIGTERM)
            _ = try without.wait()
            let child = try start(at)
            let keeper = try keeper(of: child)
            let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(keeper)/fd").compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(keeper)/fd/\($0)")
            }
            let others = open.filter { !$0.hasPrefix("pipe:") && $0 != "/dev/null" && !$0.hasPrefix(at.home) }
            expect(others, [])
            // Session, working folder, and no signal but SIGKILL and SIGSTOP gets through.
            let numbers = String(decoding: Scratch.contents("/proc/\(keeper)/stat"), as: UTF8.self).split(separator: " ")
            expect(numbers[5], "\(keeper)")
            try expect(FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(keeper)/cwd"), "/")
            Glibc.kill(keeper, SIGTERM)
            Glibc.kill(keeper, SIGINT)
            child.signal(SIGTERM)
            _ = try child.wait()
            try expect(at.homeTree(), [])
        }
    }

    @Test func `keys of a terminal end the command, and the files go`() throws {
        try running { at in
            let script = """
                import os, pty, sys
                pid, terminal = pty.fork()
                if pid == 0: os.execvp("tacit", ["tacit", "run", "-p", "acme/web", "--", "sh", "-c", "echo ready $A; exec sleep 60"])
                shown = b""
                while b"ready" not in shown: shown += os.read(terminal, 4096)
                print(len(os.listdir(os.environ["HOME"])))
                os.write(terminal, b"\\x03")
                try:
                    while os.read(terminal, 4096): pass
                except OSError: pass
                print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), sys.argv[1].encode() in shown)
                print(os.listdir(os.environ["HOME"]))
                """
            var command = at.command(["python3", "-I", "-S", "-c", script, "\(at.canary)"], as: alice)
            command.limit = 60
            // Without --mask, a terminal is left as it is.
            try expect(command.run().orThrow().lines, ["1", "-2 True", "[]"])
        }
    }
}
