// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// What mmap(2) and sendfile(2) show: pages that the kernel shares among all who have a file open.
@Suite struct SharedPages {
    private static let path = "acme/web/db/files/f"

    private func withValue(_ way: WayOfReading, _ test: (Mount) throws -> Void) throws {
        try withMount(way.options) { mount in
            try mount.makeSecret()
            try mount.grant("read", on: "acme/web/db", to: "user:1001")
            try mount.grant("read,write", on: "acme/web/db", to: "user:1002")
            try test(mount)
        }
    }

    /// Starts a script that has a function `sent`, which says what sendfile(2) sends of an open file, and a function `wait`, which says
    /// something and goes on at SIGUSR1.
    private func start(_ script: String, as user: TestUser, in mount: Mount) throws -> Child {
        let start = """
            import mmap, os, signal, socket, sys
            path = sys.argv[1]
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
            def wait(text):
                print(text, flush=True)
                signal.sigwait([signal.SIGUSR1])
            def sent(file):
                ours, theirs = socket.socketpair()
                try: os.sendfile(ours.fileno(), file, 0, 4096)
                except OSError as error: return os.strerror(error.errno)
                ours.close()
                return theirs.recv(4096).decode()

            """
        return try mount.command(["python3", "-c", start + script, Self.path], as: user).start()
    }

    /// Forty processes have the file open nearly all of the time, each for a moment, and hardly a moment is without one of them: it takes a
    /// pause that is made for them.
    @Test func `however many read, all are of the current version soon after nobody has an older one open`() throws {
        try withValue(.passthrough) { mount in
            let reading = try start(
                """
                import time
                readers = []
                for number in range(40):
                    readers.append(os.fork())
                    if readers[-1] == 0:
                        while True:
                            file = os.open(path, os.O_RDONLY)
                            time.sleep(0.02)
                            os.close(file)
                def shown():
                    file = os.open(path, os.O_RDONLY)
                    with mmap.mmap(file, 8, mmap.MAP_PRIVATE, mmap.PROT_READ) as mapping: text = mapping[:]
                    os.close(file)
                    return text.decode()
                for number in range(60):
                    wait("written %02d" % number if number else "reading")
                    while shown() != "value %02d" % number: time.sleep(0.01)
                print("current")
                for reader in readers: os.kill(reader, signal.SIGKILL)
                """, as: alice, in: mount)
            try reading.waitFor("reading")
            let end = Date(timeIntervalSinceNow: Wait.limit)
            for number in 0..<60 {
                try mount.store(String(format: "value %02d", number), in: Self.path)
                reading.signal(SIGUSR1)
                // All of them together: without the pauses, one comes by chance every now and then.
                let next = number < 59 ? String(format: "written %02d", number + 1) : "current"
                try reading.waitFor(next, seconds: max(end.timeIntervalSinceNow, 1))
            }
            try reading.wait().orThrow()
        }
    }

    /// In each way of reading the holder's open is one by requests: with passthrough, since bob has an older version open.
    @Test(arguments: WayOfReading.allCases)
    func `who has lost the right to read sees nothing that others have the kernel read`(way: WayOfReading) throws {
        try withValue(way) { mount in
            let older = try start("file = os.open(path, os.O_RDONLY); wait('held'); os.close(file); wait('closed')", as: bob, in: mount)
            try older.waitFor("held")
            try mount.must("printf second > \(Self.path)")
            let holder = try start(
                "file = os.open(path, os.O_RDONLY); wait('held'); print(sent(file)); wait('looked'); print(sent(file))", as: alice,
                in: mount)
            try holder.waitFor("held")
            try mount.tacit("revoke", "acme/web/db", "user:1001").orThrow()
            try mount.must("printf third > \(Self.path)")
            let reader = try start(
                """
                file = os.open(path, os.O_RDONLY)
                wait(sent(file))
                print(os.pread(file, 99, 0).decode())
                wait("read")
                wait(sent(file))
                """, as: bob, in: mount)
            // As sendfile(2) wants it, whereupon programs read(2).
            try reader.waitFor("Invalid argument")
            holder.signal(SIGUSR1)
            try holder.waitFor("looked")
            reader.signal(SIGUSR1)
            try reader.waitFor("third\nread")
            holder.signal(SIGUSR1)
            let lines = try holder.wait().lines
            expect(lines.filter { !["held", "looked", "Permission denied"].contains($0) }, [])
            reader.signal(SIGUSR1)
            try reader.waitFor("read\nthird")
            for child in [reader, older] { child.signal(SIGTERM) }
        }
    }

    @Test(arguments: WayOfReading.allCases) func `nobody sees what is not committed`(way: WayOfReading) throws {
        try withValue(way) { mount in
            let writer = try start(
                """
                file = os.open(path, os.O_RDWR)
                os.pwrite(file, b"VALUE", 0)
                wait(sent(file))
                wait(sent(file))
                os.close(file)
                wait("closed")
                """, as: bob, in: mount)
            // Its own bytes, while nobody else has it open.
            try writer.waitFor("VALUE of f")
            let reader = try start(
                "file = os.open(path, os.O_RDONLY); wait('held'); wait(sent(file)); wait(sent(file))", as: alice, in: mount)
            try reader.waitFor("held")
            writer.signal(SIGUSR1)
            try writer.waitFor("VALUE of f\nvalue of f")
            reader.signal(SIGUSR1)
            try reader.waitFor("held\nvalue of f")
            writer.signal(SIGUSR1)
            try writer.waitFor("closed")
            reader.signal(SIGUSR1)
            try reader.waitFor("VALUE of f")
            for child in [reader, writer] { child.signal(SIGTERM) }
        }
    }

    /// The kernel has pages of a file, and not of an open.
    @Test func `of what a job has, who opens it later sees no older version`() throws {
        try withValue(.requests) { mount in
            try mount.grant("read,run", on: "acme/web", to: "user:1001")
            let sign = try mount.scratch.file("sign", owner: 1001)
            let script = """
                import os, socket, sys, time
                def sent(file):
                    ours, theirs = socket.socketpair()
                    os.sendfile(ours.fileno(), file, 0, 4096)
                    ours.close()
                    return theirs.recv(4096).decode()
                for path in sys.argv[2:]:
                    older = os.open(path, os.O_RDONLY)
                    print("held", path, flush=True)
                    size = os.path.getsize(sys.argv[1])
                    while os.path.getsize(sys.argv[1]) == size: time.sleep(0.01)
                    newer = os.open(path, os.O_RDONLY)
                    sent(older)
                    print(sent(newer), flush=True)
                """
            let paths = ["job/vars/A", "job/files/f", "job/env"]
            var running = mount.command(
                ["tacit", "run", "--no-mask", "-p", "acme/web", "--", "python3", "-c", script, sign] + paths, as: alice)
            // The links to the job's files are made there.
            try mount.scratch.folder("home", mode: 0o1777)
            running.environment["HOME"] = mount.scratch.path + "/home"
            let job = try running.start()
            for (path, item) in zip(paths, ["vars/A", "files/f", "vars/A"]) {
                try job.waitFor("held \(path)")
                try mount.must("printf 'new \(path)' > acme/web/db/\(item); echo >> \(sign)")
            }
            let lines = try job.wait().orThrow().lines
            expect(lines.filter { !$0.hasPrefix("held") && !$0.isEmpty }, ["new job/vars/A", "new job/files/f", "A='new job/env'"])
        }
    }
}
