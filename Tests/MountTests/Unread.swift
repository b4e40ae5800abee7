// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// bob may write a secret and not read it. He gets nothing of what is stored there: by no change, no error and no size.
@Suite struct Unread {
    private let env = "acme/web/db/env"

    private func withSecret(_ test: (Mount) throws -> Void) throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try test(mount)
        }
    }

    /// A script of his in `acme/web/db`: what it prints, and how it ends.
    private func asBob(_ script: String, in mount: Mount) throws -> Outcome {
        try mount.command(["python3", "-I", "-S", "-c", "import os\nos.chdir('acme/web/db')\n" + script], as: bob).run()
    }

    /// Once for each refused handle, with what was missing.
    private func refusals(_ item: String, in mount: Mount) throws -> Int {
        try mount.auditLog().filter {
            $0["ref"] as? String == "acme/web/db/" + item && $0["verdict"] as? String == "deny" && $0["uid"] as? Int == 1002
                && $0["reason"] as? String == "keeping stored bytes takes read"
        }.count
    }

    @Test func `a value does not become a name`() throws {
        try withSecret { mount in
            try mount.store("A=stolen_if_a_name\n", in: env)
            // The final newline becomes an `=`, and `A=` another assignment: what was the value is the name of the next one.
            let script = """
                size = os.stat('env').st_size
                fd = os.open('env', os.O_WRONLY)
                for text, offset in ((b'=', size - 1), (b'B\\n', 0)):
                    try:
                        os.pwrite(fd, text, offset)
                        print('written')
                    except OSError as error:
                        print(error.strerror)
                try:
                    os.close(fd)
                except OSError as error:
                    print(error.strerror)
                print(*sorted(os.listdir('vars')))
                """
            try expect(asBob(script, in: mount).lines, ["Permission denied", "Permission denied", "Permission denied", "A"])
            try expect(mount.read(env, as: alice), "A=stolen_if_a_name\n")
            #expect(!String(decoding: FileManager.default.contents(atPath: mount.audit) ?? Data(), as: UTF8.self).contains("stolen"))
            // Of what one handle tries, the first is in the log.
            try expect(refusals("env", in: mount), 1)
        }
    }

    @Test func `the error of a write is the same for every stored byte`() throws {
        try withSecret { mount in
            for value in ["x", "'", "\"", "\\", "$", "#", " ", "=", "\t"] {
                try mount.store("xyz" + value + "\n", in: "acme/web/db/vars/A")
                let script = """
                    def attempt(call, *words):
                        try:
                            call(*words)
                            return 'done'
                        except OSError as error:
                            return error.strerror
                    for offset in range(os.stat('env').st_size):
                        for text in (b'=', b'\\n', b"'", b'A=1\\n', b'#'):
                            fd = os.open('env', os.O_WRONLY)
                            print(attempt(os.pwrite, fd, text, offset), attempt(os.ftruncate, fd, 0), attempt(os.close, fd), sep=', ')
                    """
                let refused = "Permission denied, Permission denied, Permission denied"
                try expect(Set(asBob(script, in: mount).lines), [refused], "\(value)")
            }
        }
    }

    @Test func `a variable keeps its bytes, whose form in env would tell of them`() throws {
        try withSecret { mount in
            // With a quote in them, the one would need an escape, and the other none.
            for value in ["x$y'z", "x#y\"z"] {
                try mount.store(value + "\n", in: "acme/web/db/vars/A")
                for attempt in [
                    ["write", "w", "vars/A", "'"], ["write", "a", "vars/A", "'"], ["ftruncate", "2", "w", "vars/A", ""],
                    ["ftruncate", "4", "w", "vars/A", "'"], ["pwrite", "5", "w", "vars/A", "'"], ["truncate", "3", "vars/A"],
                ] {
                    var attempt = attempt
                    attempt[attempt.firstIndex(of: "vars/A") ?? 0] = "acme/web/db/vars/A"
                    let answer = try mount.command(["probe"] + attempt, as: bob).run().orThrow().text
                    #expect(answer.hasSuffix(" EACCES") && !answer.hasPrefix("open"), "\(attempt): \(answer)")
                    try expect(mount.read("acme/web/db/vars/A", as: alice), value)
                }
            }
            try expect(refusals("vars/A", in: mount), 12)
        }
    }

    @Test func `whole values, files, and lines that are merged take write alone`() throws {
        try withSecret { mount in
            try mount.must(
                """
                cd acme/web/db
                echo new > vars/A; printf 'B=1\\n' >> env; echo C=2 >> env
                # What is as long as the stored bytes, from the start on, leaves none of them.
                printf longer | dd of=vars/A conv=notrunc status=none
                printf abcdefgh > files/f; printf XY | dd of=files/f conv=notrunc status=none; printf more >> files/f; truncate -s 9 files/f
                """, as: bob)
            try expect(mount.must("cat acme/web/db/env acme/web/db/files/f", as: alice), "A=longer\nB=1\nC=2\nXYcdefghm")
            // A program that opens first and then cuts to nothing writes a whole value.
            let script = """
                for path, text in (('vars/A', b'whole'), ('env', b'D=3\\n')):
                    fd = os.open(path, os.O_WRONLY)
                    os.ftruncate(fd, 0)
                    os.write(fd, text)
                    os.close(fd)
                    print(path)
                """
            try expect(asBob(script, in: mount).lines, ["vars/A", "env"])
            try expect(mount.read(env, as: alice), "D=3\n")
        }
    }

    @Test func `env that is cut while lines are merged`() throws {
        try withSecret { mount in
            try mount.store("A=1\nB=2\n", in: env)
            // Lines that are merged have no place at which to cut: after the error nothing of them is stored.
            let cut = """
                fd = os.open('env', os.O_WRONLY | os.O_APPEND)
                os.write(fd, b'C=3\\n')
                for call, word in ((os.ftruncate, 2), (os.write, b'D=4\\n')):
                    try:
                        call(fd, word)
                    except OSError as error:
                        print(error.strerror)
                """
            try expect(asBob(cut, in: mount).lines, ["Invalid argument", "Invalid argument"])
            try expect(mount.read(env, as: alice), "A=1\nB=2\n")
            // Cut to nothing it is replaced by what comes then, also where that was to be merged before.
            let emptied = """
                fd = os.open('env', os.O_WRONLY | os.O_APPEND)
                os.write(fd, b'C=3\\n')
                os.ftruncate(fd, 0)
                os.write(fd, b'D=4\\n')
                os.close(fd)
                fd = os.open('env', os.O_WRONLY)
                os.ftruncate(fd, 0)
                os.close(fd)
                """
            try expect(asBob(emptied, in: mount).ending, .exited(0))
            try expect(mount.read(env, as: alice), "D=4\n")
        }
    }

    @Test func `a stored newline stays, and a written one is dropped`() throws {
        try withSecret { mount in
            try mount.grant("read", on: "acme/web/db", to: "user:1002")
            for (script, left) in [
                ("printf Y | dd of=vars/A conv=notrunc status=none", "Yb\n"), ("printf Y 1<> vars/A", "Yb\n"),
                ("printf c >> vars/A", "ab\nc"), ("printf '\\n' >> vars/A", "ab\n"), ("printf 'c\\n' >> vars/A", "ab\nc"),
                ("printf 'ab\\ncd\\n\\n' > vars/A; truncate -s 3 vars/A", "ab\n"),
                ("printf 'x\\n' | dd of=vars/A bs=1 seek=1 conv=notrunc status=none", "ax"),
                ("probe ftruncate 2 w vars/A 'x\\n'", "x"), ("probe ftruncate 1 w vars/A 'x\\n'", "x"),
            ] {
                try mount.must("cd acme/web/db; printf 'ab\\n\\n' > vars/A; \(script)", as: bob, shell: "bash")
                try expect(mount.read("acme/web/db/vars/A", as: alice), left, "\(script)")
            }
        }
    }

    @Test func `nothing is moved to where somebody reads who does not read it here`() throws {
        try withSecret { mount in
            try mount.must("cd acme/web/db/files; mkdir public folder other; printf more > folder/x")
            try mount.grant("read", on: "acme/web/db/files/public", to: "user:1002")
            try mount.grant("read", on: "acme/web/db/files/other", to: "user:1003")
            for (from, to) in [("f", "public/k"), ("folder", "public/d"), ("f", "other/k"), ("folder", "other/d")] {
                let (from, to) = ("acme/web/db/files/" + from, "acme/web/db/files/" + to)
                try expect(mount.probe("rename", from, to, as: bob), "rename EACCES", "\(from)")
                let moved = try mount.tacit("mv", from, to, as: bob)
                expect(moved.ending, .exited(3))
                #expect(moved.complaint.contains("more users could read or run it there, which takes read or manage"), "\(moved)")
            }
            try expect(
                mount.must("ls -A acme/web/db/files/public acme/web/db/files/other"),
                "acme/web/db/files/other:\n\nacme/web/db/files/public:")
            // mv(1) does not copy either what it may not read.
            #expect(!(try mount.run("mv acme/web/db/files/f acme/web/db/files/public/k", as: bob).succeeded))
            // What holds nothing is moved, and so is anything to where the same people read.
            try mount.must("cd acme/web/db/files; mkdir empty; mv empty public/empty; mkdir same; mv f folder same", as: bob)
            try expect(mount.must("cat acme/web/db/files/same/f acme/web/db/files/same/folder/x", as: alice), "value of fmore")
            // Whoever reads it may show it.
            try mount.grant("read", on: "acme/web/db/files/same", to: "user:1002")
            try mount.must("mv acme/web/db/files/same/f acme/web/db/files/public/f", as: bob)
        }
    }

    @Test func `what is written anew is moved anywhere, as editors do`() throws {
        try withSecret { mount in
            try mount.must("mkdir acme/web/db/files/public")
            try mount.grant("read", on: "acme/web/db/files/public", to: "user:1003")
            try mount.must("cd acme/web/db/files; printf new > .f.tmp; mv .f.tmp f; printf own > .tmp; mv .tmp public/own", as: bob)
            try expect(mount.read("acme/web/db/files/f", as: alice), "new")
            try expect(mount.read("acme/web/db/files/public/own", as: carol), "own")
            // Not when somebody else's bytes came into it.
            try mount.must("printf own > acme/web/db/files/g", as: bob)
            try mount.must("printf theirs > acme/web/db/files/g")
            try expect(mount.probe("rename", "acme/web/db/files/g", "acme/web/db/files/public/g", as: bob), "rename EACCES")
            let held = try mount.command(["probe", "hold", "wc", "acme/web/db/files/held", "held"], as: bob).start()
            try held.waitFor("held")
            held.signal(10)
            try expect(held.wait().text, "held\nok")
            try mount.must("mv acme/web/db/files/held acme/web/db/files/public/held", as: bob)
        }
    }

    @Test func `what was deleted is not shown by the move of its folder`() throws {
        try withSecret { mount in
            try mount.must("cd acme/web/db/files; mkdir public folder; printf more > folder/x")
            try mount.grant("read", on: "acme/web/db/files/public", to: "user:1002")
            try mount.tacit("rm", "acme/web/db/files/folder/x", as: bob).orThrow()
            try expect(mount.probe("rename", "acme/web/db/files/folder", "acme/web/db/files/public/d", as: bob), "rename EACCES")
            // If somebody else has moved the folder, it comes back by who could read it before.
            try mount.must("mv acme/web/db/files/folder acme/web/db/files/public/d")
            let restored = try mount.tacit("restore", "acme/web/db/files/public/d/x", as: bob)
            expect(restored.ending, .exited(3))
            #expect(restored.complaint.contains("more users could read or run it there, which takes read or manage"), "\(restored)")
            try mount.tacit("restore", "acme/web/db/files/public/d/x").orThrow()
            try expect(mount.read("acme/web/db/files/public/d/x", as: bob), "more")
        }
    }

    @Test func `a rename changes no time of what is renamed`() throws {
        try withSecret { mount in
            let time = try mount.must("stat -c %.9Y acme/web/db/files/f")
            try mount.must("mv acme/web/db/files/f acme/web/db/files/g", as: bob)
            try expect(mount.must("stat -c %.9Y acme/web/db/files/g"), time)
        }
    }
}
