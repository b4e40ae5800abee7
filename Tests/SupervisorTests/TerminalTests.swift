// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// What a person sees who sits at a terminal.
@Suite struct TerminalTests {
    let host: Host

    init() throws { host = try Host() }

    static let both = ["$h", "$e"]

    // A key that follows a word at once must not meet dash as it starts a program: the child takes SIGINT before it executes anything, and
    // SIGTSTP stops the child alone.

    private func shown(_ outcome: Outcome) -> String {
        #expect(!outcome.text.contains(canary))
        return outcome.text
    }

    @Test(arguments: both) func `the interrupt key reaches the command, once`(run: String) throws {
        try host.scratch.file("s", Data("trap 'echo got' INT; echo begun; until read line; do :; done; echo \"<$line>\"\n".utf8))
        let outcome = try host.terminal(
            [
                "expect:ready> ", "type:\(run) bash s\\n", "expect:begun", "type:\\x03", "expect:got", "type:typed\\n", "expect:<typed>",
                "expect:ready> ", "type:exit 3\\n", "end",
            ], shell)
        #expect(outcome.text.components(separatedBy: "got").count == 2)
        #expect(outcome.text.hasPrefix("exited 3\n"))
        let ended = try host.terminal(
            [
                "expect:ready> ", "type:\(run) bash -c 'echo be''gun; read'\\n", "expect:begun", "type:\\x03",
                "expect:ready> ", "type:echo =$?=\\n", "expect:=130=", "type:exit\\n", "end",
            ], shell)
        #expect(ended.text.hasPrefix("exited 0\n"))
    }

    @Test(arguments: both) func `the quit key and the end of input mean what they mean`(run: String) throws {
        _ = try host.terminal(
            [
                "expect:ready> ", "type:\(run) sh -c 'echo be''gun; read word'\\n", "expect:begun", "type:\\x1c", "expect:ready> ",
                "type:echo =$?=\\n", "expect:=131=", "type:\(run) sh -c 'echo be''gun; cat'\\n", "expect:begun", "type:line\\n",
                "expect:line",
                "expect:line", "type:\\x04", "expect:ready> ", "type:exit\\n", "end",
            ], shell)
    }

    @Test(arguments: both) func `what is stopped goes on in the foreground, and in the background`(run: String) throws {
        let script = "awaited() { until test -e $1; do sleep 0.02; done; }; echo begun; awaited 1; echo going; awaited 2; echo on"
        try host.scratch.file("s", Data((script + "\n").utf8))
        let steps = [
            "expect:ready> ", "type:\(run) bash s\\n", "expect:begun", "type:\\x1a", "expect:Stopped", "expect:ready> ",
            "type:: >1; fg\\n", "expect:going", "type:\\x1a", "expect:Stopped", "expect:ready> ", "type:bg; : >2\\n",
            "expect:on", "type:wait; echo =$?=\\n", "expect:=0=", "type:exit\\n", "end", "settings",
        ]
        #expect(try host.terminal(steps, shell).text.hasPrefix("exited 0\ncooked\n"))
    }

    @Test(arguments: both) func `a command started in the background comes to the foreground`(run: String) throws {
        try host.scratch.file(
            "s", Data("echo begun; until test -e go; do sleep 0.02; done; echo going; read line; echo \"<$line>\"\n".utf8))
        let steps = [
            "expect:ready> ", "type:\(run) sh s </dev/tty &\\n", "expect:begun", "type:echo ty''ped\\n", "expect:typed",
            "type:: >go; fg\\n",
            "expect:going", "type:answer\\n", "expect:<answer>", "expect:ready> ", "type:exit\\n", "end",
        ]
        _ = try host.terminal(steps, shell)
    }

    @Test(arguments: both) func `the window has its size, and the command is told of another`(run: String) throws {
        try host.scratch.file("s", Data("trap 'stty size; exit 5' WINCH; stty size; while :; do sleep 0.05; done\n".utf8))
        let outcome = try host.terminal(["expect:24 80", "size:33x44", "expect:33 44", "end", "settings"], "\(run) sh s")
        #expect(outcome.text.hasPrefix("exited 5\ncooked\n"))
    }

    @Test func `values are masked on a terminal, and colours are not`() throws {
        let show = "printf \"\\033[31m%s\\033[0m|\" $canary; echo $canary >&2; echo $canary >/dev/tty"
        let text = shown(try host.terminal(["end"], "$e bash -c '\(show); tty; [ -t 0 -a -t 1 -a -t 2 ] && echo all'"))
        #expect(text.contains("\u{1B}[31m***\u{1B}[0m|***\r\n***\r\n/dev/pts/"))
        #expect(text.contains("\r\nall\r\n"))
    }

    @Test func `a prompt for a password shows nothing of it`() throws {
        let text = try host.terminal(
            ["expect:word? ", "pause:100", "type:typed-unseen\\n", "expect:length 12", "end"],
            "$e bash -c 'read -s -p \"word? \" w; echo length ${#w}'"
        ).text
        #expect(!text.contains("typed-unseen"))
    }

    @Test func `a shell inside has jobs of its own`() throws {
        let steps = [
            "expect:ready> ", "type:sh -c 'echo be''gun; exec sleep 20'\\n", "expect:begun", "type:\\x1a", "expect:Stopped",
            "expect:ready> ", "type:jobs\\n", "expect:Stopped", "type:fg\\n", "pause:300", "type:\\x03", "expect:ready> ",
            "type:echo =$?=\\n", "expect:=130=",
            "type:echo $canary\\n", "expect:***", "type:exit 4\\n", "end", "settings",
        ]
        #expect(shown(try host.terminal(steps, "$e \(shell)")).hasPrefix("exited 4\ncooked\n"))
    }

    @Test func `a shell inside is suspended and comes back`() throws {
        let steps = [
            "expect:ready> ", "type:PS1='outer> '\\n", "expect:outer> ", "type:$e \(shell)\\n", "expect:ready> ", "type:suspend\\n",
            "expect:Stopped", "expect:outer> ", "type:fg\\n", "pause:500", "type:echo be''low\\n", "expect:below", "expect:ready> ",
            "type:exit 6\\n", "expect:outer> ", "type:echo =$?=\\n", "expect:=6=", "type:exit\\n", "end",
        ]
        for run in Self.both { _ = try host.terminal(steps.map { $0.replacingOccurrences(of: "$e", with: run) }, shell) }
    }

    @Test func `standard input of another kind is handed on, and keys are for who asks`() throws {
        let steps = ["expect:first", "pause:200", "type:key\\n", "expect:<key>", "end", "settings"]
        let words = "bash -c 'echo first | '\"$e\"' bash -c \"cat; read line </dev/tty; echo \\\"<\\$line>\\\"\"'"
        #expect(try host.terminal(steps, words).text.hasPrefix("exited 0\ncooked\n"))
    }

    @Test func `output of another kind is masked beside the terminal`() throws {
        let text = shown(try host.terminal(["expect:err", "end"], "$e bash -c 'echo out $canary; echo err $canary >&2; tty' >out"))
        #expect(text.contains("err ***\r\n"))
        #expect(String(decoding: Scratch.contents(host.scratch.path + "/out"), as: UTF8.self).hasPrefix("out ***\n/dev/pts/"))
        let other = shown(try host.terminal(["expect:out", "end"], "$e bash -c 'echo out $canary; echo err $canary >&2; [ -t 2 ]' 2>err"))
        #expect(other.hasPrefix("exited 1\n"))
        #expect(other.contains("out ***\r\n"))
        #expect(Scratch.contents(host.scratch.path + "/err") == Data("err ***\n".utf8))
    }

    @Test func `a terminal that only complaints go to is a terminal still, and its keys are`() throws {
        let steps = ["expect:24 80", "size:33x44", "pause:200", "type:\\x03", "expect:got", "expect:33 44", "end", "settings"]
        try host.scratch.file("s", Data("exec >&2; trap 'echo got; stty size <&2; exit 7' INT; [ -t 2 ] && stty size <&2; sleep 5\n".utf8))
        #expect(try host.terminal(steps, "$e sh s >/dev/null").text.hasPrefix("exited 7\ncooked\n"))
    }

    @Test func `without masking on terminals the terminal is the command's own`() throws {
        let text = try host.terminal(["end"], "$h --redirected \(host.values) bash -c 'tty; ps -o pgid= -p $$; ps -o pgid= -p $PPID'").text
        let lines = text.split(separator: "\r\n").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(lines.count >= 3)
        #expect(lines[lines.count - 1] == lines[lines.count - 2])
    }

    @Test(arguments: [("15", "signaled 15"), ("2", "signaled 2"), ("1", "signaled 1"), ("9", "signaled 9"), ("11", "signaled 11")])
    func `the terminal is as it was, whatever ends the host`(number: String, ending: String) throws {
        let outcome = try host.terminal(["await:raw", "pause:200", "send:\(number)", "end", "await:cooked"], "$e sleep 20")
        #expect(outcome.text.hasPrefix("\(ending)\n"))
    }

    @Test(arguments: both) func `a window that is closed ends the command`(run: String) throws {
        try host.scratch.file("s", Data("trap 'echo hung up >note; exit 3' HUP; echo begun; while :; do sleep 0.05; done\n".utf8))
        let outcome = try host.terminal(["expect:begun", "pause:200", "hangup", "end"], "\(run) sh s")
        #expect(outcome.text.hasPrefix("exited 3\n"))
        #expect(Scratch.contents(host.scratch.path + "/note") == Data("hung up\n".utf8))
    }

    @Test func `a host that is killed takes its screen along`() throws {
        try host.scratch.file("s", Data("trap 'echo hung up >note; exit' HUP; echo begun; while :; do sleep 0.05; done\n".utf8))
        _ = try host.terminal(["expect:begun", "await:raw", "send:9", "end", "await:cooked"], "$e sh s")
        try Wait.until("the command is told") {
            Scratch.contents(host.scratch.path + "/note") == Data("hung up\n".utf8)
        }
    }
}
