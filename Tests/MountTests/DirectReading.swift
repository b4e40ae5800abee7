// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// Who reads by requests keeps the version that was opened until it is read to the end, and then reads the current one.
@Suite struct DirectReading {
    private static let path = "acme/web/db/files/f"

    private func withValue(_ test: (Mount) throws -> Void) throws {
        try withMount(WayOfReading.requests.options) { mount in
            try mount.makeSecret()
            try mount.grant("read,write", on: "acme/web/db", to: "user:1001")
            try test(mount)
        }
    }

    /// What a script prints that has a function `put`, which stores a value, and a function `at`, which reads by a file that is open.
    private func python(_ script: String, in mount: Mount) throws -> [String] {
        let start = """
            import os, sys
            path = sys.argv[1]
            def put(text):
                with open(path, "w") as file: file.write(text)
            def at(offset, count=99): print(os.pread(file, count, offset).decode().replace("\\n", "|"))

            """
        let outcome = try mount.command(["python3", "-c", start + script, Self.path], as: alice).run()
        #expect(outcome.complaint == "")
        return outcome.lines
    }

    @Test func `a version is kept until it is read to the end`() throws {
        try withValue { mount in
            let lines = try python(
                """
                put("first value"); file = os.open(path, os.O_RDONLY)
                at(0, 5); put("the second one"); at(5, 3); at(0, 5); at(8); at(0)
                """, in: mount)
            expect(lines, ["first", " va", "first", "lue", "the second one"])
        }
    }

    @Test func `one that was not read yet is kept`() throws {
        try withValue { mount in
            let lines = try python(
                """
                put("first value"); file = os.open(path, os.O_RDONLY)
                put("the second one"); print(os.fstat(file).st_size, os.lseek(file, 0, os.SEEK_END)); at(0); at(0)
                """, in: mount)
            expect(lines, ["11 11", "first value", "the second one"])
        }
    }

    @Test func `behind an end that was told a longer one goes on`() throws {
        try withValue { mount in
            let lines = try python(
                """
                put("line 1\\n"); file = os.open(path, os.O_RDONLY)
                at(0); put("line 1\\nline 2\\n"); at(7); at(7)
                """, in: mount)
            // The first read behind the end is told of it, so that who reads to the end has one version.
            expect(lines, ["line 1|", "", "line 2|"])
        }
    }

    @Test func `the right to read is checked and logged again`() throws {
        try withValue { mount in
            try mount.must("printf first > \(Self.path)")
            let script = """
                import os, signal, sys
                signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
                file = os.open(sys.argv[1], os.O_RDONLY)
                heir = os.fork()
                for number in range(3):
                    try: print("heir" if heir == 0 else "opener", os.pread(file, 99, 0).decode(), flush=True)
                    except OSError as error: print(os.strerror(error.errno), flush=True)
                    if heir != 0: os.waitpid(heir, 0); break
                    signal.sigwait([signal.SIGUSR1])
                """
            let child = try mount.command(["python3", "-c", script, Self.path], as: alice).start()
            try child.waitFor("heir first")
            let heir = try mount.must("pgrep -P \(child.pid)")
            try mount.must("printf second > \(Self.path); kill -USR1 \(heir)")
            try child.waitFor("heir second")
            let line = try mount.auditLog().last { $0["verdict"] as? String == "allow" && $0["action"] as? String == "read" }
            #expect(line?["uid"] as? Int == 1001)
            #expect(line?["pid"] as? Int == Int(heir))
            try mount.tacit("revoke", "acme/web/db", "user:1001").orThrow()
            try mount.must("printf third > \(Self.path); kill -USR1 \(heir)")
            try child.waitFor("Permission denied")
            try mount.must("kill -USR1 \(heir)")
            try child.wait().orThrow()
        }
    }

    @Test func `tail follows what is replaced`() throws {
        try withValue { mount in
            try mount.must("printf 'one\\n' > \(Self.path)")
            let tailing = try mount.command(["tail", "-s", "0.1", "-F", Self.path], as: alice).start()
            try tailing.waitFor("one")
            try mount.must("printf 'one\\ntwo\\n' > \(Self.path)")
            try tailing.waitFor("two")
            // Shorter: it begins again.
            try mount.must("printf '3\\n' > \(Self.path)")
            try tailing.waitFor("3")
            tailing.signal(SIGTERM)
            _ = try tailing.wait()
        }
    }
}
