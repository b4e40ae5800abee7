// SPDX-License-Identifier: MIT

import TestSupport
import Testing

/// NAME_MAX of limits.h: a component of more than 255 bytes is ENAMETOOLONG for every call and everywhere.
@Suite struct LongNames {
    private static let calls = """
        import errno, os, sys
        folder, item = sys.argv[1], sys.argv[2]
        def attempt(name, call):
            try: call(); print(name, "ok")
            except OSError as error: print(name, errno.errorcode[error.errno])
        for length in 256, 257, 1000, 1023, 1024, 1025, 4000:
            long = os.path.join(folder, "n" * length)
            for name, call in {
                "stat": lambda: os.stat(long), "lstat": lambda: os.lstat(long), "access": lambda: os.open(long, os.O_RDONLY),
                "create": lambda: os.open(long, os.O_WRONLY | os.O_CREAT, 0o600),
                "exclusive": lambda: os.open(long, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600),
                "mkdir": lambda: os.mkdir(long), "rmdir": lambda: os.rmdir(long), "unlink": lambda: os.unlink(long),
                "rename from": lambda: os.rename(long, item), "rename to": lambda: os.rename(item, long),
                "symlink": lambda: os.symlink("x", long), "link": lambda: os.link(item, long), "mknod": lambda: os.mknod(long),
                "readlink": lambda: os.readlink(long), "chmod": lambda: os.chmod(long, 0o600), "truncate": lambda: os.truncate(long, 1),
                "setxattr": lambda: os.setxattr(long, "system.posix_acl_access", b""),
                "getxattr": lambda: os.getxattr(long, "system.posix_acl_access"), "listdir": lambda: os.listdir(long),
                "below": lambda: os.stat(os.path.join(long, "x")), "utime": lambda: os.utime(long),
            }.items(): attempt(name, call)
        """

    @Test(arguments: [".", "acme", "acme/@org", "acme/web", "acme/web/db", "acme/web/db/vars", "acme/web/db/files", "user", ".users"])
    func `by every call`(_ folder: String) throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.must("cat > $SCRATCH/calls.py <<'EOF'\n\(Self.calls)\nEOF")
            let lines = try mount.must("python3 $SCRATCH/calls.py \(folder) acme/web/db/files/f").split(separator: "\n")
            #expect(lines.count == 7 * 21 && lines.allSatisfy { $0.hasSuffix(" ENAMETOOLONG") }, "\(lines)")
            try expect(mount.must("ls acme/web/db/files"), "f")
        }
    }

    @Test func `in a job's folder too, and names that are not too long are told as ever`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.must("mkdir acme/web/v; echo x > acme/web/v/vars/V")
            try mount.grant("run", on: "acme/web/v", to: "user:1001")
            let long = String(repeating: "n", count: 300)
            try expect(
                mount.must(
                    "tacit run -p acme/web -s v -- sh -c 'stat job/files/\(long) job/\(long) 2>&1 | grep -c \"too long\"'", as: alice), "2")
            for (name, place) in [(129, "acme"), (255, "acme/web"), (255, ".")] {
                let name = String(repeating: "n", count: name)
                let outcome = try mount.run("mkdir \(place)/\(name)")
                #expect(!outcome.succeeded && outcome.complaint.contains("Invalid argument"), "\(outcome)")
            }
            let name = String(repeating: "n", count: 255)
            try mount.must("echo x > acme/web/db/files/\(name); echo x > acme/web/db/vars/\(name)")
        }
    }

    @Test func `by the socket it is told by the name`() throws {
        try withMount { mount in
            try mount.makeSecret()
            let long = String(repeating: "n", count: 256)
            for words in [
                ["get", "acme/web/db/files/\(long)"], ["create", "acme/web/\(long)"], ["mv", "acme/web/db", "acme/web/\(long)"],
            ] {
                let outcome = try mount.command(["tacit"] + words).run()
                #expect(!outcome.succeeded && outcome.complaint.contains("longer than 255 bytes"), "\(outcome)")
            }
        }
    }
}
