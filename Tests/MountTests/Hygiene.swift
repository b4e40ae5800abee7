// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// No value reaches the store's files, the log, the daemon's output or a core file, and keys stay out of the swap.
@Suite struct Hygiene {
    /// A value, half of it at a time so that it's in no file of the project.
    private let canary = ["kanarienvogel", "geheimnis"].joined(separator: "-")

    /// Whether any file below the mount's folder, the mount itself apart, holds the canary in one of these forms.
    private func findings(_ mount: Mount) throws -> String {
        let base64 = Data(canary.utf8).base64EncodedString().dropLast(4)
        let hex = canary.utf8.map { String($0, radix: 16) }.joined()
        return try mount.must(
            """
            find $SCRATCH -xdev -path $SCRATCH/secrets -prune -o -type f ! -name tacitd ! -name tacit ! -name probe -print |
            xargs grep -l -a -i -e '\(canary)' -e '\(base64)' -e '\(hex)' || :
            """)
    }

    /// Writes, reads, refuses and fails with the canary in all places that take a value.
    private func useCanary(_ mount: Mount) throws {
        try mount.makeSecret()
        try mount.grant("read,write", on: "acme", to: "user:1001")
        for path in ["acme/web/db/vars/A", "acme/web/db/files/f"] {
            try mount.store(canary, in: path)
            try expect(mount.read(path, as: alice), canary)
            _ = try mount.read(path, as: alice)
            try expect(mount.probe("read", path, as: mallory), "open EACCES")
            try expect(mount.probe("write", "a", path, canary, as: alice), "ok")
            _ = try mount.command(["probe", "die", "9", "wct", path, canary], as: alice).run()
        }
        try mount.store("B=\(canary)\n", in: "acme/web/db/env")
        _ = try mount.read("acme/web/db/env", as: alice)
        try expect(mount.probe("write", "wct", "acme/web/db/env", "no line \(canary)\\n", as: alice), "write EINVAL")
        try expect(mount.probe("write", "wct", "acme/web/db/vars/B", "\\0\(canary)", as: alice), "write EINVAL")
        try mount.tacit("lock").orThrow()
        try expect(mount.probe("write", "wct", "acme/web/db/vars/B", canary, as: alice), "ok")
        try expect(mount.probe("read", "acme/web/db/vars/B", as: alice), "open ENOKEY")
    }

    @Test func `a canary value is nowhere outside the mount`() throws {
        try withMount { mount in
            try useCanary(mount)
            try expect(findings(mount), "")
            // The search would find it: in a file, and the WAL is among those searched.
            try mount.scratch.file("planted", Data("x\(canary)x".utf8))
            try expect(findings(mount), mount.scratch.path + "/planted")
            try mount.must("rm $SCRATCH/planted")
            #expect(try mount.must("find $SCRATCH/state -name '*-wal' -size +0") != "")
            try mount.stop()
            try expect(findings(mount), "")
        }
    }

    @Test(arguments: [SIGSEGV, SIGABRT, SIGILL, SIGBUS])
    func `a crash prints no secret and leaves no core`(signal: Int32) throws {
        let mount = try Mount()
        try mount.initialize()
        // As a careless shell would start it: with cores allowed and a backtrace asked for.
        try mount.start(
            ["sh", "-c", "ulimit -c unlimited; SWIFT_BACKTRACE=enable=yes,registers=all exec \"$0\" \"$@\""] + mount.daemonWords())
        try useCanary(mount)
        try mount.tacit("unlock").orThrow()
        let holder = try mount.command(["sh", "-c", "exec 3< acme/web/db/vars/B; echo open; sleep 60"], as: alice).start()
        try holder.waitFor("open")
        try expect(mount.crash(signal), .signalled(signal))
        try expect(findings(mount), "")
        try expect(mount.must("find $SCRATCH -xdev -path $SCRATCH/secrets -prune -o -name '*core*' -print").isEmpty, true)
        #expect(!mount.printed.contains("rax") && !mount.printed.contains(" at /"), "\(mount.printed)")
    }

    @Test func `keys are locked in memory, and no other process may look`() throws {
        try withMount { mount in
            try mount.makeSecret()
            let pid = try #require(mount.daemon).pid
            let locked = try mount.must("awk '/^VmLck/ {print $2}' /proc/\(pid)/status")
            #expect((Int(locked) ?? 0) > 0)
            try expect(mount.must("grep 'Max core file size' /proc/\(pid)/limits | tr -s ' '"), "Max core file size 0 0 bytes ")
            try expect(mount.must("tr '\\0' '\\n' < /proc/\(pid)/environ | grep -c TACIT_SOCKET"), "1")
        }
    }

    @Test func `nobody but root may look into a user's daemon, not even the user`() throws {
        var options = Mount.Options()
        options.owner = games
        try withMount(options) { mount in
            let pid = try #require(mount.daemon).pid
            // A process that isn't dumpable has root's files in /proc, and can't be traced by its own user.
            try expect(Command("stat", "-c", "%u", "/proc/\(pid)/environ").run().text, "0")
            for file in ["environ", "mem", "maps"] {
                #expect(!(try mount.command(["cat", "/proc/\(pid)/\(file)"], as: games).run().succeeded), "\(file)")
            }
        }
    }

    @Test func `without locked memory it does not start, and says which limit to raise`() throws {
        let mount = try Mount()
        try mount.initialize()
        var command = Command(
            ["setpriv", "--reuid=1001", "--regid=1001", "--clear-groups", "--", "sh", "-c", "ulimit -l 0; exec \"$0\" \"$@\""]
                + [
                    mount.scratch.path + "/tacitd", "--init", "--store", mount.scratch.path + "/none", "--key-file",
                    mount.scratch.path + "/key",
                ])
        command.limit = 20
        let outcome = try command.run()
        #expect(outcome.ending == .exited(1) && outcome.complaint.contains("RLIMIT_MEMLOCK"), "\(outcome)")
    }
}
