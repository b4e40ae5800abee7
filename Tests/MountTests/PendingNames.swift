// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// Names exist from creat(2) on, and fsync(2), rename(2) and the close of who wrote commit.
@Suite struct PendingNames {
    /// Runs a Python script as alice, who may read and write all of `acme`; bob writes.
    private func python(_ text: String, _ mount: Mount, as user: TestUser = alice) throws -> String {
        try mount.command(
            ["python3", "-I", "-S", "-c", "import os, subprocess, sys, signal\nF = 'acme/web/db/files/'\n" + text], as: user
        ).run().orThrow().text
    }

    private func withShared(_ body: (Mount) throws -> Void) throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try mount.grant("write", on: "acme/web/db", to: "user:1001")
            try body(mount)
        }
    }

    @Test func `a name is a file from its creation on, for everybody who may list`() throws {
        try withShared { mount in
            let writer = try mount.command(["probe", "hold", "wcx", "acme/web/db/files/new", "half"], as: bob).start()
            try writer.waitFor("held")
            try expect(
                mount.must("ls acme/web/db/files; stat -c '%s %F' acme/web/db/files/new; cat acme/web/db/files/new", as: alice),
                "f\nnew\n0 regular empty file")
            try expect(mount.probe("write", "wcx", "acme/web/db/files/new", "x", as: alice), "open EEXIST")
            try expect(mount.probe("mkdir", "acme/web/db/files/new", as: alice), "mkdir EEXIST")
            try expect(mount.must("chmod 600 acme/web/db/files/new; ls acme/web/db/files"), "f\nnew")
            #expect(try mount.probe("stat", "acme/web/db/files/new", as: mallory) != "ok")
            let number = try mount.must("stat -c %i acme/web/db/files/new")
            writer.signal(10)  // SIGUSR1: close
            try expect(writer.wait().text, "held\nok")
            try expect(mount.must("cat acme/web/db/files/new", as: alice), "half")
            try expect(mount.must("stat -c %i acme/web/db/files/new"), number)
        }
    }

    @Test func `of a killed maker nothing stays, of one that closes an empty file`() throws {
        try withShared { mount in
            for text in ["", "half"] {
                for name in ["files/new", "vars/NEW"] {
                    let writer = try mount.command(["probe", "hold", "wc", "acme/web/db/" + name, text], as: bob).start()
                    try writer.waitFor("held")
                    writer.signal(SIGKILL)
                    _ = try writer.wait()
                    try Wait.until("it is gone", seconds: 60) {
                        try mount.must("ls acme/web/db/files acme/web/db/vars | grep -ci new || :") == "0"
                    }
                }
            }
            // Both see it until then, and it is locked.
            try expect(
                python(
                    """
                    import fcntl
                    a = os.open(F + 'lock', os.O_CREAT | os.O_EXCL | os.O_WRONLY)
                    fcntl.flock(a, fcntl.LOCK_EX)
                    b = os.open(F + 'lock', os.O_WRONLY)
                    try: fcntl.flock(b, fcntl.LOCK_EX | fcntl.LOCK_NB); print('twice')
                    except BlockingIOError: print('locked')
                    os.close(a); os.close(b)
                    """, mount), "locked")
            try expect(mount.must("stat -c %s acme/web/db/files/lock"), "0")
            try Wait.until("it is stored", seconds: 60) { try mount.tacit("history", "acme/web/db/files/lock").lines.count == 2 }
        }
    }

    @Test func `a pending name is removed and renamed like any other`() throws {
        try withShared { mount in
            try expect(
                python(
                    """
                    a = os.open(F + 'tmp', os.O_CREAT | os.O_EXCL | os.O_WRONLY)
                    os.write(a, b'one'); os.unlink(F + 'tmp'); os.write(a, b'two')
                    print(os.listdir(F)); os.fsync(a); os.close(a); print(os.listdir(F))
                    # Before it is closed, synced or not, onto what is there and not.
                    for name, sync in [('f', True), ('f', False), ('g', False)]:
                        a = os.open(F + 'tmp', os.O_CREAT | os.O_EXCL | os.O_WRONLY)
                        os.write(a, name.encode() + b'%d' % sync)
                        if sync: os.fsync(a)
                        os.rename(F + 'tmp', F + name)
                        print(sorted(os.listdir(F)), open(F + name).read())
                        os.close(a)
                        print(open(F + name).read())
                    # A name that is replaced while it is pending.
                    a = os.open(F + 'h', os.O_CREAT | os.O_EXCL | os.O_WRONLY); os.write(a, b'lost')
                    os.rename(F + 'g', F + 'h'); os.close(a)
                    print(sorted(os.listdir(F)), open(F + 'h').read())
                    """, mount),
                """
                ['f']
                ['f']
                ['f'] f1
                f1
                ['f'] f0
                f0
                ['f', 'g'] g0
                g0
                ['f', 'h'] g0
                """)
        }
    }

    /// Who has a file open that another has removed is told; who removed it themselves knows.
    @Test func `the close of a file that is gone fails for others than who removed it`() throws {
        try withShared { mount in
            for (remover, answer) in [(alice, "held\nclose ENOENT"), (bob, "held\nok")] {
                let writer = try mount.command(["probe", "hold", "wc", "acme/web/db/files/new", "half"], as: bob).start()
                try writer.waitFor("held")
                try mount.must("rm acme/web/db/files/new", as: remover)
                writer.signal(10)
                try expect(writer.wait().text, answer)
                try expect(mount.must("ls acme/web/db/files"), "f")
            }
        }
    }

    /// A removed file that is made again keeps its number for itself: nobody else's reads and writes go to what is not stored yet.
    @Test func `what comes back meanwhile is not what is being made`() throws {
        try withShared { mount in
            for (path, value) in [("files/x", "value"), ("vars/X", "value")] {
                let path = "acme/web/db/" + path
                try mount.store(value, in: path)
                try mount.grant("read", on: path, to: "user:1004")
                let number = try mount.must("stat -c %i \(path)")
                try mount.must("rm \(path)", as: bob)
                let writer = try mount.command(["probe", "hold", "wc", path, "bobs"], as: bob).start()
                try writer.waitFor("held")
                #expect(try mount.must("stat -c %i \(path)") != number)
                try mount.must("tacit restore \(path)", as: bob)
                try expect(mount.must("cat \(path); stat -c ' %i %s' \(path)", as: alice), "value \(number) 5")
                try expect(mount.must("setfacl -x u:1004 \(path); tacit acl \(path)").contains("1004"), false)
                try mount.must("printf others > \(path)", as: alice)
                try expect(mount.must("cat \(path)", as: alice), "others")
                // It is stored as a version of that, as for any other two who write.
                writer.signal(10)
                try expect(writer.wait().text, "held\nok")
                try expect(mount.must("cat \(path); stat -c ' %i' \(path)", as: alice), "bobs \(number)")
            }
        }
    }

    @Test func `writers of one new name go on with what the first has stored, and no longer`() throws {
        try withShared { mount in
            try expect(
                python(
                    """
                    def close(fd):
                        try: os.close(fd); print('ok')
                        except OSError as error: print(error.strerror)
                    for command in ['tacit rm -y', 'tacit rm -y --purge']:
                        a, b = [os.open(F + 'new', os.O_CREAT | os.O_WRONLY) for _ in range(2)]
                        os.write(a, b'first'); os.write(b, b'second'); close(a)
                        subprocess.run(command.split() + [F + 'new'], check=True); close(b); print(os.listdir(F))
                    """, mount), "ok\nNo such file or directory\n['f']\nok\nNo such file or directory\n['f']")
        }
    }

    @Test func `a folder with a new name in it is not empty, and a rename commits nothing for a caller who may not write`() throws {
        try withShared { mount in
            try mount.must("mkdir acme/web/db/files/d")
            let writer = try mount.command(["probe", "hold", "wc", "acme/web/db/files/d/new", "half"], as: bob).start()
            try writer.waitFor("held")
            try expect(mount.command(["rmdir", "acme/web/db/files/d"], as: bob).run().complaint.contains("not empty"), true)
            try mount.grant("list", on: "acme/web/db", to: "user:1004")
            #expect(!(try mount.command(["mv", "acme/web/db/files/d/new", "acme/web/db/files/other"], as: mallory).run().succeeded))
            try expect(mount.must("tacit find new acme || :"), "")
            writer.signal(10)
            try expect(writer.wait().text, "held\nok")
            try expect(mount.must("cat acme/web/db/files/d/new", as: alice), "half")
        }
    }

    @Test func `another user cuts, removes and does not commit what is being made`() throws {
        try withShared { mount in
            let new = "acme/web/db/files/new"
            let writer = try mount.command(["probe", "hold", "wc", new, "half"], as: bob).start()
            try writer.waitFor("held")
            try expect(mount.must("mv \(new) \(new)2 2>&1 || :", as: alice).contains("busy"), true)
            try expect(mount.must("mv \(new) acme/web/db/files/f 2>&1 || :", as: alice).contains("busy"), true)
            try expect(mount.must("cat acme/web/db/files/f", as: alice), "value of f")
            // No bytes, no change; and a length is of what is stored.
            try expect(python("os.truncate(F + 'new', 0); print(os.stat(F + 'new').st_size)", mount), "0")
            try expect(python("os.truncate(F + 'new', 3); print(open(F + 'new', 'rb').read())", mount), "b'\\x00\\x00\\x00'")
            writer.signal(10)
            try expect(writer.wait().text, "held\nok")
            try expect(mount.must("cat \(new)", as: alice), "half")

            let again = try mount.command(["probe", "hold", "wc", new + "er", "half"], as: bob).start()
            try again.waitFor("held")
            try mount.must("rm \(new)er", as: alice)
            let lines = try mount.auditLog().filter { ($0["ref"] as? String)?.hasSuffix("files/newer") == true }
            #expect(
                lines.contains { $0["uid"] as? Int == 1001 && "\($0["reason"] ?? "")".contains("while uid:1002 was making it") }, "\(lines)"
            )
            again.signal(10)
            _ = try again.wait()
        }
    }

    /// A process cuts what it has written by name as by descriptor; what another has written, and not committed, is not in the file yet.
    @Test func `truncate by name cuts what the calling process has written`() throws {
        try withShared { mount in
            try expect(
                python(
                    """
                    for name in ['f', 'new']:
                        for size in [3, 8, 0]:
                            fd = os.open(F + name, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
                            os.write(fd, b'abcdef'); os.truncate(F + name, size)
                            print(os.stat(F + name).st_size, os.fstat(fd).st_size, os.lseek(fd, 0, 2), os.pread(fd, 9, 0), end=' ')
                            os.close(fd); print(open(F + name, 'rb').read())
                    fd = os.open(F + 'f', os.O_WRONLY | os.O_TRUNC); os.write(fd, b'abcdef')
                    subprocess.run(['truncate', '-s', '2', F + 'f'], check=True); print(open(F + 'f', 'rb').read())
                    os.close(fd); print(open(F + 'f', 'rb').read())
                    """, mount),
                """
                3 3 3 b'abc' b'abc'
                8 8 8 b'abcdef\\x00\\x00' b'abcdef\\x00\\x00'
                0 0 0 b'' b'abcdef\\x00\\x00'
                3 3 3 b'abc' b'abc'
                8 8 8 b'abcdef\\x00\\x00' b'abcdef\\x00\\x00'
                0 0 0 b'' b'abcdef\\x00\\x00'
                b'ab'
                b'abcdef'
                """)
        }
    }

    /// By its age programs tell whether a lock file is left over.
    @Test func `a new name is as old as it is, or as it was said to be`() throws {
        try withShared { mount in
            let begin = try #require(Int(try mount.must("date +%s")))
            let writer = try mount.command(["probe", "hold", "wc", "acme/web/db/files/new", "half"], as: bob).start()
            try writer.waitFor("held")
            let times = try mount.must("stat -c '%Y %Z' acme/web/db/files/new", as: alice).split(separator: " ").compactMap { Int($0) }
            #expect(times.count == 2 && times.allSatisfy { $0 >= begin }, "\(times), \(begin)")
            writer.signal(10)
            _ = try writer.wait()
            try expect(
                python(
                    """
                    fd = os.open(F + 'lock', os.O_CREAT | os.O_EXCL | os.O_WRONLY)
                    os.utime(fd, (1, 2)); print(os.fstat(fd).st_mtime); os.close(fd); print(os.stat(F + 'lock').st_mtime)
                    """, mount), "2.0\n2.0")
        }
    }

    /// The groups of who opens a file are those by which its bytes are stored: its thread may end before, and its number be another's.
    @Test func `a file that a group's member has opened is stored after they have ended`() throws {
        try withShared { mount in
            try mount.grant("list,write", on: "acme/web/db/files/f", to: "group:2000")
            let script = """
                import array, os, socket
                ours, theirs = socket.socketpair()
                child = os.fork()
                if child == 0:
                    os.setgroups([2000]); os.setresuid(1003, 1003, 1003)
                    fd = os.open('acme/web/db/files/f', os.O_WRONLY | os.O_TRUNC)
                    socket.send_fds(theirs, [b'x'], [fd]); os._exit(0)
                _, [fd], _, _ = socket.recv_fds(ours, 1, 1)
                os.waitpid(child, 0)
                os.setgroups([]); os.setresuid(1003, 1003, 1003)
                os.write(fd, b'stored'); os.close(fd); print('ok')
                """
            try expect(mount.command(["python3", "-I", "-S", "-c", script]).run().orThrow().text, "ok")
            try expect(mount.must("cat acme/web/db/files/f", as: alice), "stored")
        }
    }

    @Test func `fsync commits, and what is written after it supersedes`() throws {
        try withShared { mount in
            try expect(
                python(
                    """
                    for name in ['f', 'new']:
                        a = os.open(F + name, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
                        for text, sync in [(b'one', os.fsync), (b'two', os.fdatasync)]:
                            os.write(a, text); sync(a); print(open(F + name).read())
                        os.write(a, b'three'); print(open(F + name).read()); os.close(a); print(open(F + name).read())
                    """, mount), "one\nonetwo\nonetwo\nonetwothree\none\nonetwo\nonetwo\nonetwothree")
            try expect(mount.tacit("history", "acme/web/db/files/new").orThrow().lines.count, 2)
        }
    }

    /// The kernel sends a FLUSH for every copy of a descriptor, in a child too.
    @Test func `a child that closes an inherited descriptor commits nothing`() throws {
        try withShared { mount in
            try expect(
                python(
                    """
                    for name in ['f', 'new']:
                        old = open(F + name).read() if name == 'f' else ''
                        a = os.open(F + name, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
                        os.write(a, b'half')
                        subprocess.run(['true']); subprocess.run(['true'], pass_fds=[a], close_fds=True)
                        if os.fork() == 0: os._exit(0)
                        os.wait()
                        print(open(F + name).read() == old)
                        os.write(a, b' whole'); os.close(a); print(open(F + name).read())
                    """, mount), "True\nhalf whole\nTrue\nhalf whole")
            // One that writes commits by its own close; killed, it takes all of it.
            try expect(
                python(
                    """
                    a = os.open(F + 'f', os.O_WRONLY | os.O_TRUNC)
                    os.write(a, b'parent')
                    if os.fork() == 0: os.write(a, b' child'); os._exit(0)
                    os.wait(); print(open(F + 'f').read()); os.close(a)
                    a = os.open(F + 'f', os.O_WRONLY | os.O_TRUNC)
                    os.write(a, b'x')
                    if os.fork() == 0: os.write(a, b'y'); os.kill(os.getpid(), signal.SIGKILL)
                    os.wait()
                    try: os.close(a)
                    except OSError as error: print(error.strerror)
                    print(open(F + 'f').read())
                    """, mount), "parent child\nOperation canceled\nparent child")
        }
    }

    @Test func `a crash of the daemon leaves nothing of a pending name`() throws {
        let mount = try Mount()
        try mount.initialize()
        try mount.start()
        try mount.makeSecret()
        let writer = try mount.command(["probe", "hold", "wc", "acme/web/db/files/new", "half"], as: .root).start()
        try writer.waitFor("held")
        let number = try #require(try Int(mount.must("stat -c %i acme/web/db/files/new")))
        _ = try mount.crash()
        try mount.start()
        try expect(mount.must("ls acme/web/db/files"), "f")
        try mount.must("echo next > acme/web/db/files/next")
        #expect(try Int(mount.must("stat -c %i acme/web/db/files/next")) != number)
        writer.signal(SIGKILL)
        _ = try writer.wait()
        try mount.close()
    }

    /// The kernel tells of the last close when close(2) has returned.
    @Test func `a name that is closed and removed at once stays away`() throws {
        try withMount { mount in
            try mount.makeSecret()
            let script = """
                import os
                F = "acme/web/db/files/"
                for number in range(500):
                    os.close(os.open(F + "lock", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
                    os.unlink(F + "lock")
                    os.close(os.open(F + "new", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
                    os.rename(F + "new", F + "old")
                    os.unlink(F + "old")
                print(sorted(os.listdir(F)))
                """
            try mount.must("cat > $SCRATCH/names.py <<'EOF'\n\(script)\nEOF")
            try expect(mount.must("python3 $SCRATCH/names.py"), "['f']")
        }
    }

    /// What is removed and made again has a number of its own until it is stored, and others may open it by that meanwhile.
    @Test func `an open beside the last close of a file that is made again is one of that file`() throws {
        try withMount { mount in
            try mount.makeSecret()
            let script = """
                import os, threading
                F = "acme/web/db/files/again"
                errors = []
                def write():
                    try:
                        with open(os.open(F, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                            os.fstat(file.fileno())
                            file.write(b"new")
                    except OSError as error:
                        errors.append(str(error))
                for number in range(600):
                    if number: os.unlink(F)
                    os.close(os.open(F, os.O_WRONLY | os.O_CREAT, 0o600))
                    threads = [threading.Thread(target=write) for _ in range(2)]
                    for thread in threads: thread.start()
                    for thread in threads: thread.join()
                print(errors)
                """
            try mount.must("cat > $SCRATCH/again.py <<'EOF'\n\(script)\nEOF")
            try expect(mount.must("python3 $SCRATCH/again.py"), "[]")
        }
    }
}
