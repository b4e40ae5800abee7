// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import TestSupport
import Testing

/// `tacit jobs`, `tacit attach`, and what `tacit status` and completions tell of jobs.
@Suite struct RunListed {
    /// A job that sleeps, and its id.
    private func start(_ at: Watched, _ options: [String] = []) throws -> (child: Child, id: String) {
        let script = "echo \"[$TACIT_JOB]\"; exec sleep 60"
        let child = try at.command(["tacit", "run", "-p", "acme/web"] + options + ["--", "sh", "-c", script], as: alice).start()
        try child.waitFor("]")
        return (child, child.printed.filter { !"[]\n".contains($0) })
    }

    private func end(_ child: Child) throws {
        child.signal(SIGTERM)
        _ = try child.wait()
    }

    @Test func `jobs are listed to those who started them and to the owner`() throws {
        try running { at in
            let (child, id) = try start(at, ["-s", "db", "--debug"])
            for caller in [alice, .root] {
                let lines = try at.must("jobs", as: caller).components(separatedBy: "\n")
                let words = lines.last?.split(separator: " ") ?? []
                #expect(lines.count == 2 && words.count == 7, "\(lines)")
                #expect(words.first == "\(id)" && words[1] == "acme/web" && words[3] == "\(child.pid)" && words[6] == "debug", "\(lines)")
            }
            try expect(at.must("jobs", as: bob).components(separatedBy: "\n").count, 1)
            let details = try at.must("jobs", id, as: alice)
            #expect(details.contains("acme/web/db  opened"), "\(details)")
            let all = try at.json("jobs", as: alice)["jobs"] as? [[String: Any]]
            expect(all?.map { $0["id"] as? String }, [id])
            try expect(at.json("jobs", id, as: alice)["id"] as? String, id)
            try expect((at.json("status", as: alice)["jobs"] as? [Any])?.count, 1)
            #expect(try at.must("status", as: alice).contains(id))
            try expect(at.must("completion", "--jobs", as: alice), id)
            try expect(at.must("completion", "--jobs", as: bob), "")
            try end(child)
            let gone = try at.tacit("jobs", id, as: alice)
            #expect(gone.ending == .exited(4), "\(gone)")
            try expect(at.tacit("jobs", "nonsense", as: alice).ending, .exited(2))
        }
    }

    @Test func `a job can be ended from outside`() throws {
        try running { at in
            let (child, id) = try start(at)
            try expect(at.tacit("jobs", "--end", id, as: bob).ending, .exited(3))
            try at.must("jobs", "--end", id, as: alice)
            try expect(at.must("jobs"), "ID  PROJECT  USER  PID  SINCE  OPENED  MODE")
            #expect(child.isRunning)
            try end(child)
            try expect(at.homeTree(), [])
        }
    }

    @Test func `attach gives the job's variables and files, and ends as its command does`() throws {
        try running { at in
            let (child, id) = try start(at)
            let script = "test \"$A\" = \"$(cat job/vars/A)\" && cmp job/files/.ssh/id ~/.ssh/id && echo $TACIT_JOB; exit 5"
            let attached = try at.tacit("attach", "--no-mask", id, "--", "sh", "-c", script, as: alice)
            #expect(attached.ending == .exited(5) && attached.text == id, "\(attached)")
            try expect(at.tacit("attach", id, "sh", "-c", "echo \"$A\"", as: alice).text, "***")
            // Without a command: the caller's shell.
            var shell = at.command(["tacit", "attach", "--no-mask", id], as: alice, input: "test -n \"$A\" && echo $TACIT_JOB\n")
            shell.environment["SHELL"] = "/bin/sh"
            #expect(try shell.run().text.contains(id))
            for caller in [bob, .root] {
                try expect(at.tacit("attach", id, "true", as: caller).ending, .exited(3))
            }
            try end(child)
            let late = try at.tacit("attach", id, "true", as: alice)
            #expect(late.ending == .exited(4), "\(late)")
        }
    }

    @Test func `what forbids attached shells is not for them`() throws {
        try running { at in
            try at.must("policy", "acme/web/db", "--attach", "deny")
            let (child, id) = try start(at)
            let without = try at.tacit("attach", id, "sh", "-c", "echo \"<$A>\"", as: alice)
            #expect(without.succeeded && without.text == "<>", "\(without)")
            try end(child)
        }
    }

    @Test func `a job of a control group is for those who sit in it`() throws {
        try running { at in
            let group = try ControlGroup()
            try at.mount.grant("read", on: "acme/web", to: "user:0")
            let id = try at.must("run", "-p", "acme/web", "--cgroup", group.path, "--detach")
            #expect(try at.must("jobs").hasSuffix("cgroup"))
            let script = "cmp job/vars/A .jobs/\(id)/vars/A && readlink job"
            try expect(at.mount.must("echo $$ > \(group.folder)/cgroup.procs && \(script)"), ".jobs/\(id)")
            #expect(try !at.mount.run(script).succeeded)
            try at.must("jobs", "--end", id)
            #expect(try !at.mount.run("echo $$ > \(group.folder)/cgroup.procs && \(script)").succeeded)
            try expect(at.homeTree(), [])
        }
    }

    @Test(arguments: ["bash", "fish"])
    func `a shell completes the id of a job and the words of its command`(shell: String) throws {
        try running { at in
            let (child, id) = try start(at)
            func offered(_ line: String) throws -> [String] {
                let script =
                    shell == "fish"
                    ? "tacit completion fish | source; complete -C \"$argv[1]\""
                    : """
                    eval "$(tacit completion bash)"; COMP_WORDS=($0); case $0 in *' ') COMP_WORDS+=('') ;; esac
                    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); compopt() { :; }; _tacit; printf '%s\\n' "${COMPREPLY[@]}"
                    """
                let words = shell == "fish" ? ["fish", "--no-config", "-c", script, line] : ["bash", "-c", script, line]
                return try at.run(words, as: alice).orThrow().lines.map { $0.components(separatedBy: "\t")[0] }
            }
            try expect(offered("tacit attach \(id.prefix(3))"), [id])
            try expect(offered("tacit jobs --end "), [id])
            try expect(offered("tacit run -p acme/we"), ["acme/web/"])
            #expect(try offered("tacit run -p acme/web setpri").contains("setpriv"))
            #expect(try offered("tacit run -p acme/web -- ls --deb").allSatisfy { $0.isEmpty })
            #expect(try offered("tacit run -p acme/web --deb") == ["--debug"])
            #expect(try offered("tacit run -p acme/web ls /etc/passw").contains("/etc/passwd"))
            try end(child)
        }
    }
}
