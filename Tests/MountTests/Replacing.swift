// SPDX-License-Identifier: MIT

import TestSupport
import Testing

/// Programs that save by writing another file and renaming it, on the mount: what they rename onto keeps everything.
@Suite struct Replacing {
    private let file = "acme/web/db/files/f"

    private func numbers(_ mount: Mount) throws -> String {
        try mount.must("tacit history \(file) | awk 'NR > 1 { print $1 }' | paste -sd ' '")
    }

    /// Without the edition.
    private func number(_ mount: Mount) throws -> UInt64? { UInt64(try mount.must("stat -c %i \(file)")).map { $0 & (1 << 56 - 1) } }

    /// A secret that alice may read and write, bob write, and of which mallory reads one file.
    private func share(_ mount: Mount) throws {
        try mount.makeSecret()
        try mount.grant("read,write", on: "acme/web/db", to: "user:1001")
        try mount.grant("write", on: "acme/web/db", to: "user:1002")
        try mount.grant("read", on: file, to: "user:1004")
    }

    @Test func `grants, versions and the number stay, and all who have one of the two open go on`() throws {
        try withMount { mount in
            try share(mount)
            let (number, acl) = try (number(mount), mount.must("tacit acl \(file)"))
            try mount.must("sed -i 's/value/new value/' \(file)", as: alice)
            try mount.must("perl -pi -e s/new/perl/ \(file)", as: alice)
            try mount.must("printf mv > acme/web/db/files/t; mv acme/web/db/files/t \(file)", as: bob)
            try expect(self.number(mount), number)
            try expect(mount.must("tacit acl \(file)"), acl)
            try expect(numbers(mount), "4 3 2 1")
            try expect(mount.must("cat \(file)", as: mallory), "mv")
            for (version, text) in [("2", "new value of f"), ("4", "mv"), ("1", "value of f")] {
                try mount.must("tacit rollback \(file) \(version)")
                try expect(mount.must("cat \(file)", as: mallory), text)
            }
            try expect(mount.must("tacit ls --deleted | wc -l"), "1")
            // Open before: the old one to its end; by the file that was renamed, the item from then on.
            let script = """
                import os, tempfile
                F = "acme/web/db/files/f"
                old = os.open(F, os.O_RDONLY)
                before = os.fstat(old)
                fd, name = tempfile.mkstemp(dir="acme/web/db/files"); os.write(fd, b"one"); os.fsync(fd)
                path = os.open(name, os.O_PATH)
                os.rename(name, F)
                # Without the edition.
                def number(stat): return stat.st_ino & (1 << 56) - 1
                print(number(os.stat(F)) == number(before), number(os.fstat(fd)) == number(before), os.read(old, 99))
                os.write(fd, b" two"); os.close(fd)
                print(open(F).read(), open(f"/proc/self/fd/{path}").read(), number(os.stat(f"/proc/self/fd/{path}")) == number(before))
                with open(f"/proc/self/fd/{path}", "w") as again: again.write("three")
                print(open(F).read(), os.path.exists(name), sorted(os.listdir("acme/web/db/files")))
                """
            try mount.must("cat > $SCRATCH/rename.py <<'EOF'\n\(script)\nEOF")
            let first = try mount.must("tacit history \(file) | awk 'NR == 2 { print $1 }'")
            try expect(
                mount.must("python3 $SCRATCH/rename.py", as: alice),
                "True True b'value of f'\none two one two True\nthree False ['f']")
            // What the same open wrote takes the place of what it wrote before.
            let last = try mount.must("tacit history \(file) | awk 'NR == 2 { print $1 }'")
            expect(Int(last), Int(first).map { $0 + 3 })
            try expect(mount.must("tacit history \(file) | wc -l", as: alice), "10")
            try expect(mount.must("tacit doctor > /dev/null && echo sound"), "sound")
        }
    }

    @Test func `also while it is locked`() throws {
        try withMount { mount in
            try share(mount)
            try mount.tacit("lock").orThrow()
            try mount.must(
                "printf new > acme/web/db/files/t; mv acme/web/db/files/t \(file); printf v > acme/web/db/vars/T; mv acme/web/db/vars/T acme/web/db/vars/A",
                as: bob)
            try mount.tacit("unlock", "--key-file", mount.key).orThrow()
            try expect(mount.must("cat \(file) acme/web/db/vars/A", as: alice), "newv")
        }
    }

    @Test func `readers and writers beside a thousand renames see whole versions`() throws {
        try withMount { mount in
            try share(mount)
            let script = """
                import os, sys, threading
                F, stop, bad = "acme/web/db/files/f", [], []
                def read():
                    while not stop:
                        try: value = open(F, "rb").read()
                        except OSError as error: bad.append(repr(error)); continue
                        if len(set(value)) > 1 or len(value) % 1000: bad.append(value[:20])
                with open(F, "wb") as f: f.write(b"a" * 1000)
                threads = [threading.Thread(target=read) for _ in range(3)]
                for thread in threads: thread.start()
                for number in range(1000):
                    name = f"acme/web/db/files/t{number % 3}"
                    with open(name, "wb") as f: f.write(bytes([97 + number % 26]) * 1000 * (1 + number % 9))
                    os.rename(name, F)
                    if open(F, "rb").read(1) != bytes([97 + number % 26]): bad.append("old")
                stop.append(1)
                for thread in threads: thread.join()
                print(bad[:3])
                """
            try mount.must("cat > $SCRATCH/beside.py <<'EOF'\n\(script)\nEOF")
            try expect(mount.must("python3 $SCRATCH/beside.py", as: alice), "[]")
            try expect(mount.must("ls acme/web/db/files", as: alice), "f")
        }
    }

    @Test func `mv within an organization keeps all, and between two it copies`() throws {
        try withMount { mount in
            try share(mount)
            try mount.must(
                "mkdir -p acme/api/x other/web; tacit grant acme uid:1001 read,write,manage; tacit grant other uid:1001 read,write")
            let (number, acl) = try (mount.must("stat -c %i \(file)"), mount.must("tacit acl \(file) | grep 1004"))
            try mount.must("mv \(file) acme/api/x/files/g; mv acme/web/db/vars/A acme/api/x/vars/C", as: alice)
            try expect(mount.must("stat -c %i acme/api/x/files/g; tacit acl acme/api/x/files/g | grep 1004"), "\(number)\n\(acl)")
            try expect(mount.must("cat acme/api/x/env acme/api/x/files/g acme/web/db/env", as: alice), "C='value of A'\nvalue of f")
            try mount.must("mv acme/api/x acme/web/y; mv acme/web/y/files/g acme/web/y/files/h", as: alice)
            try expect(mount.must("cat acme/web/y/files/h", as: mallory), "value of f")
            try mount.must("mkdir other/web/z; mv acme/web/y/files/h other/web/z/files/; mv acme/web/y/vars/C other/web/z/vars/", as: alice)
            try expect(
                mount.must("cat other/web/z/files/h other/web/z/env; ls acme/web/y/files acme/web/y/vars", as: alice),
                "value of fC='value of A'\nacme/web/y/files:\n\nacme/web/y/vars:")
        }
    }
}
