// SPDX-License-Identifier: MIT

import TestSupport
import Testing

/// mkstemp(3) opens what it makes for reading too, which takes `read`.
@Suite struct MakingForBoth {
    /// An open for reading finds by sendfile(2) what the kernel holds of the file for others, whoever made it.
    @Test func `who may only write opens nothing for reading, and makes nothing by trying`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            let script = """
                import os, tempfile
                for name in ("files/new", "vars/NEW", "files/f", "vars/A", "env"):
                    path = "acme/web/db/" + name
                    for flags in (0, os.O_CREAT, os.O_CREAT | os.O_TRUNC, os.O_CREAT | os.O_EXCL):
                        try: os.close(os.open(path, os.O_RDWR | flags)); print("opened", path, flags)
                        except (PermissionError, FileNotFoundError, FileExistsError): pass
                try: tempfile.mkstemp(dir="acme/web/db/files"); print("made")
                except PermissionError: pass
                fd = os.open("acme/web/db/files/mine", os.O_WRONLY | os.O_CREAT | os.O_EXCL); os.write(fd, b"mine"); os.fsync(fd)
                for path in ("acme/web/db/files/mine", "/proc/self/fd/%d" % fd):
                    try: os.open(path, os.O_RDONLY); print("opened", path)
                    except PermissionError: print("denied")
                """
            try mount.must("cat > $SCRATCH/both.py <<'EOF'\n\(script)\nEOF")
            try expect(mount.must("python3 $SCRATCH/both.py", as: bob), "denied\ndenied")
            try expect(mount.must("cat acme/web/db/files/mine", as: alice), "mine")
            try expect(mount.must("cd acme/web/db; ls files vars | grep -c -e NEW -e new -e tmp || :"), "0")
        }
    }
}
