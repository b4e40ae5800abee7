// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// The kernel takes who has just written a file for its owner, and nothing is decided by that.
@Suite struct WritersAsOwners {
    private func withShared(_ body: (Mount) throws -> Void) throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.grant("read,write", on: "acme/web", to: "user:1001")
            try mount.grant("read", on: "acme/web", to: "user:1002")
            try mount.scratch.file("src", Data("new".utf8), mode: 0o644)
            try body(mount)
        }
    }

    private let lease = """
        import fcntl, os, sys
        fd = os.open(sys.argv[1], int(sys.argv[2])); os.fstat(fd)
        try: fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK if int(sys.argv[2]) else fcntl.F_RDLCK); print("leased")
        except PermissionError: print("refused")
        """

    @Test func `stat shows the same owner to everybody, and a mode by others than the writing process is decided as ever`() throws {
        try withShared { mount in
            let f = "acme/web/db/files/f", g = "acme/web/db/files/g"
            try mount.grant("read", on: f, to: "user:1005")
            try mount.must("cp -p $SCRATCH/src \(f); cp -p $SCRATCH/src \(g)", as: alice)
            for user in [alice, bob, .root] { try expect(mount.must("stat -c %u \(f) \(g)", as: user), "0\n0", "\(user)") }
            // By the user who has made it, where nobody was granted anything on it: as from a shell that makes a key.
            try mount.must("chmod 600 \(g)", as: alice)
            for command in ["chmod 600 \(f)", "chmod 600 \(g)", "setfacl -m u:1006:r \(g)", "chown 1002 \(g)"] {
                let user = command.hasPrefix("chmod") ? bob : alice
                #expect(try !mount.run(command, as: user).succeeded, "\(command)")
            }
            #expect(try !mount.run("chmod 600 \(f)").succeeded)
            #expect(try !mount.must("tacit acl \(g)").contains("1006"))
        }
    }

    @Test func `who may write a file and not its folder is taken for no owner`() throws {
        try withShared { mount in
            try mount.grant("write", on: "acme/web/db/files/f", to: "user:1002")
            let copied = try mount.run("cp -p $SCRATCH/src acme/web/db/files/f", as: bob)
            #expect(!copied.succeeded && copied.complaint.contains("preserving times"), "\(copied)")
            try expect(mount.must("cat acme/web/db/files/f", as: alice), "new")
            let python = ["python3", "-I", "-S", "-c", lease, "acme/web/db/files/f", "1"]
            try expect(mount.command(python, as: bob).run().text, "refused")
        }
    }

    /// Else who makes a file would be taken for the owner of one in a place where they may not write.
    @Test func `who has made what another renames owns nothing by that`() throws {
        try withMount { mount in
            try mount.make("acme/web/a", "acme/web/b")
            try mount.grant("read,write", on: "acme/web", to: "user:1002")
            try mount.grant("read", on: "acme/web", to: "user:1001")
            try mount.grant("write", on: "acme/web/a", to: "user:1001")
            try mount.must("echo old > acme/web/b/files/f", as: bob)
            let python = ["python3", "-I", "-S", "-c", lease, "acme/web/b/files/f", "0"]
            try mount.must("echo new > acme/web/a/files/t", as: alice)
            try mount.must("mv acme/web/a/files/t acme/web/b/files/f", as: bob)
            try expect(mount.must("cat acme/web/b/files/f", as: alice), "new")
            try expect(mount.command(python, as: alice).run().text, "refused")
        }
    }

    @Test func `a manager goes on to manage what others are writing`() throws {
        try withShared { mount in
            try mount.grant("manage", on: "acme/web/db", to: "user:1003")
            let writer = try mount.command(["probe", "hold", "w", "acme/web/db/files/f", "half"], as: alice).start()
            try writer.waitFor("held")
            try mount.must("stat acme/web/db/files/f", as: alice)
            try mount.must("setfacl -m u:1006:r acme/web/db/files/f; setfacl -x u:1006 acme/web/db/files/f", as: .user(1003))
            writer.signal(10)
            try expect(writer.wait().text, "held\nok")
        }
    }

    @Test func `trees that a writer makes get their times and modes, twice`() throws {
        try withShared { mount in
            try mount.must(
                "mkdir -p $SCRATCH/tree/d/e; echo 1 > $SCRATCH/tree/d/e/g; echo 2 > $SCRATCH/tree/d/h; tar -C $SCRATCH/tree -cf $SCRATCH/tar d"
            )
            // A second rsync that finds only a mode to change is not the process that wrote.
            for (copy, times) in [("cp -a $SCRATCH/tree/d .", 2), ("tar -xpf $SCRATCH/tar", 2), ("rsync -a $SCRATCH/tree/d .", 1)] {
                let copies = Array(repeating: copy, count: times).joined(separator: " && ")
                try mount.must(
                    "chmod -R a+rX $SCRATCH; cd acme/web/db/files; \(copies) && diff -r d $SCRATCH/tree/d && rm -r d", as: alice)
            }
            try mount.must(
                """
                mkdir acme/web/new; mkdir -p $SCRATCH/secret/vars $SCRATCH/secret/files; chmod -R a+rX $SCRATCH
                """)
            try mount.must("mkdir acme/web/own; for round in 1 2; do cp -a $SCRATCH/secret/. acme/web/own/ || exit; done", as: alice)
        }
    }
}
