// SPDX-License-Identifier: MIT

import TestSupport
import Testing

/// mkstemp(3) opens what it makes for reading too: by those who may only write.
@Suite struct MakingForBoth {
    @Test func `who may only write reads what they make by the open that made it, and nothing else`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            let script = """
                import os, tempfile
                fd, name = tempfile.mkstemp(dir="acme/web/db/files")
                os.write(fd, b"mine"); print(os.pread(fd, 9, 0).decode())
                os.fsync(fd)
                # Somebody else's version of it is not read by it.
                print(os.path.basename(name), flush=True)
                input()
                print(os.pread(fd, 99, 0).decode()); os.close(fd)
                for flags in (os.O_RDWR, os.O_RDWR | os.O_CREAT, os.O_RDWR | os.O_CREAT | os.O_TRUNC, os.O_RDONLY):
                    for path in (name, "acme/web/db/files/f", "acme/web/db/vars/A", "acme/web/db/env"):
                        try: os.close(os.open(path, flags)); print("opened", path, flags)
                        except PermissionError: pass
                try: os.open("acme/web/db/files/f", os.O_RDWR | os.O_CREAT | os.O_EXCL)
                except FileExistsError: print("exists")
                """
            try mount.must("cat > $SCRATCH/both.py <<'EOF'\n\(script)\nEOF")
            try expect(
                mount.must(
                    """
                    mkfifo $SCRATCH/go $SCRATCH/said; chmod 666 $SCRATCH/go $SCRATCH/said
                    PATH=/usr/bin:/bin setpriv --reuid=1002 --regid=1002 --clear-groups python3 $SCRATCH/both.py < $SCRATCH/go > $SCRATCH/said &
                    exec 3> $SCRATCH/go 4< $SCRATCH/said
                    read -r line <&4; echo "$line"; read -r name <&4
                    printf "the owner's" > acme/web/db/files/$name; echo go >&3; cat <&4; wait
                    """), "mine\nmine\nexists")
        }
    }
}
