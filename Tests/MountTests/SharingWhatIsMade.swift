// SPDX-License-Identifier: MIT

import TestSupport
import Testing

/// An ACL on a file that is being made grants what it says: programs that copy set it before they close the file.
@Suite struct SharingWhatIsMade {
    /// Alice may grant in two organizations, bob only read and write.
    private func withOrganizations(_ body: (Mount) throws -> Void) throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.make("other/web/db")
            for organization in ["acme", "other"] {
                try mount.grant("read,write,manage", on: organization, to: "user:1001")
                try mount.grant("read,write", on: organization, to: "user:1002")
            }
            try body(mount)
        }
    }

    @Test func `cp -p and mv bring the ACL along, twice in a row, for who may grant`() throws {
        try withOrganizations { mount in
            for (item, value) in [("files/f", "value of f"), ("vars/A", "value of A")] {
                try mount.must("setfacl -m u:1004:r acme/web/db/\(item)", as: alice)
                for copy in ["cp -p acme/web/db/\(item) acme/web/db/\(item)_", "mv acme/web/db/\(item)_ other/web/db/\(item)"] {
                    let place = String(try #require(copy.split(separator: " ").last))
                    for _ in 1...2 {
                        try mount.must("cp -p acme/web/db/\(item) acme/web/db/\(item)_", as: alice)
                        let outcome = try mount.run(copy, as: alice)
                        #expect(outcome.succeeded && outcome.complaint.isEmpty, "\(outcome)")
                        try expect(mount.must("getfacl -cn \(place)").contains("user:1004:r--"), true, "\(copy)")
                        try expect(mount.must("cat \(place)", as: mallory), value, "\(copy)")
                    }
                }
            }
        }
    }

    /// Runs a Python script that makes a file as `fd`, and says what `setfacl` answered.
    private func making(_ path: String, _ script: String, _ mount: Mount, as user: TestUser) throws -> String {
        let start = """
            import os, subprocess, sys
            path = sys.argv[1]
            fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
            def share():
                said = subprocess.run(['setfacl', '-m', 'u:1004:r', path], capture_output=True, text=True).stderr
                print(said.strip().split(': ')[-1] or 'granted', flush=True)

            """
        return try mount.command(["python3", "-I", "-S", "-c", start + script, path], as: user).run().text
    }

    @Test func `what was written so far is stored by it, and what comes later takes its place`() throws {
        try withOrganizations { mount in
            let f = "acme/web/db/files/new"
            try expect(making(f, "os.write(fd, b'half'); share(); os.kill(os.getpid(), 9)", mount, as: alice), "granted")
            try expect(mount.must("cat \(f)", as: mallory), "half")
            let g = "acme/web/db/vars/NEW"
            try expect(making(g, "os.write(fd, b'half'); share(); os.write(fd, b', whole'); os.close(fd)", mount, as: alice), "granted")
            try expect(mount.must("cat \(g)", as: mallory), "half, whole")
            try expect(mount.must("tacit history \(g)").split(separator: "\n").count, 2)
            // A file is one from its making on, empty too; of a variable there is nothing yet that somebody could be granted.
            try expect(making("acme/web/db/files/lock", "share()", mount, as: alice), "granted")
            try expect(making("acme/web/db/vars/NONE", "share(); os.close(fd)", mount, as: alice), "Operation not supported")
            try expect(mount.must("ls acme/web/db/files acme/web/db/vars"), "acme/web/db/files:\nf\nlock\nnew\n\nacme/web/db/vars:\nA\nNEW")
        }
    }

    /// Nobody waits for the last close of a file, which makes it if it is empty.
    @Test func `what was just closed can be granted`() throws {
        try withOrganizations { mount in
            let script = """
                import os, struct, sys
                acl = struct.pack('<I', 2)
                named = [(2, 6, 1001), (2, 6, 1002), (2, 4, 1004)]
                for entry in [(1, 6, -1)] + named + [(4, 0, -1), (16, 6, -1), (32, 0, -1)]: acl += struct.pack('<HHi', *entry)
                for n in range(300):
                    path = 'acme/web/db/files/%d' % n
                    os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
                    try: os.setxattr(path, 'system.posix_acl_access', acl)
                    except OSError as error: print(n, error.strerror)
                """
            try expect(mount.command(["python3", "-I", "-S", "-c", script], as: alice).run().orThrow().text, "")
            try expect(mount.must("getfacl -cn acme/web/db/files/299").contains("user:1004:r--"), true)
        }
    }

    @Test func `who may not grant, or does not make the file, stores nothing by it`() throws {
        try withOrganizations { mount in
            let script = "os.write(fd, b'half'); share(); os.kill(os.getpid(), 9)"
            try expect(making("acme/web/db/files/new", script, mount, as: bob), "Operation not permitted")
            try mount.must("mkdir user/own", as: alice)
            try expect(making("user/own/files/new", script, mount, as: alice), "Operation not permitted")
            try expect(mount.must("ls acme/web/db/files; ls .users/1001/own/files"), "f")
            let writer = try mount.command(["probe", "hold", "wcx", "acme/web/db/files/new", "half"], as: alice).start()
            try writer.waitFor("held")
            let outcome = try mount.run("setfacl -m u:1004:r acme/web/db/files/new")
            #expect(outcome.complaint.contains("Device or resource busy"), "\(outcome)")
            try expect(mount.must("cat acme/web/db/files/new", as: bob), "")
            writer.signal(10)
            try expect(writer.wait().text, "held\nok")
        }
    }
}
