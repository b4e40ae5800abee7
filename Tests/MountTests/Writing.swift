// SPDX-License-Identifier: MIT

import TestSupport
import Testing

/// "Writing": what everyday programs write, as bob, who may not read; alice sees what came of it.
@Suite struct Writing {
    /// Runs a script for bob in `acme/web/db`, and gives what alice then reads from a file in it.
    private func after(_ script: String, _ file: String, shell: String = "sh", in mount: Mount) throws -> String {
        try mount.must("cd acme/web/db && { \(script)\n}", as: bob, shell: shell)
        return try mount.read("acme/web/db/" + file, as: alice)
    }

    @Test(arguments: ["sh", "bash", "zsh"])
    func `a variable loses one final newline, a file keeps it`(shell: String) throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            for file in ["vars/A", "vars/NEW", "files/f", "files/new"] {
                let newline = file.hasPrefix("files") ? "\n" : ""
                try expect(after("echo s3cret > \(file)", file, shell: shell, in: mount), "s3cret" + newline)
                try expect(after("printf s4cret > \(file)", file, shell: shell, in: mount), "s4cret")
                try expect(after("printf 'a\\n\\n' > \(file)", file, shell: shell, in: mount), "a\n" + newline)
                try expect(after("printf 'a\\nb\\n' > \(file)", file, shell: shell, in: mount), "a\nb" + newline)
                try expect(
                    after("cat > \(file) <<EOF\nline 1\nline 2\nEOF", file, shell: shell, in: mount), "line 1\nline 2" + newline)
                try expect(after("(echo a; echo b; /bin/echo c) > \(file)", file, shell: shell, in: mount), "a\nb\nc" + newline)
                try expect(after("{ echo a; /bin/echo b; } > \(file)", file, shell: shell, in: mount), "a\nb" + newline)
                try expect(
                    after("exec 5> \(file); echo a >&5; echo b >&5; exec 5>&-", file, shell: shell, in: mount), "a\nb" + newline)
            }
        }
    }

    @Test func `cp, install, tee, dd, mv, rsync and truncate`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try mount.must("printf bytes > $SCRATCH/from; chmod 644 $SCRATCH/from; mkdir -m 777 $SCRATCH/open")
            for file in ["vars/A", "vars/NEW", "files/f", "files/new"] {
                try expect(after("cp $SCRATCH/from \(file)", file, in: mount), "bytes")
                try expect(after("printf more | tee \(file) > /dev/null", file, in: mount), "more")
                try expect(after("printf less | dd of=\(file) status=none", file, in: mount), "less")
                try expect(after("printf fsync | dd of=\(file) status=none conv=fsync", file, in: mount), "fsync")
                try expect(after("cp --remove-destination $SCRATCH/from \(file)", file, in: mount), "bytes")
                try expect(after("printf moved > $SCRATCH/open/moved; mv -f $SCRATCH/open/moved \(file)", file, in: mount), "moved")
                try expect(after("truncate -s 0 \(file)", file, in: mount), "moved")
            }
            try expect(
                mount.must("ls -A acme/web/db/vars acme/web/db/files"), "acme/web/db/files:\nf\nnew\n\nacme/web/db/vars:\nA\nNEW")
            // The owner, who may change modes, with programs that set them. What they keep of a variable they must be allowed to read.
            try mount.grant("read", on: "acme/web/db/vars", to: "user:0")
            for file in ["vars/A", "files/f", "files/installed"] {
                try mount.must("rsync -I --inplace $SCRATCH/from acme/web/db/\(file)")
                try expect(mount.read("acme/web/db/" + file, as: alice), "bytes")
                try mount.must(
                    "printf longer-than-before > acme/web/db/\(file); rsync -I --inplace $SCRATCH/from acme/web/db/\(file)")
                try expect(mount.read("acme/web/db/" + file, as: alice), "bytes")
                try mount.must("install -m 600 $SCRATCH/from acme/web/db/\(file)")
                try expect(mount.read("acme/web/db/" + file, as: alice), "bytes")
            }
            try mount.must("cp -p $SCRATCH/from acme/web/db/files/preserved")
            try expect(mount.read("acme/web/db/files/preserved", as: alice), "bytes")
            try mount.must("mkdir $SCRATCH/tree $SCRATCH/tree/.ssh; echo key > $SCRATCH/tree/.ssh/id; echo x > $SCRATCH/tree/x")
            try mount.must("cp -r $SCRATCH/tree/. acme/web/db/files; rsync -r --inplace $SCRATCH/tree acme/web/db/files")
            try expect(mount.must("cd acme/web/db/files; cat .ssh/id tree/.ssh/id tree/x", as: alice), "key\nkey\nx")
        }
    }

    @Test func `appending, in sh and with dd and tee`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            // Of variables it takes both rights, see `Unread`.
            for who in ["user:1002", "user:0"] { try mount.grant("read", on: "acme/web/db/vars", to: who) }
            for (file, newline) in [("vars/A", ""), ("files/f", "\n")] {
                try expect(after("printf abc > \(file); printf def >> \(file)", file, in: mount), "abcdef")
                try expect(after("echo ghi >> \(file)", file, in: mount), "abcdefghi" + newline)
                try expect(after("printf abc > \(file); printf d | tee -a \(file) > /dev/null", file, in: mount), "abcd")
                try expect(after("printf ef | dd of=\(file) oflag=append conv=notrunc status=none", file, in: mount), "abcdef")
                try expect(after("(printf 1; printf 2; /usr/bin/printf 3) >> \(file)", file, in: mount), "abcdef123")
                try expect(
                    mount.must("printf ab > acme/web/db/\(file); printf cd >> acme/web/db/\(file); stat -c %s acme/web/db/\(file)"),
                    "4")
            }
            for file in ["vars/NEW", "files/new"] {
                try expect(after("printf first >> \(file)", file, in: mount), "first")
            }
            // Whoever is told an old size by a cache must not make a hole or lose bytes by it.
            try expect(
                after(
                    """
                    printf 12345678 > files/f; stat files/f > /dev/null; exec 4>> files/f; printf 1 > files/f; printf 2 >&4
                    """, "files/f", in: mount), "12")
        }
    }

    @Test func `writing in place changes the stored bytes, unseen`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            // Of variables it takes both rights, see `Unread`.
            try mount.grant("read", on: "acme/web/db/vars/A", to: "user:1002")
            for file in ["vars/A", "files/f"] {
                let set = "printf 12345678 > \(file); "
                try expect(after(set + "printf XY | dd of=\(file) conv=notrunc status=none", file, in: mount), "XY345678")
                try expect(
                    after(set + "printf XY | dd of=\(file) bs=1 seek=3 conv=notrunc status=none", file, in: mount), "123XY678")
                try expect(after(set + "printf XY | dd of=\(file) bs=1 seek=3 status=none", file, in: mount), "123XY")
                try expect(
                    after(set + "printf XY | dd of=\(file) bs=1 seek=8 conv=notrunc status=none", file, in: mount), "12345678XY")
            }
            // Opening for both needs both rights.
            try expect(
                after("printf 12345678 > files/f; ! printf XY 1<> files/f 2> /dev/null", "files/f", shell: "bash", in: mount), "12345678")
            try expect(after("printf 12345678 > vars/A; printf XY 1<> vars/A", "vars/A", in: mount), "XY345678")
            // A hole is made of NUL bytes, which a file may hold and a variable may not.
            try expect(
                after("printf 1 > files/f; printf 2 | dd of=files/f bs=1 seek=3 conv=notrunc status=none", "files/f", in: mount),
                "1\0\02")
            try expect(after("printf 1 > vars/A; probe pwrite 3 w vars/A 2", "vars/A", in: mount), "1")
            try expect(after("printf 12345678 > files/f; probe ftruncate 4 w files/f ab", "files/f", in: mount), "ab34")
            try expect(after("printf 12345678 > vars/A; probe ftruncate 2 w vars/A abc", "vars/A", in: mount), "ab")
        }
    }

    @Test func `no bytes, no change`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            for file in ["vars/A", "files/f", "env"] {
                let old = try mount.read("acme/web/db/" + file, as: alice)
                for script in [
                    ": > \(file)", "true > \(file)", "false > \(file) || :", "cat /dev/null > \(file)", "cp /dev/null \(file)",
                    ": >> \(file)", "true | tee \(file)", "truncate -s 0 \(file)", "probe open w \(file)", "probe open wct \(file)",
                    "no-such-command > \(file) 2> /dev/null || :", "dd if=/dev/null of=\(file) status=none", "touch \(file)",
                ] {
                    try expect(after(script, file, in: mount), old, "\(script)")
                }
            }
            // A variable that was to be made and got no bytes isn't there.
            try mount.must(": > acme/web/db/vars/NONE; : > acme/web/db/files/none; touch acme/web/db/files/touched", as: bob)
            try expect(
                mount.must("ls -A acme/web/db/vars acme/web/db/files"), "acme/web/db/files:\nf\nnone\ntouched\n\nacme/web/db/vars:\nA")
            try expect(mount.must("stat -c %s acme/web/db/files/none acme/web/db/files/touched"), "0\n0")
        }
    }

    @Test func `a version is seen when the writer closes`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            for file in ["acme/web/db/vars/A", "acme/web/db/files/f", "acme/web/db/env"] {
                let old = try mount.read(file, as: alice)
                let new = file.hasSuffix("env") ? "A=new\n" : "new"
                let writer = try mount.command(["probe", "hold", "wct", file, new], as: bob).start()
                try writer.waitFor("held")
                try expect(mount.read(file, as: alice), old)
                try expect(mount.must("stat -c %s \(file)", as: alice), "\(old.utf8.count)")
                writer.signal(10)  // SIGUSR1: close
                try expect(writer.wait().text, "held\nok")
                try expect(mount.read(file, as: alice), new)
                try expect(mount.must("stat -c %s \(file)", as: alice), "\(new.utf8.count)")
            }
        }
    }

    @Test func `two writers at once: the last to close wins, whole`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            for file in ["acme/web/db/vars/A", "acme/web/db/files/f"] {
                let first = try mount.command(["probe", "hold", "wct", file, "the first, longer one"], as: bob).start()
                let second = try mount.command(["probe", "hold", "wct", file, "second"], as: bob).start()
                try first.waitFor("held")
                try second.waitFor("held")
                for (writer, value) in [(second, "second"), (first, "the first, longer one")] {
                    writer.signal(10)
                    try expect(writer.wait().text, "held\nok")
                    try expect(mount.read(file, as: alice), value)
                }
            }
        }
    }

    @Test func `what is removed or renamed under a writer`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            let removed = try mount.command(["probe", "hold", "wct", "acme/web/db/vars/A", "late"], as: bob).start()
            let renamed = try mount.command(["probe", "hold", "wct", "acme/web/db/files/f", "late"], as: bob).start()
            try removed.waitFor("held")
            try renamed.waitFor("held")
            try mount.must("rm acme/web/db/vars/A; mv acme/web/db/files/f acme/web/db/files/g", as: bob)
            removed.signal(10)
            renamed.signal(10)
            _ = try removed.wait()
            try expect(renamed.wait().text, "held\nok")
            try expect(mount.must("ls -A acme/web/db/vars acme/web/db/files"), "acme/web/db/files:\ng\n\nacme/web/db/vars:")
            try expect(mount.read("acme/web/db/files/g", as: alice), "late")
        }
    }
}
