// SPDX-License-Identifier: MIT

import Foundation
import Secrets
import Testing

/// What shells do with names: `ShellNames` says it, and every shell is asked.
@Suite struct ShellNamesTests {
    /// All that the shells know, what people call variables, and what is in the table.
    static let names: [String] = {
        var names = Set(common + ShellNames.all.map { String(decoding: $0, as: UTF8.self) })
        for shell in Shell.all { names.formUnion(shell.names) }
        return names.subtracting(["Tacit_line", "Tacit_file"]).sorted()
    }()

    static let common = """
        PATH HOME USER LOGNAME SHELL MAIL PWD OLDPWD LANG LANGUAGE LC_ALL LC_CTYPE LC_MESSAGES LC_NUMERIC LC_TIME LC_COLLATE TZ TERM
        EDITOR VISUAL PAGER IFS DISPLAY TMPDIR TMP TEMP HOSTNAME HOST PASSWORD SECRET TOKEN API_KEY DATABASE_URL PORT DEBUG NODE_ENV
        AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION GITHUB_TOKEN GITLAB_TOKEN NPM_TOKEN CI OPTIONS STATUS NAME
        EMAIL REGION BUCKET KEY ID MODE LEVEL LOG LOG_LEVEL URL URI DSN PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE MYSQL_PWD REDIS_URL
        http_proxy https_proxy no_proxy all_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY LD_PRELOAD LD_LIBRARY_PATH PYTHONPATH NODE_OPTIONS
        JAVA_HOME GOPATH CARGO_HOME DOCKER_HOST KUBECONFIG SSH_AUTH_SOCK GPG_TTY XDG_RUNTIME_DIR XDG_CONFIG_HOME SMTP_PASSWORD
        SENTRY_DSN STRIPE_KEY SLACK_WEBHOOK OPENAI_API_KEY JWT_SECRET SESSION_SECRET COOKIE_KEY ENCRYPTION_KEY SIGNING_KEY CERT CA
        TLS_KEY USERNAME_ PASS PASSWD PWORD DB DB_HOST DB_NAME DB_USER DB_PASSWORD DB_PORT SERVICE ACCOUNT TENANT CLIENT_ID CLIENT_SECRET
        REPLY OPTARG OPTERR POSIXLY_CORRECT HISTFILE HISTFILESIZE HISTCONTROL GLOBIGNORE EXECIGNORE CDPATH FPATH MANPATH FIGNORE PSVAR
        WATCH ZDOTDIR NULLCMD READNULLCMD TIMEFMT TIMEFORMAT FCEDIT INPUTRC CHILD_MAX COPROC MAPFILE READLINE_LINE BASH_COMPAT
        BASH_XTRACEFD BASH_LOADABLES_PATH COMPREPLY COMP_WORDS MACHTYPE HOSTTYPE OSTYPE CPUTYPE VENDOR WORDCHARS STTY KSH_MATCH
        user name value key password secret token url port host id file version type words line lines text data mode level log x y z
        """.split(whereSeparator: \.isWhitespace).map(String.init)

    /// Values that do harm where something is done with them: each is only text.
    static func values(_ name: String, _ folder: String) -> [String] {
        ["x y", "7", "a[$(>\(folder)/\(name))]", "path[$(>\(folder)/\(name))]", "$(>\(folder)/\(name))`>\(folder)/\(name)`", "'\"\\$x"]
    }

    @Test(arguments: Shell.all, [0, 65534])
    func `a shell gets all other values exactly, runs nothing, and is who it was`(_ shell: Shell, _ uid: Int) throws {
        let shown = Self.names.filter { !ShellNames.isKept(bytes($0)) }
        #expect(shown.count > 500, "the shells tell their names")
        for index in Self.values("", "").indices {
            let scratch = try Scratch.open()
            let value = { (name: String) in Self.values(name, scratch.path + "/done")[index] }
            _ = try scratch.write("env", Self.names.flatMap { written($0, bytes(value($0))) })
            let expected = shown.map { bytes(value($0)) }
            for mode in Shell.Mode.allCases where uid == 0 || mode == .plain || mode == .exported {
                let read = try shell.sourcing(scratch, mode, printing: shown, uid: uid)
                let wrong = zip(shown, zip(expected, read.values)).filter { $1.0 != $1.1 }.map(\.0)
                #expect(wrong.isEmpty && read.values.count == shown.count, "\(shell), \(mode), value \(index): \(wrong)")
                #expect(read.isUnchanged, "\(shell), \(mode), value \(index): \(read.about)")
                let done = try scratch.done
                #expect(done.isEmpty, "\(shell), \(mode), value \(index): \(done)")
            }
        }
    }

    /// The other way: no name is in the table for nothing.
    @Test func `each name of the table is one that a shell does something with`() throws {
        // Shown by the line editor of zsh alone; of bash 5.3, by its manual; lost where PATH is assigned after it; in the way of WATCH.
        var left = Set(ShellNames.all.map { String(decoding: $0, as: UTF8.self) })
            .subtracting(["PROMPT_EOL_MARK", "SPROMPT", "BASH_MONOSECONDS", "BASH_TRAPSIG", "BASH_CMDS", "MODULE_PATH"])
        for shell in Shell.all {
            for uid in [0, 65534] where !left.isEmpty {
                for index in Self.values("", "").indices.dropLast() {
                    let scratch = try Scratch.open()
                    let names = left.sorted()
                    left.subtract(try shell.misled(by: names, scratch, uid: uid) { Self.values($0, scratch.path + "/done")[index] })
                    left.subtract(try scratch.done)
                }
            }
        }
        // Prompts and what a shell reads when it starts.
        for (shell, name) in [("bash", "PS0"), ("bash", "PROMPT_COMMAND"), ("dash", "ENV"), ("bash", "BASH_ENV")] {
            let scratch = try Scratch.open()
            let value = "$(>\(scratch.path)/done/\(name))"
            let isCommand = name == "PROMPT_COMMAND"
            _ = try scratch.write("env", bytes("\(name)='\(isCommand ? ": \(value)" : value)'\n"))
            let file = try scratch.write("input", bytes("set -a; . \(scratch.path)/env\n:\n:\n\(shell) -c :\n\(shell) -i -c :\nexit\n"))
            // In a session of its own: an interactive shell would wait to be in the foreground of a terminal.
            _ = try? run("setsid", ["--wait", "sh", "-c", "\(shell) -i <\(file) 2>/dev/null"], environment: ["HOME": "/nonexistent"])
            left.subtract(try scratch.done)
        }
        // What zsh goes by after a command, at pushd, and where a redirection stands alone.
        for (name, use) in [
            ("REPORTTIME", "/bin/true"), ("REPORTMEMORY", "/bin/true"), ("DIRSTACKSIZE", "pushd /"), ("NULLCMD", ">/dev/null"),
            ("READNULLCMD", "</dev/null"),
        ] {
            let scratch = try Scratch.open()
            let program = try scratch.write("program", bytes("#!/bin/sh\n: >\(scratch.path)/done/\(name)\n"))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
            _ = try scratch.write(
                "env", bytes("\(name)='\(name.hasSuffix("NULLCMD") ? program : "path[$(>\(scratch.path)/done/\(name))]")'\n"))
            _ = try? run("sh", ["-c", "zsh -fc '. \(scratch.path)/env; \(use); :' >/dev/null 2>&1"])
            left.subtract(try scratch.done)
        }
        for name in ["BASH_COMPAT", "BASH_XTRACEFD"] {
            let scratch = try Scratch.open()
            _ = try scratch.write("env", bytes("\(name)='a value'\n"))
            let told = try run("bash", ["-c", "exec 2>&1; . \(scratch.path)/env; :"])
            if String(decoding: told, as: UTF8.self).contains("a value") { left.remove(name) }
        }
        #expect(left.isEmpty, "these are mere names to every shell: \(left.sorted())")
    }

    @Test func `a name that a shell keeps is a comment, whatever its value, and a reader of the text finds none`() throws {
        for name in ShellNames.all.map({ String(decoding: $0, as: UTF8.self) }) {
            let lines = Set([[], bytes("1"), bytes("x\ny'$z"), [0xFF, 10]].map { written(name, $0) })
            #expect(lines == [bytes("# \(name): a shell keeps this name for itself; read vars/\(name)\n")])
            #expect(try assignments(try #require(lines.first)).isEmpty)
        }
        for name in ["PASSWORD", "PATH", "UIDS", "uid", "A"] { #expect(written(name, bytes("1")) == bytes("\(name)=1\n")) }
        // Too little room: nothing is written.
        var small = [UInt8](repeating: 7, count: 10)
        var span = small.mutableSpan
        var raw = unsafe span.mutableBytes
        #expect(withSpan(bytes("1")) { EnvText.writeShown(name: bytes("UID"), value: $0, into: &raw) } == 0)
        #expect(small.allSatisfy { $0 == 7 })
    }

    /// What `env` has for a variable.
    private func written(_ name: String, _ value: [UInt8]) -> [UInt8] {
        withSpan(value) { value in
            let assignment = EnvText.lineLength(name: bytes(name), value: value)
            var buffer = [UInt8](repeating: 0, count: EnvText.shownLength(name: bytes(name), assignment: assignment))
            var span = buffer.mutableSpan
            var raw = unsafe span.mutableBytes
            #expect(EnvText.writeShown(name: bytes(name), value: value, into: &raw) == buffer.count)
            return buffer
        }
    }
}

/// A shell that sources texts.
struct Shell: CustomStringConvertible, Sendable {
    let words: [String]
    /// Before anything else.
    var before = ":"

    static let all = [
        Shell(words: ["dash"]), Shell(words: ["bash"]), Shell(words: ["bash", "--posix"]), Shell(words: ["zsh", "-f"]),
        Shell(words: ["zsh", "-f"], before: modules + "; setopt promptsubst"), Shell(words: ["mksh"]), Shell(words: ["busybox", "sh"]),
    ]
    /// Those of zsh that have variables.
    private static let modules = [
        "datetime", "system", "mapfile", "langinfo", "parameter", "terminfo", "termcap", "watch", "sched", "curses", "zleparameter",
    ]
    .map { "zmodload zsh/\($0) 2>/dev/null" }.joined(separator: "; ")

    var description: String { words.joined(separator: " ") + (before == ":" ? "" : " with modules") }

    /// How a text is sourced.
    enum Mode: CaseIterable, Sendable {
        case plain
        /// `set -e`: what is refused ends the script.
        case strict
        case traced
        /// For the shells that the script starts.
        case exported
    }

    /// What a shell has after it sourced a text.
    struct Read {
        var values: [[UInt8]] = []
        /// Whether it is who it was, and has the arguments that it had.
        var isUnchanged = false
        var about = ""
    }

    /// The variables that it has of its own, and all words in its program that may be names of others.
    var names: Set<String> {
        var names: Set<String> = []
        for command in ["set", "typeset", "typeset -p", "compgen -v", "print -l ${(k)parameters}"] {
            let script = "\(before)\n\(command) 2>/dev/null || :"
            guard let output = try? SecretsTests.run(words[0], words.dropFirst() + ["-c", script]) else { continue }
            for line in String(decoding: output, as: UTF8.self).split(separator: "\n") {
                guard let match = line.firstMatch(of: #/(?:^|\s)([A-Za-z_][A-Za-z0-9_]*)(?:=|$)/#) else { continue }
                names.insert(String(match.1))
            }
        }
        // busybox is many programs in one.
        let pattern = words[0] == "busybox" ? "[A-Z][A-Z0-9_]{3,39}" : "[A-Z][A-Z0-9_]{1,39}"
        guard let program = try? program(words[0]),
            let output = try? SecretsTests.run("grep", ["-aoE", pattern, program], environment: ["LC_ALL": "C"])
        else { return names }
        return names.union(String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init))
    }

    /// mksh has no `printf` of its own.
    private var put: String {
        words[0] == "mksh" ? "put() { print -rn -- \"$1\"; print -n '\\0'; }" : "put() { printf '%s\\0' \"$1\"; }"
    }

    /// Prints who the process is, from the kernel, with nothing but what is in the shell.
    private static let about = """
        about() { while IFS= read -r Tacit_line; do case $Tacit_line in Uid:*|Gid:*|Groups:*) put "$Tacit_line";; esac; done </proc/self/status; put "$0"; put "$1"; }
        """

    private func run(script: String, _ scratch: Scratch, uid: Int) throws -> [UInt8] {
        let file = try scratch.write("script", bytes(script))
        // Ends as the last command did, which may be one that could not be found any more.
        let words =
            (uid == 0 ? [] : ["setpriv", "--reuid=\(uid)", "--regid=\(uid)", "--clear-groups", "--"]) + words + [file, "one", "two"]
        return try SecretsTests.run(
            "setsid", ["--wait", "sh", "-c", "\"$@\" 2>/dev/null; exit 0", "sh"] + words,
            environment: ["LC_ALL": "C", "HOME": "/nonexistent"])
    }

    func sourcing(_ scratch: Scratch, _ mode: Mode, printing names: [String], uid: Int) throws -> Read {
        let source = ". \(scratch.path)/env"
        let child = ([try program(words[0])] + words.dropFirst()).joined(separator: " ")
        let how =
            switch mode {
            case .plain: source
            case .strict: "set -e; \(source); set +e"
            case .traced: "set -x; \(source); :; set +x"
            case .exported: "set -a; \(source); \(child) -c : </dev/null >/dev/null; \(child) -i -c : </dev/null >/dev/null; set +a"
            }
        // What a shell goes by later.
        let use = "( /bin/true; \(words[0] == "zsh" ? "pushd /; </dev/null; >/dev/null; " : ""): ) >/dev/null 2>&1"
        var script = "\(before)\n\(put)\n\(Self.about)\nabout \"$1\"\n\(how)\n\(use)\nabout \"$1\"\n"
        for name in names { script += "put \"$\(name)\"\n" }
        let output = try run(script: script, scratch, uid: uid).split(separator: 0, omittingEmptySubsequences: false).dropLast().map(
            Array.init)
        guard output.count >= 10 else { return Read() }
        let (then, now) = (output[..<5], output[5..<10])
        return Read(
            values: Array(output.dropFirst(10)), isUnchanged: then.elementsEqual(now),
            about: now.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", "))
    }

    /// Which of these names have another value than the one that a text assigns, or do something to the shell or to what is beside them.
    func misled(by names: [String], _ scratch: Scratch, uid: Int, _ value: (String) -> String) throws -> Set<String> {
        let beside = [
            "PATH", "CDPATH", "FIGNORE", "FPATH", "MANPATH", "MODULE_PATH", "PSVAR", "WATCH", "MAILPATH", "PS1", "PS2", "PS3", "PS4",
            "RPS1",
            "RPS2", "PROMPT", "PROMPT2", "PROMPT3", "PROMPT4", "RPROMPT", "RPROMPT2",
        ]
        var script = "\(before)\n\(put)\n\(Self.about)\n"
        for name in names {
            _ = try scratch.write("env-\(name)", bytes("Tacit_first='1 2'\n\(name)='\(value(name))'\nTacit_last='3 4'\n"))
            let others = beside.filter { $0 != name }.map { "put \"$\($0)\"" }.joined(separator: "; ")
            for file in ["/dev/null", "\(scratch.path)/env-\(name)"] {
                script += "put '@\(name)'; ( . \(file); put \"$\(name)\"; put \"$Tacit_first$Tacit_last\"; about \"$1\"; \(others) )\n"
            }
        }
        let output = try run(script: script, scratch, uid: uid).split(separator: 0, omittingEmptySubsequences: false).map(Array.init)
        var found: [String: [[[UInt8]]]] = [:]
        var current = ""
        for part in output {
            if part.first == UInt8(ascii: "@") {
                current = String(decoding: part.dropFirst(), as: UTF8.self)
                found[current, default: []].append([])
            } else if let last = found[current]?.indices.last {
                found[current]?[last].append(part)
            }
        }
        return Set(
            names.filter { name in
                guard let reads = found[name], reads.count == 2, reads[1].count > 2, reads[0].count == reads[1].count else { return true }
                return reads[1][0] != bytes(value(name)) || reads[1][1] != bytes("1 23 4") || reads[0].dropFirst(2) != reads[1].dropFirst(2)
            })
    }
}

extension Scratch {
    /// A folder that any user may look into, and put files into below `done`.
    static func open() throws -> Scratch {
        let scratch = try Scratch()
        let done = scratch.path + "/done"
        try FileManager.default.createDirectory(atPath: done, withIntermediateDirectories: false)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scratch.path)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: done)
        return scratch
    }

    /// What commands in values have left there.
    var done: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path + "/done").sorted() } }
}
