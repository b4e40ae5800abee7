// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// `completion`, by the shells themselves.
@Suite struct CommandsCompleting {
    /// What becomes of a line at which the tabulator key is pressed.
    static let lines = [
        ("tacit gra", "tacit grant"), ("tacit org cr", "tacit org create"), ("tacit show --ver", "tacit show --version"),
        ("tacit export acme/web/db --format k", "tacit export acme/web/db --format k8s"), ("tacit get acme/we", "tacit get acme/web/"),
        ("tacit get --base64 acme/web/d", "tacit get --base64 acme/web/db/"),
        ("tacit get secret:acme/web/d", "tacit get secret:acme/web/db/"),
        ("tacit get acme/web/db/vars/PASS", "tacit get acme/web/db/vars/PASSWORD"),
        ("tacit mv acme/web/db acme/w", "tacit mv acme/web/db acme/web/"),
        ("tacit grant acme/web roo", "tacit grant acme/web root"), ("tacit grant acme/web root rea", "tacit grant acme/web root read"),
        ("tacit grant acme/web root read,wri", "tacit grant acme/web root read,write"), ("tacit completion fi", "tacit completion fish"),
        ("tacit set acme/web/db PASS", "tacit set acme/web/db PASSWORD"), ("tacit set acme/web/db A=PA", "tacit set acme/web/db A=PA"),
        ("tacit get -p acme/web d", "tacit get -p acme/web db"), ("tacit get --project=acme/web d", "tacit get --project=acme/web db"),
        ("tacit get ow", "tacit get own"), ("tacit set -p acme/web db PASS", "tacit set -p acme/web db PASSWORD"),
        ("tacit run -p acme/web -s d", "tacit run -p acme/web -s db"), ("tacit run -p acme/web -s sh", "tacit run -p acme/web -s shared"),
        ("tacit run -p acme/app -t st", "tacit run -p acme/app -t staging"),
        ("tacit check -p acme/app -t st", "tacit check -p acme/app -t staging"),
        ("tacit rollback acme/web/db/vars/PASSWORD ", "tacit rollback acme/web/db/vars/PASSWORD 1"),
        ("tacit restore acme/web/ol", "tacit restore acme/web/old"), ("tacit get tacit://acme/web/d", "tacit get tacit://acme/web/db/"),
        ("tacit get acme/web/db/files/my\\ f", "tacit get acme/web/db/files/my\\ file"),
        ("tacit get \"acme/web/db/files/my f", "tacit get \"acme/web/db/files/my file\""),
        ("tacit run -p acme/we", "tacit run -p acme/web/"),
        ("tacit run -p acme/web setpri", "tacit run -p acme/web setpriv"),
        ("tacit run -p acme/web ls /etc/hostn", "tacit run -p acme/web ls /etc/hostname"),
        ("tacit run --no-m", "tacit run --no-mask"), ("tacit run -p acme/web ls --no-m", "tacit run -p acme/web ls --no-m"),
    ]

    private func secret(_ at: Watched) throws {
        try at.must("create", "acme/web/db", "-e", "PASSWORD=-", "-f", "/etc/hostname:my file", as: alice, input: at.canary)
        try at.must("create", "acme/web/old", "-e", "A=a", as: alice)
        try at.must("rm", "acme/web/old", "-y", as: alice)
        try at.must("create", "user/own", "-e", "A=a", as: alice)
        try at.must("create", "acme/@org/shared", "-e", "A=a")
        try at.mount.grant("list", on: "acme/@org/shared", to: "user:1001")
        for words in [["project", "create", "acme/app"], ["target", "create", "acme/app@staging"]] {
            try at.run(["tacit"] + words).orThrow()
        }
        try at.mount.grant("list", on: "acme/app@staging", to: "user:1001")
    }

    @Test(arguments: ["bash", "zsh"])
    func `a line is completed`(shell: String) throws {
        try watched { at in
            try secret(at)
            for (line, completed) in Self.lines { try expect(press(shell, line, as: alice, at), completed) }
            // Who may see nothing is offered nothing.
            try expect(press(shell, "tacit get acme/web/d", as: bob, at), "tacit get acme/web/d")
        }
    }

    @Test func `fish offers the same`() throws {
        try watched { at in
            try secret(at)
            func offered(_ line: String, as caller: TestUser) throws -> [String] {
                let script = "tacit completion fish | source; complete -C \"$argv[1]\""
                return try at.run(["fish", "--no-config", "-c", script, line], as: caller).orThrow().lines
                    .map { $0.components(separatedBy: "\t")[0] }
            }
            for (line, completed) in Self.lines where line != completed {
                // It puts the quotes and escapes of the line itself.
                let word = completed.contains("my") ? "acme/web/db/files/my file" : completed.components(separatedBy: " ").last
                try expect(offered(line, as: alice), [word ?? ""])
            }
            try expect(offered("tacit get acme/web/d", as: bob), [])
            #expect(try offered("tacit ", as: alice).contains("completion"))
        }
    }

    @Test func `the scripts hold every command and option`() throws {
        try watched { at in
            let help = try at.must("--help")
            let names = help.components(separatedBy: "\n").filter { $0.hasPrefix("  ") }.compactMap { $0.split(separator: " ").first }
            #expect(names.count > 30)
            for shell in ["bash", "zsh", "fish"] {
                let script = try at.must("completion", shell)
                for name in names { #expect(script.contains("'\(name)'"), "\(shell): \(name)") }
                try at.run([shell, "-n", "/dev/stdin"], input: script).orThrow()
            }
        }
    }

    /// Types a line into a shell on a terminal, presses the tabulator key, and has the shell print what the line is then.
    private func press(_ shell: String, _ line: String, as caller: TestUser, _ at: Watched) throws -> String {
        let script = """
            import os, pty, re, select, sys, time
            shell, line = sys.argv[1:]
            pid, terminal = pty.fork()
            if pid == 0:
                os.environ.update(TERM="dumb", PS1="> ", PROMPT="> ")
                os.execvp(shell, [shell, "--norc", "--noprofile", "-i"] if shell == "bash" else [shell, "-f", "-i"])
            said = b""
            def until(pattern):
                global said
                end = time.monotonic() + 20
                while not re.search(pattern, said):
                    if time.monotonic() > end: sys.exit("no %r in %r" % (pattern, said))
                    if select.select([terminal], [], [], 0.1)[0]: said += os.read(terminal, 4096)
            def send(text):
                os.write(terminal, text.encode())
            send('autoload -Uz compinit; compinit -D -u\\n' if shell == "zsh" else '\\n')
            send('eval "$(tacit completion %s)"; echo rea""dy\\n' % shell)
            until(rb"ready")
            # The shell takes the keys after the tabulator when it has completed: the line becomes the argument of another command.
            send(line + "\\t")
            send("\\x05'\\x01echo 'done<\\n")
            until(rb"\\ndone<[^\\r\\n]*[\\r\\n]")
            print(re.findall(rb"\\ndone<([^\\r\\n]*)[\\r\\n]", said)[-1].decode().rstrip())
            os.close(terminal)
            """
        return try at.run(["python3", "-c", script, shell, line], as: caller).orThrow().text
    }
}
