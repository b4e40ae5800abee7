// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import TestSupport
import Testing

/// Signals on their way to the command.
@Suite struct SignalTests {
    let host: Host

    init() throws { host = try Host() }

    /// Says `got NAME` for each signal, and ends for TERM.
    private func listener(_ names: String...) throws -> String {
        let traps = names.map { "trap 'echo got \($0)' \($0)" }.joined(separator: "\n")
        return try host.file("\(traps)\ntrap 'echo got TERM; exit 4' TERM\necho listening\nwhile :; do sleep 0.02; done")
    }

    @Test(arguments: [
        (SIGHUP, "HUP"), (SIGINT, "INT"), (SIGQUIT, "QUIT"), (SIGUSR1, "USR1"), (SIGUSR2, "USR2"), (SIGALRM, "ALRM"), (SIGCONT, "CONT"),
        (SIGWINCH, "WINCH"), (SIGPIPE, "PIPE"), (SIGURG, "URG"), (SIGXCPU, "XCPU"), (40, "RTMIN+6"),
    ])
    func `a signal reaches the command, once`(number: Int32, name: String) throws {
        let child = try host.command("bash", listener(name)).start()
        try child.waitFor("listening")
        child.signal(number)
        try child.waitFor("got \(name)")
        child.signal(SIGTERM)
        let outcome = try child.wait()
        #expect(outcome.lines == ["listening", "got \(name)", "got TERM"])
        #expect(outcome.ending == .exited(4))
    }

    @Test func `signals that have something with them keep it`() throws {
        let wait =
            "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [40]); print('listening', flush=True); "
            + "i = signal.sigwaitinfo([40]); print(i.si_code)"
        let child = try host.command("python3", "-c", wait).start()
        try child.waitFor("listening")
        _ = unsafe sigqueue(child.pid, 40, sigval(sival_int: 7))
        // SI_QUEUE.
        #expect(try child.wait().lines == ["listening", "-1"])
    }

    @Test func `what is sent from inside is not passed on`() throws {
        let script = try host.file(
            """
            trap 'echo got' USR1; trap 'n=$((n + 1)); echo told $n' USR2
            # Of a sender that is gone nobody can say where it was.
            kill -USR1 $PPID
            sh -c 'kill -USR1 '$PPID'; echo begun; until [ -e \(host.scratch.path)/go ]; do sleep 0.02; done' &
            until [ "$n" = 1 ]; do sleep 0.02; done
            : >\(host.scratch.path)/go; wait
            kill -USR1 0; echo again
            until [ "$n" = 2 ]; do sleep 0.02; done
            """)
        let child = try host.command("bash", script).start()
        // What comes from outside is passed on after what came before.
        for word in ["begun", "again"] {
            try child.waitFor(word)
            child.signal(SIGUSR2)
        }
        let lines = try child.wait().lines
        #expect(lines == ["begun", "told 1", "got", "again", "told 2"], "\(lines)")
    }

    @Test func `a timer from before runs out on the command`() throws {
        let start = "import os, signal, sys; signal.setitimer(signal.ITIMER_REAL, 0.5); os.execv(sys.argv[1], sys.argv[1:])"
        #expect(try Command("python3", "-c", start, host.program, "sleep", "20").run().ending == .signalled(SIGALRM))
    }

    @Test func `a command that is stopped alone does not stop its host where nobody could continue it`() throws {
        let child = try host.command("sh", "-c", "echo $$; kill -TSTP $$; kill -STOP $$; echo on").start()
        try child.waitFor("\n")
        let command = child.printed.trimmingCharacters(in: .whitespacesAndNewlines)
        try Wait.until("the command to stop") { try status(command, "State").hasPrefix("T") }
        // It has taken what it was told, SIGCHLD, and waits.
        try Wait.until("the host to go on") {
            try status("\(child.pid)", "State").hasPrefix("S") && status("\(child.pid)", "ShdPnd").allSatisfy { $0 == "0" }
        }
        child.signal(SIGCONT)
        #expect(try child.wait().lines == [command, "on"])
    }

    /// What a line of a process's status says: proc_pid_status(5).
    private func status(_ process: String, _ name: String) throws -> String {
        let lines = String(decoding: Scratch.contents("/proc/\(process)/status"), as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix(name + ":\t") }) else { throw Trouble("no \(name) of process \(process)") }
        return String(line.dropFirst(name.count + 2))
    }
}
