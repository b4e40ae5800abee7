// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// `edit`, with editors that are scripts.
@Suite struct CommandsEditing {
    /// A secret acme/web/db, with variables A and B and a file id, and an editor that is a script for sh; `$1` is the file. The value
    /// `NEW` in it comes from a file that is handed over. sh reads the script: a file that another test's child still has open for
    /// writing can't be executed.
    private func edited(
        by script: String, as caller: TestUser = alice, of at: Watched
    ) throws -> Outcome {
        let given = at.mount.scratch.path + "/given"
        try at.mount.scratch.file("given/new", Data("s/NEW/\(at.canary)/\n".utf8), mode: 0o644)
        let editor = try at.mount.scratch.file(
            "given/editor", Data("#!/bin/sh\nset -e\n\(script)\nsed -i -f \(given)/new \"$1\"\n".utf8), mode: 0o755)
        return try at.run(["sh", "-c", "export VISUAL= EDITOR='sh \(editor)'; exec tacit edit acme/web/db"], as: caller)
    }

    private func make(_ at: Watched) throws {
        try at.must(
            "create", "acme/web/db", "-e", "A=-", "-e", "B=b", "-f", "/dev/null:id", "--empty", as: alice, input: at.canary + ".old")
    }

    @Test func `Semaphore: edit opens the secret in EDITOR`() throws {
        try watched { at in
            try make(at)
            let outcome = try edited(by: "cp \"$1\" $HOME/seen\nsed -i '/name: B/{n;s/<unchanged>/NEW/}' \"$1\"", of: at)
            expect(outcome.text + outcome.complaint, "")
            try outcome.orThrow()
            let seen = try String(contentsOfFile: at.home + "/seen", encoding: .utf8)
            #expect(
                seen.contains(
                    "  - name: A\n    value: <unchanged>\n  - name: B\n    value: <unchanged>\n  files:\n  - path: id\n    content: <unchanged>\n"
                ))
            try expect(at.value("acme/web/db/vars/A", as: alice), at.canary + ".old")
            try expect(at.value("acme/web/db/vars/B", as: alice), at.canary)
            let history = try at.must("history", "acme/web/db", as: alice)
            #expect(
                history.components(separatedBy: "vars/A").count == 2 && history.components(separatedBy: "vars/B").count == 3, "\(history)")
        }
    }

    @Test func `what is taken away is removed, what is new is added, what is as it was is no change`() throws {
        try watched { at in
            try make(at)
            let same = try edited(by: "sed -i 's/x/x/; $s/$/ # a comment/' \"$1\"", of: at)
            expect(same.text, "no change")
            let untouched = try edited(by: ":", of: at)
            expect(untouched.text, "no change")
            try edited(by: "sed -i -e '/name: A/{N;s/.*/  - {name: C, value: NEW}/}' -e '/path: id/{n;s/: .*/: AAEC/}' \"$1\"", of: at)
                .orThrow()
            try expect(at.mount.must("cd acme/web/db; ls vars; cat vars/B; od -An -tx1 files/id", as: alice), "B\nC\nb 00 01 02")
            try expect(at.value("acme/web/db/vars/C", as: alice), at.canary)
            #expect(try at.must("ls", "--deleted", "acme/web/db", as: alice).contains("vars/A"))
        }
    }

    @Test func `the text lies in memory, where nobody else sees it`() throws {
        try watched { at in
            try make(at)
            let look = """
                stat -f -c %T "$1" > $HOME/look; stat -c '%a %u' "$1" "${1%/*}" >> $HOME/look; grep " ${1%/*} " /proc/self/mounts >> $HOME/look
                echo "$1 $TMPDIR" >> $HOME/look
                sed -i s/x/x/ "$1"
                """
            for (caller, uid) in [(alice, "1001"), (TestUser.root, "0")] {
                try edited(by: look, as: caller, of: at).orThrow()
                let lines = try String(contentsOfFile: at.home + "/look", encoding: .utf8).components(separatedBy: "\n")
                expect(Array(lines.prefix(3)), ["tmpfs", "600 \(uid)", "700 \(uid)"])
                #expect(lines[3].contains(" tmpfs rw,nosuid,nodev,noexec,") && (uid != "0" || lines[3].contains(",noswap")), "\(lines)")
                let words = lines[4].split(separator: " ")
                #expect(words[0].hasSuffix("/db.yaml") && words[0].hasPrefix(words[1]))
                // The folder that it was mounted on is gone again, and lay where this user keeps such things.
                #expect(words[1].hasPrefix(at.home) && !FileManager.default.fileExists(atPath: String(words[1])))
                try FileManager.default.removeItem(atPath: at.home + "/look")
            }
        }
    }

    @Test func `no one else sees the text while it is edited`() throws {
        try watched { at in
            try make(at)
            let script =
                "echo \"$1\" > $HOME/path; until test -e $HOME/go; do sleep 0.05; done\nsed -i '/name: B/{n;s/<unchanged>/NEW/}' \"$1\"; cp \"$1\" \"$1~\""
            let given = at.mount.scratch.path + "/given"
            try at.mount.scratch.file("given/new", Data("s/NEW/\(at.canary)/\n".utf8), mode: 0o644)
            let editor = try at.mount.scratch.file(
                "given/editor", Data("#!/bin/sh\n\(script)\nsed -i -f \(given)/new \"$1\"\n".utf8), mode: 0o755)
            var command = at.command(["tacit", "edit", "acme/web/db"], as: alice)
            command.environment["EDITOR"] = editor
            let child = try command.start()
            try Wait.until("the editor") { FileManager.default.fileExists(atPath: at.home + "/path") }
            let path = try String(contentsOfFile: at.home + "/path", encoding: .utf8).trimmingCharacters(in: .newlines)
            // Not for the same user outside, not for root.
            for caller in [alice, TestUser.root] {
                let outcome = try at.run(["cat", path], as: caller)
                #expect(outcome.complaint.contains("No such file"), "\(outcome)")
            }
            #expect(!Scratch.mounts.contains(path.components(separatedBy: "/").dropLast().joined(separator: "/")))
            try at.mount.scratch.file("home/go")
            try child.wait().orThrow()
            try expect(at.value("acme/web/db/vars/B", as: alice), at.canary)
        }
    }

    /// In another root folder, where the kernel lets nobody make a user namespace: as a hardened machine does everywhere.
    @Test func `where no file system can be mounted, it is a file without a name, and a warning`() throws {
        try watched { at in
            try make(at)
            let given = at.mount.scratch.path + "/given"
            try at.mount.scratch.file("given/new", Data("s/NEW/\(at.canary)/\n".utf8), mode: 0o644)
            let editor = try at.mount.scratch.file(
                "given/editor",
                Data(
                    "#!/bin/sh\nnew=$(sed -e '/name: B/{n;s/<unchanged>/NEW/}' \"$1\" | sed -f \(given)/new)\nprintf '%s\\n' \"$new\" > \"$1\"\n"
                        .utf8),
                mode: 0o755)
            let root = try at.mount.scratch.folder("root", mode: 0o755)
            let script =
                "mount --rbind / \(root); EDITOR=\(editor) exec chroot --userspec=1001:1001 --groups= \(root) tacit edit acme/web/db"
            let outcome = try at.run(["unshare", "--mount", "sh", "-c", script])
            #expect(outcome.succeeded && outcome.complaint.contains("warning: no private file system can be mounted"), "\(outcome)")
            try expect(at.value("acme/web/db/vars/B", as: alice), at.canary)
        }
    }

    @Test func `a text that can't be is told with its line, and nothing changes`() throws {
        try watched { at in
            try make(at)
            for (script, said, hint) in [
                ("echo 'x: NEW' >> \"$1\"", "a field that is none of", ""), ("echo '{NEW' >> \"$1\"", "line ", ""),
                ("sed -i 's/name: B/name: OTHER/' \"$1\"", "is new, and has no value to keep", "hint: tacit mv renames an item"),
                ("sed -i 's/name: db/name: other/; /ref:/d' \"$1\"", "the name is another", "hint: tacit mv renames a secret"),
                ("sed -i 's,ref: .*,ref: acme/other/db,' \"$1\"", "the name is another", "hint: tacit mv renames a secret"),
                ("exit 3", "failed with status 3: nothing is changed", ""), ("kill -9 $$", "failed with status 137", ""),
                ("rm \"$1\"; exit 0", "No such file", ""),
            ] {
                let outcome = try edited(by: script, of: at)
                let isText = !said.contains("failed with") && !said.contains("No such file")
                #expect(outcome.ending == .exited(isText ? 9 : 1) && outcome.complaint.contains(said), "\(script): \(outcome)")
                #expect(hint.isEmpty || outcome.complaint.contains(hint), "\(script): \(outcome)")
            }
            try expect(at.mount.must("ls acme/web/db/vars; cat acme/web/db/vars/B", as: alice), "A\nB\nb")
        }
    }

    @Test func `two admins at once: the second is told, and nothing is lost`() throws {
        try watched { at in
            try make(at)
            // By root: the daemon takes no orders from within a user namespace, where the editors of others run.
            try at.mount.grant("read,write", on: "acme/web", to: "user:0")
            let other = "tacit set acme/web/db B=other; tacit set acme/web/db/vars/D d\n"
            let change = other + "sed -i -e '/name: B/{n;s/<unchanged>/NEW/}' -e '/name: A/{n;s/<unchanged>/NEW/}' \"$1\""
            let outcome = try edited(by: change, as: .root, of: at)
            #expect(outcome.ending == .exited(8) && outcome.bytes.isEmpty, "\(outcome)")
            try expect(at.value("acme/web/db/vars/B", as: alice), "other")
            try expect(at.value("acme/web/db/vars/A", as: alice), at.canary + ".old")
            // What the other did elsewhere is no conflict, and stays.
            try edited(by: "tacit set acme/web/db E=e\nsed -i '/name: B/{n;s/<unchanged>/NEW/}' \"$1\"", as: .root, of: at).orThrow()
            try expect(at.mount.must("ls acme/web/db/vars; cat acme/web/db/vars/[DE]", as: alice), "A\nB\nD\nE\nde")
            // A new name that the other has made meanwhile.
            let late = try edited(
                by: "tacit set acme/web/db F=f\nsed -i '/env_vars:/a\\  - {name: F, value: NEW}' \"$1\"", as: .root, of: at)
            #expect(late.ending == .exited(8), "\(late)")
            try expect(at.value("acme/web/db/vars/F", as: alice), "f")
        }
    }

    /// The first attempt is malformed; at the terminal the answer is yes, and the second finds what was typed.
    @Test func `on a terminal what was typed is not lost`() throws {
        try watched { at in
            try make(at)
            let given = at.mount.scratch.path + "/given"
            try at.mount.scratch.file("given/new", Data("s/NEW/\(at.canary)/\n".utf8), mode: 0o644)
            let editor = try at.mount.scratch.file(
                "given/editor",
                Data(
                    "#!/bin/sh\nif grep -q ^bad \"$1\"; then sed -i /^bad/d \"$1\"; else sed -i -e '/name: B/{n;s/<unchanged>/NEW/}' -e '$abad: x' \"$1\"; fi\nsed -i -f \(given)/new \"$1\"\n"
                        .utf8), mode: 0o755)
            let script = """
                import os, pty, sys
                pid, terminal = pty.fork()
                if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
                said = b""
                while True:
                    try: piece = os.read(terminal, 4096)
                    except OSError: break
                    if not piece: break
                    said += piece
                    if piece.endswith(b"[y/N] "): os.write(terminal, b"y\\n")
                sys.stdout.buffer.write(said)
                sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                """
            let outcome = try at.run(["env", "EDITOR=\(editor)", "python3", "-c", script, "tacit", "edit", "acme/web/db"], as: alice)
                .orThrow()
            #expect(
                outcome.text.contains(/line \d+, column \d+: a field that is none of/) && outcome.text.contains("edit again? [y/N] "),
                "\(outcome)")
            try expect(at.value("acme/web/db/vars/B", as: alice), at.canary)
        }
    }

    /// Vim keeps copies elsewhere unless it is told not to.
    @Test func `vim leaves nothing behind`() throws {
        try watched { at in
            try make(at)
            try Data("set undofile undodir=~ backup backupdir=~ directory=~ viminfo='100\n".utf8).write(
                to: URL(fileURLWithPath: at.home + "/.vimrc"))
            let keys = try at.mount.scratch.file(
                "given/keys", Data(":set ff=unix\r/name: B\rjfu\u{8}:s/<unchanged>/\(at.canary)/\r:wq\r".utf8), mode: 0o644)
            let script = "EDITOR='vim -s \(keys)' TERM=dumb exec tacit edit acme/web/db > /dev/null 2>&1"
            try at.run(["sh", "-c", script], as: alice).orThrow()
            try expect(at.value("acme/web/db/vars/B", as: alice), at.canary)
            try expect(at.mount.must("ls -A $SCRATCH/home"), ".vimrc")
        }
    }
}
