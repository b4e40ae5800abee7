// SPDX-License-Identifier: MIT

import TestSupport
import Testing

/// Whole secrets and projects, brought and moved by programs that know nothing of them.
@Suite struct WholeTrees {
    /// A secret on a disk, `$SCRATCH/d/src`, and archives of it.
    private func bring(_ mount: Mount) throws {
        try mount.scratch.folder("d", mode: 0o777)
        try mount.must(
            """
            mkdir user/src; printf one > user/src/vars/A; printf 'two 2' > user/src/vars/B
            mkdir -p user/src/files/d/e; echo k > user/src/files/d/e/k; : > user/src/files/lock
            cp -r user/src $SCRATCH/d/src; tar -C $SCRATCH/d -cf $SCRATCH/d/src.tar src; tar -C $SCRATCH/d/src -cf $SCRATCH/d/in.tar .
            """, as: alice)
    }

    /// By the owner that is shown: of a home, and of what they manage.
    @Test(arguments: ["user", "acme/web"]) func `a secret is brought by cp, rsync and tar, twice`(_ place: String) throws {
        try withMount { mount in
            try mount.make("acme/web")
            try mount.grant("read,write,manage", on: "acme", to: "user:1001")
            try bring(mount)
            for (name, program) in [
                ("cp", "mkdir -p $S; cp -r $SCRATCH/d/src/. $S/"), ("archive", "mkdir -p $S; cp -a $SCRATCH/d/src/. $S/"),
                ("rsync", "mkdir -p $S; rsync -a --inplace $SCRATCH/d/src/ $S/"), ("tar", "mkdir -p $S; tar -xf $SCRATCH/d/in.tar -C $S"),
                ("whole", "tar -xf $SCRATCH/d/src.tar --transform s/^src/$S/"),
            ] {
                var before = ""
                for _ in 0..<2 {
                    try mount.must("cd \(place); S=\(name); \(program)", as: alice)
                    try expect(mount.must("diff -r $SCRATCH/d/src \(place)/\(name) && echo same", as: alice), "same", "\(program)")
                    let numbers = try mount.must("find \(place)/\(name) -printf '%i %p\n' | sort", as: alice)
                    if !before.isEmpty { #expect(numbers == before, "\(program)") }
                    before = numbers
                }
            }
            try expect(mount.must("tacit doctor > /dev/null && echo sound"), "sound")
        }
    }

    @Test func `mv takes a secret and a project to another organization, and brings them back`() throws {
        try withMount { mount in
            try mount.must("mkdir -p acme/web other/x")
            for place in ["acme", "other"] { try mount.grant("read,write,manage", on: place, to: "user:1001") }
            try bring(mount)
            try mount.must("mv user/src acme/web/", as: alice)
            for (from, to) in [
                ("acme/web/src", "other/x/s"), ("other/x/s", "acme/web/src"), ("acme/web", "other/web"), ("other/web", "acme/web"),
            ] {
                try mount.must("mv \(from) \(to)", as: alice)
                let secret = to.hasSuffix("web") ? "\(to)/src" : to
                try expect(
                    mount.must("diff -r $SCRATCH/d/src \(secret) && echo same; ls -d \(from) 2> /dev/null || :", as: alice), "same", "\(to)"
                )
            }
            try expect(mount.must("tacit doctor > /dev/null && echo sound"), "sound")
        }
    }

    @Test func `what a process removed to make it again is there for all others`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            let script = """
                import errno, os, subprocess, sys
                S = "acme/web/db/"
                def attempt(call, *words):
                    try: call(*words); return "ok"
                    except OSError as error: return errno.errorcode[error.errno]
                print(attempt(os.open, S + "env", os.O_CREAT | os.O_EXCL | os.O_WRONLY), attempt(os.mkdir, S + "vars"))
                print(attempt(os.unlink, S + "env"), attempt(os.stat, S + "env"), attempt(os.rmdir, S + "vars"))
                print(subprocess.run(["stat", "-c", "%s", S + "env"], capture_output=True, text=True).stdout.strip())
                print(attempt(lambda: os.close(os.open(S + "env", os.O_CREAT | os.O_EXCL | os.O_WRONLY))))
                print(attempt(os.open, S + "env", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
                """
            try mount.must("cat > $SCRATCH/parts.py <<'EOF'\n\(script)\nEOF")
            try expect(
                mount.must("python3 $SCRATCH/parts.py", as: bob), "EEXIST EEXIST\nok ENOENT ENOTEMPTY\n15\nok\nEEXIST")
            try expect(mount.probe("unlink", "acme/web/db/env", as: alice), "unlink EACCES")
            // Nothing was removed, and a rewrite without bytes changes nothing.
            try expect(mount.must("cat acme/web/db/env; ls acme/web/db/vars", as: alice), "A='value of A'\nA")
        }
    }
}
