// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// What comes in and goes out.
@Suite struct StreamTests {
    let host: Host

    init() throws { host = try Host() }

    @Test func `both outputs are masked, each where it goes`() throws {
        let outcome = try host.script("$m sh -c 'echo a $canary b; echo c second-value d >&2'").run()
        #expect(outcome.text == "a *** b")
        #expect(outcome.complaint == "c *** d\n")
    }

    @Test func `two outputs that are one keep their order`() throws {
        let script = "$m sh -c 'for i in $(seq 300); do echo $i; echo $canary $i >&2; done' 2>&1 | cat"
        let lines = try host.script(script).run().lines
        #expect(lines == (1...300).flatMap { ["\($0)", "*** \($0)"] })
    }

    @Test func `standard input is the command's`() throws {
        var command = host.command("--redirected", host.values, "cat")
        let text = (0..<200_000).map { "\($0)\n" }.joined()
        command.input = Data(text.utf8)
        #expect(try command.run().bytes == command.input)
    }

    /// What a command has shown that pauses after `begin`, and what when it has gone on with `rest`.
    private func shown(pausingAfter begin: String, _ rest: String) throws -> (before: String, all: String) {
        let folder = try host.scratch.folder(UUID().uuidString)
        let words = "printf %s \"\(begin)\"; printf hun >&2; until test -e go; do sleep 0.02; done; \(rest)"
        let child = try host.script("cd \(folder); $m sh -c '\(words)' 2>other").start()
        // This may be the beginning of a value too: it is shown when both outputs were quiet for long enough.
        try Wait.until("the prompt on the other output") { Scratch.contents(folder + "/other") == Data("hun".utf8) }
        let before = child.printed
        try Data().write(to: URL(filePath: folder + "/go"))
        return (before, try child.wait().text)
    }

    @Test func `a prompt appears without its line's end`() throws {
        let child = try host.script("$m sh -c 'printf \"name? \"; sleep 60'").start()
        try child.waitFor("name? ")
        // Of what may be a value, so much is shown as is no part of it.
        let begun = try shown(pausingAfter: "who? hunter2", "echo -canary; echo hun")
        #expect(begun == ("who? ", "who? hunter2-canary\nhun"))
        let whole = try shown(pausingAfter: "${canary%ary*}", "printf \"ary${canary##*ary}\\n\"")
        #expect(whole == ("", "***"))
    }

    @Test func `a reader that goes away ends the command as it would without`() throws {
        #expect(try host.script("$m yes | head -n 1; echo ${PIPESTATUS[*]}").run().text == "y\n141 0")
        let stubborn = "$m sh -c 'trap \"\" PIPE; yes; exit 6' 2>/dev/null | head -n 1; echo ${PIPESTATUS[*]}"
        #expect(try host.script(stubborn).run().text == "y\n6 0")
        #expect(try host.script("$m sh -c 'yes >&2' 2> >(head -n 1 >&1); echo $?").run().lines.sorted() == ["141", "y"])
    }

    @Test func `output that can't be written is an error`() throws {
        let outcome = try host.script("$m echo x >/dev/full").run()
        #expect(outcome.ending == .exited(1))
        #expect(outcome.complaint == "childhost: can't write the command's output: No space left on device\n")
    }

    @Test(arguments: ["", "| (sleep 0.5; cat)", "| (dd bs=1000 count=3 2>/dev/null; sleep 0.3; dd bs=100 2>/dev/null)"])
    func `nothing is lost, however slow the reader`(reader: String) throws {
        let outcome = try host.script("($m seq 200000; echo $? >&2) \(reader) | cksum").run()
        #expect(try outcome.text == host.script("seq 200000 | cksum").run().text, "\(outcome)")
        #expect(outcome.complaint == "0\n")
    }

    /// What pipes hold when the command ends, on both sides of its masker.
    @Test(arguments: ["sleep 0.3; cat", "sleep 2.5; cat", "sleep 0.3; head -c 70000; sleep 0.3; cat"])
    func `what the command has left is not lost, however late it is read`(reader: String) throws {
        let outcome = try host.script("($m seq 25000; echo $? >&2) | (\(reader)) | cksum").run()
        #expect(try outcome.text == host.script("seq 25000 | cksum").run().text, "\(outcome)")
        #expect(outcome.complaint == "0\n")
    }

    /// Such as one that gets no processor for a while. When it is stopped makes no difference.
    @Test func `nothing is lost by a host that is stopped meanwhile`() throws {
        let script = """
            import os, random, signal, subprocess, sys, threading, time
            whole = subprocess.run(["seq", "25000"], capture_output=True).stdout
            def run():
                host = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
                def stop():
                    for _ in range(6):
                        time.sleep(random.random() * 0.06)
                        if host.poll() is not None: return
                        host.send_signal(signal.SIGSTOP)
                        time.sleep(0.25)
                        host.send_signal(signal.SIGCONT)
                stopping = threading.Thread(target=stop)
                stopping.start()
                output = host.stdout.read()
                stopping.join()
                print(len(whole) - len(output), output == whole, host.wait())
            runs = [threading.Thread(target=run) for _ in range(12)]
            for thread in runs: thread.start()
            for thread in runs: thread.join()
            """
        #expect(try host.script("python3 \(host.file(script)) $m seq 25000").run().lines == Array(repeating: "0 True 0", count: 12))
    }

    @Test func `who writes on without end is not read on, for a slow reader either`() throws {
        let reader = "while [ $(head -c 30000 | wc -c) -gt 0 ]; do sleep 0.05; done"
        let outcome = try host.script("($m sh -c 'yes & exit 4'; echo $? >&2) | (\(reader))").run()
        #expect(outcome.complaint == "4\n")
    }

    @Test func `an output that does not wait, or can't be opened anew, serves as well`() throws {
        let start = "import os, sys; os.set_blocking(1, False); os.execv(sys.argv[1], sys.argv[1:])"
        let words = "python3 -c '\(start)' $m seq 200000 | (sleep 0.5; cksum)"
        let expected = try host.script("seq 200000 | cksum").run().text
        #expect(try host.script(words).run().text == expected)
        // A socket has no path in /proc to be opened by.
        let socket = """
            import socket, subprocess, sys, time, os
            ours, theirs = socket.socketpair()
            child = subprocess.Popen(sys.argv[1:], stdout=theirs)
            theirs.close()
            time.sleep(0.3)
            data = b''
            while piece := ours.recv(65536): data += piece
            sys.stdout.buffer.write(data)
            sys.exit(child.wait())
            """
        #expect(try host.script("python3 \(host.file(socket)) $m seq 200000 | cksum").run().text == expected)
    }

    @Test func `what is left has a moment to write, and no more`() throws {
        // Waiting for it would end this command at its limit of time.
        #expect(try host.script("$m sh -c 'sleep 300 & echo hi' | cat").run().text == "hi")
        // On a machine that is busy a moment is short: not each time.
        #expect(
            try (0..<20).contains { _ in try host.script("$m bash -c 'exec > >(sleep 0.05; cat); echo late' | cat").run().text == "late" })
        #expect(try host.script("$m sh -c 'yes & sleep 0.1' | tail -n 1").run().text == "y")
    }

    /// Output that goes to a pipe that nobody reads, filled so far before. The command itself waits too, or has ended and left a file.
    @Test(arguments: [("0", "seq 100000", "-15"), ("65536", "sh -c 'echo last; : >left'", "0")])
    func `while output waits for its reader, a signal ends the host`(filled: String, words: String, ending: String) throws {
        let script = """
            import os, select, subprocess, sys, time
            def wait_until(condition):
                while not condition(): time.sleep(0.01)
            filled, *words = sys.argv[1:]
            ours, theirs = os.pipe()
            os.write(theirs, bytes(int(filled)))
            host = subprocess.Popen(words, stdout=theirs)
            children = f"/proc/{host.pid}/task/{host.pid}/children"
            wait_until(lambda: not select.select([], [theirs], [], 0)[1])
            wait_until(lambda: filled == "0" or os.path.exists("left") and not open(children).read())
            print(host.poll())
            while host.poll() is None: host.terminate(); time.sleep(0.01)
            print(host.returncode)
            """
        let outcome = try host.script("cd \(host.scratch.path); python3 \(host.file(script)) \(filled) $m \(words)").run()
        #expect(outcome.lines == ["None", ending], "\(outcome)")
    }
}
