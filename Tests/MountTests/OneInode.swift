// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// An item has one inode for life, whatever becomes of its value: who has it open, has locked it or has bound it elsewhere keeps it.
@Suite struct OneInode {
    private func withValue(_ way: WayOfReading, _ test: (Mount, String) throws -> Void) throws {
        try withMount(way.options) { mount in
            try mount.makeSecret()
            try mount.grant("read,write", on: "acme/web/db", to: "user:1001")
            try test(mount, "acme/web/db/vars/A")
        }
    }

    private func python(_ script: String, _ words: String..., in mount: Mount) throws -> Outcome {
        var command = mount.command(["python3", "-c", script] + words, as: alice)
        command.limit = 300
        return try command.run()
    }

    @Test(arguments: WayOfReading.allCases) func `its number stays when the value is replaced while it is open`(way: WayOfReading) throws {
        try withValue(way) { mount, path in
            let before = try mount.must("stat -c %i \(path)")
            let outcome = try python(
                """
                import os, subprocess, sys
                path = sys.argv[1]
                held = []
                for number in range(20):
                    held.append(os.open(path, os.O_RDONLY))
                    os.read(held[-1], 2)
                    open(path, "w").write("value %d" % number)
                    assert open(path).read() == "value %d" % number
                assert all(os.fstat(file).st_ino == os.stat(path).st_ino for file in held)
                print(os.stat(path).st_ino)
                """, path, in: mount)
            expect(outcome.lines, [before])
            #expect(outcome.complaint == "")
            try mount.tacit("set", path, "by the socket").orThrow()
            try expect(mount.must("stat -c %i \(path)"), before)
        }
    }

    @Test(arguments: WayOfReading.allCases) func `one that is bound elsewhere is rotated a thousand times`(way: WayOfReading) throws {
        try withValue(way) { mount, path in
            let script = """
                import os, sys
                path, bound = sys.argv[1:]
                for number in range(1000):
                    if number % 50 == 0: held = os.open(bound, os.O_RDONLY)
                    file = os.open(path, os.O_WRONLY | os.O_TRUNC)
                    os.write(file, b"rotated %d" % number)
                    os.close(file)
                    found = open(bound, "rb").read()
                    assert found == b"rotated %d" % number, found
                    if number % 50 == 49: os.close(held)
                assert os.stat(path).st_ino == os.stat(bound).st_ino
                print("ok")
                """
            let bound = try mount.scratch.file("bound")
            var command = mount.command([
                "unshare", "-m", "--propagation", "private", "sh", "-c",
                "mount --bind \"$1\" \"$2\" && exec setpriv --reuid=1001 --regid=1001 --clear-groups env PATH=/usr/bin:/bin python3 -c \"$0\" \"$1\" \"$2\"",
                script, path, bound,
            ])
            command.limit = 300
            let outcome = try command.run()
            #expect(outcome.lines == ["ok"], "\(outcome.complaint)")
        }
    }

    /// Two kinds of locks: on a value that others rotate, with a counter elsewhere; and around a counter that is the value.
    @Test(arguments: WayOfReading.allCases, ["flock", "fcntl"])
    func `a lock holds between all who open the path`(way: WayOfReading, lock: String) throws {
        try withValue(way) { mount, path in
            let counter = try mount.scratch.file("counter", owner: 1001)
            try mount.must("printf 0 > acme/web/db/vars/COUNTER; printf 0 > \(counter)")
            let script = """
                import fcntl, os, sys
                kind, path, elsewhere, inside = sys.argv[1:]
                lock = fcntl.flock if kind == "flock" else fcntl.lockf

                def count(locked, file):
                    lock(locked, fcntl.LOCK_EX)
                    number = int(os.pread(file, 20, 0)) + 1
                    os.pwrite(file, b"%d" % number, 0)

                def work(name):
                    file = os.open(elsewhere, os.O_RDWR)
                    for number in range(2500):
                        locked = os.open(path, os.O_RDWR)
                        count(locked, file)
                        os.close(locked)
                    for number in range(50):
                        locked = os.open(inside, os.O_RDWR)
                        count(locked, locked)
                        os.fsync(locked)
                        os.close(locked)
                    os._exit(0)

                workers = []
                for name in range(4):
                    workers.append(os.fork())
                    if workers[-1] == 0: work(name)
                rotator = os.fork()
                if rotator == 0:
                    number = 0
                    while True:
                        number += 1
                        file = os.open(path, os.O_WRONLY | os.O_TRUNC)
                        os.write(file, b"rotated %d" % number)
                        os.close(file)
                        assert open(path).read() == "rotated %d" % number
                ends = [os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in workers]
                os.kill(rotator, 9)
                end = os.waitpid(rotator, 0)[1]
                print(ends, end, open(elsewhere).read(), open(inside).read())
                """
            let outcome = try python(script, lock, path, counter, "acme/web/db/vars/COUNTER", in: mount)
            expect(outcome.lines, ["[0, 0, 0, 0] 9 10000 200"])
            #expect(outcome.complaint == "")
        }
    }

    @Test(arguments: WayOfReading.allCases)
    func `who opens for reading and writing sees what is stored when it first does either`(way: WayOfReading) throws {
        try withValue(way) { mount, path in
            let outcome = try python(
                """
                import os, sys
                path = sys.argv[1]
                def put(text):
                    with open(path, "w") as file: file.write(text)
                for reader in (False, True):
                    put("before")
                    held = os.open(path, os.O_RDONLY) if reader else None
                    file = os.open(path, os.O_RDWR)
                    put("after it")
                    print(os.fstat(file).st_size, os.pread(file, 99, 0).decode())
                    put("much later")
                    print(os.pread(file, 99, 0).decode())
                    os.close(file)
                    print(open(path).read())
                    if reader: os.close(held)
                """, path, in: mount)
            // fstat(2) of a process that has an older version open is of that.
            expect(outcome.lines, ["8 after it", "much later", "much later", "6 after it", "much later", "much later"])
            #expect(outcome.complaint == "")
        }
    }

    @Test(arguments: WayOfReading.allCases) func `a writer sees its own size, and others the stored one`(way: WayOfReading) throws {
        try withValue(way) { mount, path in
            let outcome = try python(
                """
                import os, subprocess, sys
                def stored(path):
                    return subprocess.run(["stat", "-c", "%s", path], capture_output=True, text=True).stdout.strip()
                for path in sys.argv[1:]:
                    with open(path, "w") as file:
                        file.write("x" * 100)
                        file.flush()
                        print(os.fstat(file.fileno()).st_size, stored(path), file.seek(0, 2))
                        file.write("y" * 10)
                    print(stored(path), open(path).read() == "x" * 100 + "y" * 10)
                    with open(path, "a") as file:
                        print(file.tell())
                """, path, "acme/web/db/files/new", in: mount)
            expect(outcome.lines, ["100 10 100", "110 True", "110", "100 0 100", "110 True", "110"])
            #expect(outcome.complaint == "")
        }
    }
}
