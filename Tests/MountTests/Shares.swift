// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// What one user may take up (tacitd.8, SHARES AND QUOTAS): by real users, on a real mount.
@Suite struct Shares {
    private func options(_ shares: String) -> Mount.Options {
        var options = Mount.Options()
        options.words = ["-o", shares]
        return options
    }

    /// A program that has `errno` and `os`, and prints what it has to tell.
    private func python(_ script: String, _ words: String...) -> [String] {
        ["python3", "-I", "-S", "-c", "import errno, os, socket, sys, time\n" + script] + words
    }

    @Test func `nobody has more open handles than a share, files and folders together`() throws {
        try withMount(options("handles=20")) { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try mount.must("mkdir user/own; echo x > user/own/vars/A", as: alice)
            let script = """
                held, told = [], None
                ways = [("acme/web/db/vars/A", os.O_RDONLY), ("user/own/vars/A", os.O_WRONLY), ("user/own", os.O_RDONLY | os.O_DIRECTORY),
                    ("user/own/vars/NEW", os.O_WRONLY | os.O_CREAT)]
                try:
                    for turn in range(200):
                        held.append(os.open(*ways[turn % len(ways)]))
                except OSError as error:
                    told = errno.errorcode[error.errno]
                print(len(held), told)
                for path, flags in ways:
                    try: os.open(path, flags); print("opened")
                    except OSError as error: print(errno.errorcode[error.errno])
                os.close(held.pop(0))
                # The kernel lets go of a file when it gets to it.
                for _ in range(1000):
                    try: held.append(os.open(*ways[0])); break
                    except OSError: time.sleep(0.01)
                print(len(held), flush=True)
                time.sleep(60)
                """
            let holder = try mount.command(python(script), as: alice).start()
            try holder.waitFor("20 ENFILE\nENFILE\nENFILE\nENFILE\nENFILE\n20\n")
            // Nobody else is the worse for it; root has no limit.
            try mount.must("echo x > acme/web/db/vars/B; ls acme/web/db/vars", as: bob)
            try expect(mount.must("exec 3< user/ 4< user/ 5< acme; ls acme/web/db/vars; tail -f /dev/null --pid=$$ & kill $!"), "A\nB")
            try expect(mount.probe("list", "acme", as: alice), "opendir ENFILE")
        }
    }

    @Test func `connections of one user that say nothing lock out nobody, and end by themselves`() throws {
        try withMount(options("connections=10")) { mount in
            let script = """
                held, told = [], []
                for turn in range(300):
                    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM); s.connect(sys.argv[1]); held.append(s)
                    # One that was refused already takes nothing.
                    try: turn % 2 and s.sendall(b"GET /v1/stat")
                    except BrokenPipeError: pass
                # Those that were refused have been told so; the others in a while.
                for s in held:
                    s.settimeout(30)
                    told.append(s.recv(65536).split(b"\\r\\n")[0].decode())
                    if len(told) == 20: print("held", flush=True)
                print(len(told), *sorted(set(told)), flush=True)
                """
            let holding = try mount.command(python(script, mount.socket), as: mallory).start()
            for user in [TestUser.root, alice, bob] {
                for _ in 0..<5 { try mount.tacit("status", as: user).orThrow() }
            }
            try expect(holding.wait().text, "held\n300 HTTP/1.1 503 Service Unavailable")
            // The daemon finds out that they are closed when it gets to it.
            try Wait.until("a connection for the user who held too many") { try mount.tacit("status", as: mallory).succeeded }
        }
    }

    @Test func `one version that is held open many times is in locked memory once, and many are refused`() throws {
        try withMount(options("locked=1M")) { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try mount.must("for i in 1 2 3 4 5 6; do head -c 300000 /dev/zero > acme/web/db/files/f$i; done")
            let script = """
                held = []
                for turn in range(50): held.append(os.open("acme/web/db/files/f1", os.O_RDONLY))
                told = None
                try:
                    for turn in range(2, 7): held.append(os.open("acme/web/db/files/f%d" % turn, os.O_RDONLY))
                except OSError as error:
                    told = errno.errorcode[error.errno]
                print(len(held), told, flush=True)
                time.sleep(60)
                """
            let holder = try mount.command(python(script), as: alice).start()
            try holder.waitFor("52 ENOMEM")
            try expect(mount.probe("read", "acme/web/db/files/f6", as: alice), "open ENOMEM")
            // Nobody else is the worse for it. What is written counts too, for the memory that it takes to be committed.
            try mount.must("head -c 300000 /dev/zero > acme/web/db/files/g", as: bob)
            try expect(mount.probe("write", "wt", "acme/web/db/files/g", String(repeating: "x", count: 100_000), as: bob), "ok")
            let refused = try mount.run("head -c 700000 /dev/zero > acme/web/db/files/g", as: bob)
            #expect(!refused.succeeded && refused.complaint.contains("Cannot allocate memory"), "\(refused)")
            try expect(mount.must("stat -c %s acme/web/db/files/g"), "100000")
        }
    }

    @Test func `what a writer has fetched or made room for is in locked memory, and counts`() throws {
        try withMount(options("locked=1M")) { mount in
            try mount.must("mkdir user/own; for i in 1 2 3; do head -c 300000 /dev/zero > user/own/files/f$i; done", as: alice)
            let script = """
                def told(action):
                    try: action(); return "ok"
                    except OSError as error: return errno.errorcode[error.errno]
                def way(kind, name):
                    path = "user/own/files/" + name
                    if kind == "truncate": return told(lambda: os.truncate(path, 299999 if os.stat(path).st_size > 299999 else 300000))
                    held.append(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
                    if kind == "ftruncate": return told(lambda: os.ftruncate(held[-1], 300000))
                    if kind == "shorten": return told(lambda: os.ftruncate(held[-1], 200000))
                    if kind == "write": return told(lambda: os.pwrite(held[-1], b"x", 5))
                    if kind == "append":
                        os.close(held.pop()); held.append(os.open(path, os.O_WRONLY | os.O_APPEND))
                        return told(lambda: os.write(held[-1], b"x"))
                for kind in sys.argv[1:]:
                    held = []
                    answers = [way(kind, "new" if kind == "ftruncate" else "f1"), way(kind, "f2"), way(kind, "f3")]
                    print(kind, *answers)
                    for f in held:
                        try: os.close(f)
                        except OSError: pass
                    # The kernel lets go of them when it gets to it.
                    for _ in range(3000):
                        f = os.open("user/own/files/f1", os.O_WRONLY)
                        answer = told(lambda: os.pwrite(f, b"y", 6))
                        try: os.close(f)
                        except OSError: pass
                        if answer == "ok": break
                        time.sleep(0.01)
                held = [os.open("user/own/files/f1", os.O_WRONLY)]
                print("beside", told(lambda: os.pwrite(held[0], b"x", 5)), way("truncate", "f2"))
                """
            try expect(
                mount.command(python(script, "ftruncate", "write", "append", "shorten", "truncate"), as: alice).run().orThrow().text,
                """
                ftruncate ok ENOMEM ENOMEM
                write ok ENOMEM ENOMEM
                append ok ENOMEM ENOMEM
                shorten ok ENOMEM ENOMEM
                truncate ok ok ok
                beside ok ENOMEM
                """)
        }
    }

    @Test func `who has more opens than the log may have lines of a user is delayed, and nobody else is`() throws {
        try withMount(options("audit-rate=5")) { mount in
            try mount.makeSecret()
            try mount.must("mkdir user/own; echo x > user/own/vars/A", as: alice)
            let (burst, rate, atOnce) = (25, 5, 16)
            func opens(_ uid: Int) throws -> Int {
                try mount.auditLog().count { $0["action"] as? String == "open" && $0["uid"] as? Int == uid }
            }
            let start = ProcessInfo.processInfo.systemUptime
            let script = "while True: os.close(os.open('user/own/vars/A', os.O_RDONLY))"
            let attackers = try (0..<atOnce).map { _ in try mount.command(python(script), as: alice).start() }
            defer { for attacker in attackers { attacker.signal(SIGKILL) } }
            try Wait.until("the burst", seconds: 300) { try opens(1001) >= burst - 5 }
            // If these waited for hers, at her pace, they would take minutes.
            try mount.must("i=0; while [ $i -lt 400 ]; do read -r x < acme/web/db/vars/A; i=$((i + 1)); done")
            // She goes on.
            try Wait.until("more of the late user's opens", seconds: 300) { try opens(1001) >= burst + atOnce + 10 }
            for attacker in attackers { attacker.signal(SIGKILL) }
            for attacker in attackers { _ = try attacker.wait(300) }
            let count = try opens(1001)
            let seconds = Int(ProcessInfo.processInfo.systemUptime - start) + 1
            #expect(count <= burst + rate * seconds + 2 * atOnce, "\(count) in \(seconds) s")
        }
    }

    @Test func `a secret has so many variables, which is told at write(2) and open(2)`() throws {
        try withMount(options("secret-items=2:3")) { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try mount.must("mkdir user/s; printf 'A=1\nB=2\n' > user/s/env", as: alice)
            try expect(mount.probe("write", "wt", "user/s/env", "A=1\nB=2\nC=3\n", as: alice), "write E2BIG")
            try expect(mount.probe("write", "cwx", "user/s/vars/C", "x", as: alice), "open E2BIG")
            let refused = try mount.tacit("set", "user/s/vars/C", "-", as: alice, input: Data("x".utf8))
            #expect(refused.ending == .exited(1) && refused.complaint.contains("at most 2 variables"), "\(refused)")
            try expect(mount.must("cat user/s/env", as: alice), "A=1\nB=2")
            try mount.must("printf 'B=2\nC=3\nD=4\n' > acme/web/db/env", as: bob)
            try expect(mount.probe("write", "cwx", "acme/web/db/vars/E", "x", as: bob), "open E2BIG")
            try mount.must("echo x > acme/web/db/vars/E")
        }
    }

    @Test func `a full home takes nothing more, and what was deleted from it makes room`() throws {
        try withMount(options("home-size=1M,home-items=50")) { mount in
            try mount.must("mkdir user/s; head -c 900000 /dev/zero > user/s/files/a", as: alice)
            try expect(mount.probe("write", "cwt", "user/s/files/b", String(repeating: "x", count: 120_000), as: alice), "ok")
            try expect(mount.probe("write", "cwt", "user/s/files/c", String(repeating: "x", count: 120_000), as: alice), "write EDQUOT")
            let refused = try mount.tacit("add", "user/s/vars/A", "-", as: alice, input: Data(repeating: 0x78, count: 120_000))
            #expect(refused.ending == .exited(1) && refused.complaint.contains("a home holds at most 1048576 bytes"), "\(refused)")
            #expect(refused.complaint.contains("hint: tacit rm --purge"))
            try mount.must("mkdir user/s; head -c 1000000 /dev/zero > user/s/files/a", as: bob)
            try mount.tacit("rm", "user/s/files/a", as: alice).orThrow()
            try expect(mount.probe("write", "cwt", "user/s/files/c", String(repeating: "x", count: 120_000), as: alice), "ok")
            #expect(try mount.tacit("ls", "--deleted", as: alice).orThrow().text.contains("files/a") == false)
            #expect(try Command("grep", "-c", "destroyed to make room in its home", mount.audit).run().text == "1")
            // Items, too.
            let made = try mount.run("for i in $(seq 100); do mkdir user/d$i || exit 9; done", as: alice)
            #expect(made.ending == .exited(9) && made.complaint.contains("Disk quota exceeded"), "\(made)")
            try mount.must("rmdir .users/1001/d1")
        }
    }
}

/// Full disks: what only takes away succeeds, all else is ENOSPC, and when there is room it goes on.
@Suite struct FullDisks {
    /// A file system of its own, in memory, which goes with it.
    private final class Disk {
        let path: String

        init(_ path: String, _ size: String) throws {
            self.path = path
            try Command("mount", "-t", "tmpfs", "-o", "mode=700,size=\(size)", "tmpfs", path).run().orThrow()
        }

        deinit { _ = try? Command("umount", path).run() }
    }

    private let big = String(repeating: "x", count: 100_000)

    /// Writes as alice until there is no room, and gives what the last write said.
    private func fill(_ mount: Mount) throws -> String {
        for number in 0..<1000 {
            let answer = try mount.probe("write", "cwt", "user/s/files/\(number)", big, as: alice)
            if answer != "ok" { return answer }
        }
        return "ok"
    }

    /// What reading comes to when there is no room even in the last page of the log.
    private func lastRead(_ mount: Mount) throws -> String {
        let script = """
            import errno, os
            told = "ok"
            for turn in range(10000):
                try: os.close(os.open("acme/web/db/vars/A", os.O_RDONLY)); told = "ok"
                except OSError as error: told = "open " + errno.errorcode[error.errno]
                if told == "open EIO": break
            print(told)
            """
        return try mount.command(["python3", "-I", "-S", "-c", script], as: alice).run().orThrow().text
    }

    @Test func `a store on a full disk`() throws {
        var options = Mount.Options()
        options.words = ["-o", "home-size=0,reserve=1M"]
        let mount = try Mount(options)
        let disk = try Disk(mount.scratch.path + "/state", "16m")
        defer { withExtendedLifetime(disk) {} }
        try mount.initialize()
        try mount.start()
        try mount.makeSecret()
        try mount.shareSecret()
        try mount.must("mkdir user/s", as: alice)
        try expect(fill(mount), "close ENOSPC")
        for round in 0..<2 {
            // The last bytes; a stop leaves some free.
            _ = try mount.run("cat /dev/zero >> \(disk.path)/filler")
            try expect(mount.probe("write", "wt", "acme/web/db/vars/A", big, as: bob), "close ENOSPC")
            let refused = try mount.tacit("add", "acme/web/db/vars/B", "-", input: Data(big.utf8))
            #expect(refused.complaint.contains("hint: make room on the disk"), "\(refused)")
            // The log is on that disk too: nothing is handed out that can't be logged. (Later the kernel refuses her, and asks nobody.)
            if round == 0 { try expect(lastRead(mount), "open EIO") }
            let grants = try mount.tacit("grant", "acme/web/db/vars/A", "user:\(1010 + round)", "read")
            #expect(grants.ending == .exited(7), "\(grants)")
            try mount.tacit("revoke", "acme/web/db", round == 0 ? "user:1001" : "user:1002").orThrow()
            try mount.must("rm user/s/files/\(round)", as: alice)
            try mount.tacit("rm", "user/s/files/\(round + 2)", as: alice).orThrow()
            try mount.tacit("rm", "--purge", "user/s/files/\(round + 4)", as: alice).orThrow()
            // A restart does no harm, and helps as little.
            if round == 0 {
                try mount.stop()
                try mount.start()
            }
        }
        try mount.tacit("lock").orThrow()
        try mount.must("rm \(disk.path)/filler; rm .users/1001/s/files/*")
        try mount.tacit("unlock").orThrow()
        // The reserve is taken up again with the changes that follow, once there is room.
        try Command("mount", "-o", "remount,size=32m", disk.path).run().orThrow()
        try Wait.until("the reserve to be whole", seconds: 60) {
            try mount.must("echo new > acme/web/db/vars/A")
            return try Command("stat", "-c", "%s", mount.store + "-reserve").run().text == "1048576"
        }
        try mount.close()
    }

    @Test func `an audit log on a full disk`() throws {
        let log = try Scratch()
        let disk = try Disk(try log.folder("log"), "1m")
        defer { withExtendedLifetime((log, disk)) {} }
        var options = Mount.Options()
        options.words = ["-o", "reserve=1M"]
        options.audit = disk.path + "/audit.log"
        try withMount(options) { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            _ = try Command("sh", "-c", "cat /dev/zero > \(disk.path)/filler").run()
            try expect(lastRead(mount), "open EIO")
            try expect(mount.probe("write", "wt", "acme/web/db/vars/A", "x", as: bob).hasSuffix("ENOSPC"), true)
            try mount.tacit("revoke", "acme/web/db", "user:1002").orThrow()
            try mount.tacit("rm", "acme/web/db/files/f").orThrow()
            try mount.tacit("lock").orThrow()
            try Command("rm", disk.path + "/filler").run().orThrow()
            try mount.tacit("unlock").orThrow()
            try expect(mount.read("acme/web/db/vars/A", as: alice), "value of A")
            try mount.tacit("audit", "--verify").orThrow()
        }
    }
}
