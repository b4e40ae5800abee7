// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// What one user does must not hang or starve another (tacit-tree.7, tacitd.8).
///
/// Nothing here is told by time: what is held is held until the test lets go, and who is first is read from the audit log.
@Suite struct Attacks {
    private let generous = 300.0

    private func must(_ script: String, on mount: Mount, as caller: TestUser = .root) throws -> String {
        var command = mount.command(["sh", "-c", script], as: caller)
        command.limit = generous
        return try command.run().orThrow().text
    }

    /// The daemon reads nothing about a caller that the caller can hold up: here, about its descriptors.
    @Test func `a process whose epoll instance is locked for ever holds up nobody`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try mount.must("mkdir user/own; printf first > user/own/vars/Z", as: alice)
            let attack = try mount.command([
                "probe", "stall-epoll", "1001", "user/own/vars/Z".replacing("user/", with: ".users/1001/"), "32",
            ]).start()
            try attack.waitFor("asked", seconds: generous)
            try expect(must("cat acme/web/db/vars/A", on: mount, as: alice), "value of A")
            try expect(must("echo x > acme/web/db/vars/B && ls acme/web/db/vars", on: mount), "A\nB")
            attack.signal(SIGKILL)
            _ = try attack.wait()
        }
    }

    /// A listing that never ends keeps its folder locked. Names that others change are removed there all the same, and elsewhere
    /// nobody notices.
    @Test func `a folder that somebody keeps locked holds up nobody else's changes`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try mount.make("acme/web/other")
            try mount.grant("read,write", on: "acme/web/other", to: "user:1002")
            try mount.store("value of C", in: "acme/web/db/vars/C")
            try mount.must("cat acme/web/db/vars/A acme/web/db/vars/C; ls acme/web/db/vars")
            let attack = try mount.command(["probe", "stall-list", "1001", "acme/web/db/vars"]).start()
            try attack.waitFor("stalling", seconds: generous)
            // In that folder, by the socket; and the answer comes although the kernel can't be told.
            for name in ["A", "C"] { _ = try must("tacit rm acme/web/db/vars/\(name)", on: mount) }
            // Elsewhere, in every way.
            try expect(
                must(
                    """
                    for i in 1 2 3 4 5; do
                        echo $i > acme/web/other/vars/V$i && printf 'E%s=1\\n' $i >> acme/web/other/env && cat acme/web/other/vars/E$i > /dev/null &&
                        rm acme/web/other/vars/V$i || exit
                    done
                    ls acme/web/other/vars | tr '\\n' ' '
                    """, on: mount, as: bob), "E1 E2 E3 E4 E5 ")
            _ = try must("tacit set acme/web/other N=1 && tacit rm acme/web/other/vars/N", on: mount)
            attack.signal(SIGKILL)
            _ = try attack.wait()
            // The kernel is told at last.
            try Wait.until("the names to go", seconds: generous) {
                try must("ls acme/web/db/vars; for f in A C; do [ ! -e acme/web/db/vars/$f ] || echo $f; done", on: mount) == ""
            }
        }
    }

    /// Sixteen processes that do nothing but what takes long: another user's request is served after those that are being served, not
    /// after all that wait. In turns by arrival it would be sixteen to one.
    @Test(arguments: ["open", "write"])
    func `long requests of one user do not delay another's`(kind: String) throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.grant("read,write", on: "acme/web/db", to: "user:1002")
            let variables = 800
            let fill = "mkdir user/own; i=0; while [ $i -lt \(variables) ]; do echo \"A$i=1\"; i=$((i + 1)); done > user/own/env"
            _ = try must(fill, on: mount, as: alice)
            let script = """
                import os, sys
                lines = b"".join(b"A%d=%d\\n" % (i, os.getpid()) for i in range(\(variables)))
                print("began", flush=True)
                while True:
                    if sys.argv[1] == "open": os.close(os.open("user/own/env", os.O_RDONLY))
                    else:
                        f = os.open("user/own/env", os.O_WRONLY | os.O_TRUNC); os.write(f, lines); os.close(f)
                """
            let attackers = try (0..<16).map { _ in try mount.command(["python3", "-I", "-S", "-c", script, kind], as: alice).start() }
            defer { for attacker in attackers { attacker.signal(SIGKILL) } }
            for attacker in attackers { try attacker.waitFor("began", seconds: generous) }
            let victim = """
                import os, sys
                def turn(i):
                    if sys.argv[1] == "open": os.close(os.open("acme/web/db/vars/A", os.O_RDONLY))
                    else:
                        f = os.open("acme/web/db/vars/B", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600); os.write(f, b"%d" % i); os.close(f)
                for i in range(40): turn(i)
                """
            var command = mount.command(["python3", "-I", "-S", "-c", victim, kind], as: bob)
            command.limit = generous
            try command.run().orThrow()
            for attacker in attackers { attacker.signal(SIGKILL) }
            for attacker in attackers { _ = try attacker.wait() }
            // What was answered, in its order: the attackers' lines between the victim's first and last.
            // Of a change of `env`, which has one for each variable, the first.
            let lines = try mount.auditLog().filter { line in
                let reference = line["ref"] as? String ?? ""
                return line["action"] as? String == kind && (line["uid"] as? Int == 1002 || kind == "open" || reference.hasSuffix("/A0"))
            }
            let uids = lines.map { ($0["uid"] as? Int) ?? -1 }
            let first = try #require(uids.firstIndex(of: 1002)), last = try #require(uids.lastIndex(of: 1002))
            let own = uids.filter { $0 == 1002 }
            let between = uids[first...last].filter { $0 == 1001 }.count
            #expect(own.count >= 40)
            #expect(between < own.count * 8, "\(between) of the others' to \(own.count)")
        }
    }
}

/// How the daemon ends when the mount is taken from it.
@Suite struct LostMounts {
    private func end(_ name: String, _ script: String, says: String) throws {
        var options = Mount.Options()
        options.expectedOutput = ["is not served any more"]
        let mount = try Mount(options)
        try mount.initialize()
        try mount.start()
        try mount.makeSecret()
        try Command("sh", "-c", script.replacing("POINT", with: mount.point).replacing("SCRATCH", with: mount.scratch.path)).run().orThrow()
        let daemon = try #require(mount.daemon)
        expect(daemon.end(within: 300), .exited(3), "\(name)")
        #expect(mount.printed.contains("tacitd: \(mount.point) is not served any more: \(says)"), "\(name): \(mount.printed)")
        // Nothing is in the way of the next start.
        try mount.start()
        try expect(mount.must("ls acme/web/db/vars"), "A")
        try mount.close()
    }

    @Test func `systemd starts a daemon again that has lost its mount`() throws {
        let unit = try String(contentsOfFile: FileManager.default.currentDirectoryPath + "/contrib/systemd/tacit.service", encoding: .utf8)
        let lines = unit.split(separator: "\n")
        #expect(lines.contains("Restart=on-failure"))
        let prevented = try #require(lines.first { $0.hasPrefix("RestartPreventExitStatus=") }).split(separator: "=").last ?? ""
        #expect(!prevented.split(separator: " ").contains("3"))
    }

    @Test func `an unmounted, an aborted and a forcibly unmounted tree end the daemon with 3`() throws {
        try end("umount", "umount POINT", says: "somebody unmounted it")
        // Busy: it stays, and answers nothing.
        try end("umount -f", "cd POINT; umount -f POINT; true", says: "its connection to the kernel was aborted")
        try end(
            "abort",
            """
            mkdir SCRATCH/connections; mount -t fusectl fusectl SCRATCH/connections
            echo 1 > SCRATCH/connections/$(stat -c %d POINT)/abort; status=$?; umount SCRATCH/connections; exit $status
            """, says: "its connection to the kernel was aborted")
    }
}
