// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// "Running the daemon".
@Suite struct Daemon {
    @Test func `init makes a store and its keys, and touches nothing that exists`() throws {
        let mount = try Mount()
        try mount.initialize()
        let state = mount.scratch.path + "/state"
        try expect(
            Command("sh", "-c", "cd \(state); stat -c '%a %u %n' *").run().text, "400 0 node.key\n400 0 root.key\n600 0 tacit.db")
        let before = try Command("sh", "-c", "cd \(state); sha256sum *").run().text
        for words in [
            ["--store", mount.store, "--key-file", mount.key], ["--store", mount.store, "--key-file", state + "/other.key"],
            ["--store", state + "/other.db", "--key-file", mount.key],
            ["--store", state + "/other/db", "--node-key", state + "/node.key", "--key-file", state + "/k"],
        ] {
            let outcome = try Command([mount.scratch.path + "/tacit", "init"] + words).run()
            #expect(!outcome.succeeded && outcome.complaint.contains("exists"), "\(outcome)")
        }
        try expect(Command("sh", "-c", "cd \(state); sha256sum *").run().text, before)
    }

    @Test func `goes to the background when the mount answers`() throws {
        let mount = try Mount()
        try mount.initialize()
        let words = mount.daemonWords().filter { $0 != "-f" }
        // A daemon that kept the terminal would keep the command substitution from ending.
        let outcome = try Command(["sh", "-c", "out=$(\"$@\" 2>&1); echo \"$? $out\"; stat -c %i \(mount.point)", "sh"] + words)
            .run()
        defer { _ = try? Command("umount", mount.point).run() }
        expect(outcome.text, "0 \n1")
        #expect(mount.answers)
        // An unmount ends it.
        try Command("umount", mount.point).run().orThrow()
        try Wait.until("the socket to go", seconds: 10) { !FileManager.default.fileExists(atPath: mount.socket) }
    }

    @Test func `tells systemd when it is ready, and when it stops`() throws {
        let mount = try Mount()
        try mount.initialize()
        let socket = mount.scratch.path + "/notify"
        let listening = try Command(
            "python3", "-I", "-S", "-c",
            """
            import socket, sys
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); s.settimeout(20); print("bound", flush=True)
            while True:
                m = s.recv(4096).decode(); print(m, flush=True)
                if "STOPPING" in m: break
            """, socket
        ).start()
        try listening.waitFor("bound")
        try mount.start(["env", "NOTIFY_SOCKET=\(socket)"] + mount.daemonWords())
        try listening.waitFor("READY=1")
        try mount.stop()
        try listening.waitFor("STOPPING=1")
        _ = try listening.wait()
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `a signal unmounts and ends it with 0`(signal: Int32) throws {
        let mount = try Mount()
        try mount.initialize()
        try mount.start()
        try mount.makeSecret()
        // Also while somebody is in it.
        let inside = try mount.command(["sh", "-c", "exec 3> acme/web/db/vars/B; echo in; sleep 60"]).start()
        try inside.waitFor("in")
        try expect(mount.crash(signal), .exited(0))
        #expect(!mount.isMounted)
        #expect(!FileManager.default.fileExists(atPath: mount.socket))
        try mount.start()
        try expect(mount.must("ls acme/web/db/vars"), "A")
        try mount.close()
    }

    @Test func `a stale mount left by a crash is cleared at the next start`() throws {
        let mount = try Mount()
        try mount.initialize()
        try mount.start()
        try mount.makeSecret()
        try expect(mount.crash(), .signalled(SIGKILL))
        #expect(mount.isMounted && !mount.answers)
        try mount.start()
        try expect(mount.must("ls acme/web/db/vars"), "A")
        try expect(Command("grep", "-c", " \(mount.point) ", "/proc/mounts").run().text, "1")
        try mount.close()
    }

    @Test func `a second daemon is refused clearly`() throws {
        try withMount { mount in
            let other = try mount.scratch.folder("other", mode: 0o755)
            func start(_ words: [String]) throws -> Outcome {
                var command = Command([mount.scratch.path + "/tacitd", "-f"] + words)
                command.limit = 15
                return try command.run()
            }
            let keys = ["--key-file", mount.key, "--audit", mount.scratch.path + "/audit2"]
            // On the same socket; on the same store; on the same mountpoint.
            let sameSocket = try start(["--store", mount.store, "--socket", mount.socket] + keys + [other])
            #expect(sameSocket.ending == .exited(1) && sameSocket.complaint.hasPrefix("tacitd: another tacitd"), "\(sameSocket)")
            let sameStore = try start(["--store", mount.store, "--socket", mount.scratch.path + "/s2"] + keys + [other])
            #expect(sameStore.ending == .exited(1) && sameStore.complaint.contains("store"), "\(sameStore)")
            let second = mount.scratch.path + "/second"
            try Command(mount.scratch.path + "/tacit", "init", "--store", second + "/db", "--key-file", second + "/key").run()
                .orThrow()
            let samePoint = try start([
                "--store", second + "/db", "--key-file", second + "/key", "--socket", second + "/s", mount.point,
            ])
            #expect(samePoint.ending == .exited(1) && samePoint.complaint.contains(mount.point), "\(samePoint)")
            try mount.make("acme")
            try expect(Command("grep", "-c", " \(mount.scratch.path)/", "/proc/mounts").run().text, "1")
        }
    }

    @Test func `wrong options and missing things are told in a line, with what to do`() throws {
        let mount = try Mount()
        let tacitd = mount.scratch.path + "/tacitd"
        for (words, status, said) in [
            ([], 2, "mountpoint"), (["--no-such-option", "/mnt"], 2, "no-such-option"),
            (["-o", "nonsense", "/mnt"], 2, "nonsense"),
            (["--max-value", "17M", "--store", mount.store, mount.point], 2, "17M"), (["--store"], 2, "store"),
            (["--store", mount.store, "--socket", mount.socket, mount.point], 1, "no store"),
        ] as [([String], Int32, String)] {
            let outcome = try Command([tacitd] + words).run()
            #expect(outcome.ending == .exited(status), "\(outcome)")
            #expect(outcome.complaint.hasPrefix("tacitd: ") && outcome.complaint.contains(said), "\(outcome)")
            #expect(outcome.bytes.isEmpty)
        }
        try mount.initialize()
        for (words, said) in [
            (["--key-file", mount.key, mount.scratch.path + "/nowhere"], "nowhere"),
            (["--key-file", mount.store, mount.point], "key"),
        ] {
            let outcome = try Command(
                [tacitd, "-f", "--store", mount.store, "--socket", mount.socket, "--audit", mount.audit] + words
            ).run()
            #expect(
                outcome.ending == .exited(1) && outcome.complaint.hasPrefix("tacitd: ") && outcome.complaint.contains(said),
                "\(outcome)")
            #expect(!mount.isMounted)
        }
        for program in ["tacit", "tacitd"] {
            for option in ["--help", "--version"] {
                let outcome = try Command(mount.scratch.path + "/" + program, option).run()
                #expect(outcome.succeeded && outcome.complaint == "" && outcome.text.contains("tacit"), "\(outcome)")
            }
        }
        // No daemon: the command says so.
        let outcome = try mount.tacit("status")
        #expect(outcome.ending == .exited(6) && outcome.complaint.hasPrefix("tacit: "), "\(outcome)")
    }

    @Test func `mounts as mount(8) asks it to, from an entry of fstab`() throws {
        let mount = try Mount()
        try mount.initialize()
        let options = "rw,nofail,x-systemd.automount,key-file=\(mount.key),socket=\(mount.socket),audit=\(mount.audit)"
        defer { _ = try? Command("umount", mount.point).run() }
        try Command(mount.scratch.path + "/tacitd", mount.store, mount.point, "-o", options).run().orThrow()
        #expect(mount.answers)
        try expect(mount.tacit("status").orThrow().text.contains(mount.store), true)
    }

    @Test func `a user mounts without root: all in the user's own folders, for nobody else`() throws {
        var options = Mount.Options()
        options.owner = games
        try withMount(options) { mount in
            try mount.command(["mkdir", "-p", "acme/web/db"], as: games).run().orThrow()
            try mount.must("echo s3cret > acme/web/db/vars/A; mkdir user/mail; echo x > user/mail/vars/A", as: games)
            // fusermount3 wants its user to have a name. There is nobody else, so they need no grant, outside of a job nor for one.
            try expect(mount.read("user/mail/vars/A", as: games), "x")
            try expect(mount.read("acme/web/db/vars/A", as: games), "s3cret")
            let job = try mount.tacit(
                "run", "--no-files", "--no-mask", "-p", "acme/web", "--", "sh", "-c", "echo $A; cat job/vars/A", as: games)
            expect(job.text, "s3cret\ns3cret")
            try expect(mount.must("grep \" $PWD \" /proc/mounts | grep -c allow_other || :", as: games), "0")
            for caller in [bob, TestUser.root] {
                try expect(Command("setpriv", "--reuid=\(caller.uid)", "ls", mount.point).run().succeeded, false)
            }
            try expect(Command("stat", "-c", "%a %u", mount.socket).run().text, "600 5")
        }
        // With nothing but XDG's variables, as from a login.
        let mount = try Mount(options)
        let home = try mount.scratch.folder("home", owner: 5)
        let run = try mount.scratch.folder("xdg", owner: 5)
        var command = Command([
            "sh", "-ec",
            """
            tacit init > /dev/null
            mkdir "$HOME/secrets"
            tacitd "$HOME/secrets"
            trap 'fusermount3 -u "$HOME/secrets"' EXIT
            mkdir "$HOME/secrets/user/mail"
            echo s3cret > "$HOME/secrets/user/mail/vars/PASSWORD"
            cat "$HOME/secrets/user/mail/vars/PASSWORD"; echo
            tacit status | grep -c "$HOME/secrets"
            find "$HOME" "$XDG_RUNTIME_DIR" -xdev -type f -o -type s | sort
            """,
        ])
        command.caller = games
        command.environment = [
            "HOME": home, "XDG_RUNTIME_DIR": run, "XDG_DATA_HOME": home + "/data", "XDG_CONFIG_HOME": home + "/config",
            "PATH": mount.scratch.path + ":/usr/bin:/bin",
        ]
        let outcome = try command.run()
        try expect(
            outcome.orThrow().lines.filter { !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") },
            [
                "s3cret", "1", home + "/config/tacit/root.key", home + "/data/tacit/audit.log", home + "/data/tacit/node.key",
                home + "/data/tacit/tacit.db", home + "/data/tacit/tacit.db-reserve",
                run + "/tacit/tacit.sock",
            ])
    }
}
