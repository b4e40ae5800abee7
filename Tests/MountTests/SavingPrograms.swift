// SPDX-License-Identifier: MIT

import TestSupport
import Testing

/// Programs that know nothing of this file system, each on a file that is there, twice in a row: by its owner, by a user who may read and
/// write it, and by one who may only write.
@Suite struct SavingPrograms {
    private struct Program {
        let name: String
        /// What it runs, in the folder of the file `f`; `$SRC` has the lines `new` and `two`, `f` the lines `one` and `two`.
        let script: String
        /// Whether it reads what it changes, or opens what it makes for reading too, as mkstemp(3) does.
        var reads = false
    }

    private static let programs = [
        Program(name: "cp", script: "cp $SRC f"), Program(name: "cp -p, anew", script: "rm f && cp -p $SRC f"),
        Program(name: "cp -p", script: "cp -p $SRC f"), Program(name: "cp -a", script: "cp -a $SRC f"),
        Program(name: "install", script: "install -m 600 $SRC f"),
        Program(name: "mv", script: "cp $SRC t && mv t f"), Program(name: "dd", script: "dd status=none if=$SRC of=f"),
        Program(name: "tee", script: "tee f < $SRC > /dev/null"),
        Program(name: "sed", script: "sed -i '1s/.*/new/' f", reads: true),
        Program(name: "perl", script: "perl -pi -e 's/.*/new/ if $. == 1' f", reads: true),
        Program(name: "sort", script: "sort -o f $SRC"),
        Program(name: "patch", script: "printf 'one\\ntwo\\n' > f && patch -s f $DIFF", reads: true),
        Program(name: "git apply", script: "printf 'one\\ntwo\\n' > f && git apply $DIFF", reads: true),
        Program(name: "tar", script: "tar -xf $TAR"), Program(name: "tar -xp", script: "tar -xpf $TAR"),
        Program(name: "tar --overwrite", script: "tar -xpf $TAR --overwrite"),
        Program(name: "touch -d, anew", script: "rm f && touch -d '2001-01-01 00:00:00' f && cat $SRC > f"),
        Program(name: "chmod after the shell", script: "rm f && (umask 077; cat $SRC > f) && chmod 600 f"),
        Program(name: "cp -p, another time", script: "cp -p $SRC f && sleep 0.1 && cp -p $SRC f"),
        Program(name: "rsync -r", script: "rsync -r --ignore-times $SRC f", reads: true),
        Program(name: "rsync -r --inplace", script: "rsync -r --inplace --ignore-times $SRC f", reads: true),
        Program(name: "rsync -a", script: "rsync -a --ignore-times $SRC f", reads: true),
        Program(name: "rsync -a --inplace", script: "rsync -a --inplace --ignore-times $SRC f"),
        Program(name: "vim", script: "vim -es -u NONE -c '1s/.*/new/' -c wq f", reads: true),
        Program(name: "vim with its defaults", script: "vim -es -u DEFAULTS -c '1s/.*/new/' -c wq f", reads: true),
        Program(name: "nano", script: "printf 'one\\ntwo\\n' > f && python3 $NANO", reads: true),
        Program(name: "a temporary file of Python", script: "python3 $SAVE", reads: true),
        Program(name: "a file with a lock of its own", script: "set -C; : > lock && cat $SRC >| f && rm lock"),
    ]

    private func furnish(_ mount: Mount, for user: TestUser) throws {
        try mount.scratch.folder("d", mode: 0o777)
        try mount.must(
            """
            cd $SCRATCH/d; printf 'new\\ntwo\\n' > src; mkdir t; cp src t/f; tar -C t -cf tar f
            printf -- '--- a/f\\n+++ b/f\\n@@ -1,2 +1,2 @@\\n-one\\n+new\\n two\\n' > diff
            cat > save.py <<'EOF'
            import os, tempfile
            fd, name = tempfile.mkstemp(dir=".")
            with open(os.environ["SRC"], "rb") as source: os.write(fd, source.read())
            os.fsync(fd); os.rename(name, "f"); os.close(fd)
            EOF
            cat > nano.py <<'EOF'
            import os, pty, sys
            pid, fd = pty.fork()
            if pid == 0: os.execvp("nano", ["nano", "--ignorercfiles", "f"])
            shown = b""
            def answer(text, keys):
                global shown
                while text not in shown: shown += os.read(fd, 4096)
                shown = b""; os.write(fd, keys)
            answer(b"one", b"\\x0bnew\\r\\x0f"); answer(b"File Name", b"\\r"); answer(b"Wrote", b"\\x18")
            try:
                while os.read(fd, 4096): pass
            except OSError: pass
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            EOF
            chown -R \(user.uid) .
            """)
    }

    private func check(_ mount: Mount, _ folder: String, by user: TestUser, reads: Bool) throws {
        try furnish(mount, for: user)
        let file = "\(folder)/f"
        let isShared = !folder.hasPrefix("user")
        let reader: TestUser = isShared ? .user(1005) : user
        for program in Self.programs where reads || !program.reads {
            try mount.must("printf 'one\\ntwo\\n' > \(file)", as: user)
            let number = { try mount.must("stat -c %i \(file)", as: user) }
            let grants = { isShared ? try mount.must("tacit acl \(file)") : "" }
            let before = try (number: number(), grants: grants())
            for round in 1...2 {
                let versions = try mount.must("tacit history \(file) | awk 'NR == 2 { print $1 }'", as: user)
                let outcome = try mount.run(
                    """
                    export SRC=$SCRATCH/d/src TAR=$SCRATCH/d/tar DIFF=$SCRATCH/d/diff SAVE=$SCRATCH/d/save.py NANO=$SCRATCH/d/nano.py TERM=vt100 HOME=$SCRATCH/d PATH=/usr/bin:/bin
                    cd \(folder) && \(program.script)
                    """, as: user)
                let what: Comment = "\(program.name), \(round), \(folder): \(outcome)"
                #expect(outcome.succeeded, what)
                try expect(mount.must("cat \(file)", as: reader), "new\ntwo", what)
                // Without the edition.
                try expect(UInt64(number()).map { $0 & (1 << 56 - 1) }, UInt64(before.number).map { $0 & (1 << 56 - 1) }, what)
                try expect(grants(), before.grants, what)
                let after = try mount.must("tacit history \(file) | awk 'NR == 2 { print $1 }'", as: user)
                #expect(try #require(Int(after)) > #require(Int(versions)), what)
                try expect(mount.must("ls -A \(folder)", as: user), "f", what)
            }
        }
        let lines = try mount.auditLog()
        #expect(lines.contains { $0["uid"] as? Int == Int(user.uid) && $0["verdict"] as? String == "allow" && $0["version"] is Int })
    }

    @Test func `by the owner, in a home`() throws {
        try withMount { mount in
            try mount.must("mkdir user/own", as: alice)
            try check(mount, "user/own/files", by: alice, reads: true)
        }
    }

    @Test func `by who may read and write`() throws {
        try withMount { mount in
            try mount.make("acme/web/db")
            try mount.grant("read,write", on: "acme/web", to: "user:1001")
            try mount.grant("read", on: "acme/web/db", to: "user:1005")
            try check(mount, "acme/web/db/files", by: alice, reads: true)
        }
    }

    @Test func `by who may only write`() throws {
        try withMount { mount in
            try mount.make("acme/web/db")
            try mount.grant("write", on: "acme/web", to: "user:1002")
            try mount.grant("read", on: "acme/web/db", to: "user:1005")
            try check(mount, "acme/web/db/files", by: bob, reads: false)
        }
    }

    @Test func `variables too, where the temporary name is that of a variable`() throws {
        try withMount { mount in
            try mount.make("acme/web/db")
            try mount.grant("read,write", on: "acme/web", to: "user:1001")
            try mount.store("one", in: "acme/web/db/vars/A")
            try mount.scratch.folder("d", mode: 0o777)
            try mount.grant("read", on: "acme/web/db/vars/A", to: "user:1005")
            for round in 1...2 {
                for (script, text) in [
                    ("sed -i 's/.*/sed/' A", "sed"), ("perl -pi -e 's/.*/perl/' A", "perl"), ("printf cp > B; mv B A", "cp"),
                    ("printf rsync > $SCRATCH/d/A; rsync -r --inplace --ignore-times $SCRATCH/d/A A", "rsync"),
                    ("vim -es -u NONE -c '1s/.*/vim/' -c 'set noswapfile nowritebackup' -c wq A", "vim"),
                ] {
                    try mount.must("cd acme/web/db/vars; \(script)", as: alice)
                    try expect(mount.must("cat acme/web/db/vars/A", as: .user(1005)), text, "\(round)")
                    try expect(mount.must("ls -A acme/web/db/vars", as: alice), "A")
                }
            }
        }
    }

    @Test func `git and redis keep what is theirs`() throws {
        try withMount { mount in
            try mount.make("acme/web/db")
            try mount.grant("read,write", on: "acme/web", to: "user:1001")
            try mount.must("mkdir user/own", as: alice)
            let home = try mount.scratch.folder("home", owner: 1001)
            // The folder that is shown as root's is no stranger's.
            try mount.must("printf '[safe]\ndirectory = *\n' > \(home)/.gitconfig", as: alice)
            for folder in ["user/own/files", "acme/web/db/files"] {
                for _ in 1...2 {
                    try mount.must(
                        """
                        export HOME=\(home) PATH=/usr/bin:/bin
                        cd \(folder); git config -f gc a.b c; git config -f gc a.b d
                        git init -q r; cd r; git config user.name x; git config user.email y; echo z >> f; git add f; git commit -qm z
                        """, as: alice)
                }
                try expect(
                    mount.must("export HOME=\(home); git config -f \(folder)/gc a.b; git -C \(folder)/r log --oneline | wc -l", as: alice),
                    "d\n2")
                try mount.must("export PATH=/usr/bin:/bin HOME=\(home); git -C \(folder)/r fsck --strict", as: alice)
                try mount.must(
                    """
                    cd \(folder); printf 'port 0\\nunixsocket \(home)/redis\\nsave ""\\ndir \(home)\\nmaxclients 50\\n' > redis.conf
                    redis-server $PWD/redis.conf --daemonize no > \(home)/out & server=$!
                    for i in $(seq 200); do redis-cli -s \(home)/redis ping > /dev/null 2>&1 && break; sleep 0.1; done
                    for most in 60 70; do
                        redis-cli -s \(home)/redis config set maxclients $most; redis-cli -s \(home)/redis config rewrite
                    done
                    redis-cli -s \(home)/redis shutdown nosave; wait $server
                    """, as: alice)
                try expect(mount.must("grep -c '^maxclients 70' \(folder)/redis.conf; ls -A \(folder)", as: alice), "1\ngc\nr\nredis.conf")
            }
        }
    }
}
