// SPDX-License-Identifier: MIT

@testable import FUSE
import Foundation
import Linux
import Synchronization
import Testing
import TestSupport

/// Many at once.
@Suite struct WorkerTests {
    /// Counts how many threads are inside, and can hold them there.
    private final class Gate: Sendable {
        struct State {
            var inside = 0
            var most = 0
            var isOpen = false
        }

        let state = Mutex(State())

        func pass() {
            state.withLock {
                $0.inside += 1
                $0.most = max($0.most, $0.inside)
            }
            while !state.withLock({ $0.isOpen }) { usleep(1000) }
            state.withLock { $0.inside -= 1 }
        }

        func open() {
            state.withLock { $0.isOpen = true }
        }
    }

    /// One user's requests that hang, of which there are far more than threads, hold up nobody else's.
    ///
    /// - Parameter operation: that hangs, for who asks for it first.
    private func hang(_ operation: String, _ script: String, while test: (Served) throws -> Void) throws {
        let gate = Gate()
        let files = MemoryFileSystem(pausing: { name, request in if name == operation, request?.uid == 1001 { gate.pass() } })
        try Served.run(files) { mount throws in
            defer { gate.open() }
            files.add("f", "contents")
            // Without bits for the group the kernel does not ask for the root's ACL at each path.
            files.state.withLock { $0.nodes[1]?.permissions = 0o707 }
            for number in 1...64 {
                files.add("w\(number)", "contents")
                files.add("d\(number)", type: .folder, permissions: 0o777)
            }
            let holder = try mount.command(["sh", "-c", "for i in $(seq 64); do { \(script); } & done; wait; echo done"], as: .user(1001))
                .start()
            try Wait.until("some hang", seconds: 120) { gate.state.withLock { $0.inside } >= 2 }
            try test(mount)
            // Nor has the one user more threads than are a user's.
            #expect(gate.state.withLock { $0.most } <= 2 * Readers.usual + 4)
            gate.open()
            #expect(try holder.wait(120).orThrow().text == "done")
        }
    }

    /// Opens and closes of a user who is late wait, and no thread with them: more of them than there are threads hold up nobody, and when
    /// they are not late any more, all are served.
    @Test(.timeLimit(.minutes(30))) func `who is late waits alone`() throws {
        try Served.run { mount throws in
            mount.files.add("f", "contents")
            mount.files.delays.withLock { $0[1001] = 20_000 }
            let script = "for i in $(seq 64); do cat f & done > /dev/null; echo began; wait; ls > /dev/null; echo x > g; echo done"
            let holder = try mount.command(["sh", "-c", script], as: .user(1001)).start()
            try holder.waitFor("began", seconds: 300)
            // What is looked for first is not late.
            try Wait.until("they look for it", seconds: 300) { mount.files.requests("lookup").contains { $0.uid == 1001 } }
            for _ in 0..<3 { try expectEverythingWorks(on: mount) }
            #expect(!mount.files.requests("open").contains { $0.uid == 1001 })
            mount.files.delays.withLock { $0 = [:] }
            var outcome = try holder.wait(300).orThrow().text
            #expect(outcome.hasSuffix("done"))
            #expect(mount.files.requests("open").count { $0.uid == 1001 } >= 64)
            // Nor do they hold up the end.
            mount.files.delays.withLock { $0[1001] = 20_000 }
            let last = try mount.command(["sh", "-c", "echo began; cat f"], as: .user(1001)).start()
            try last.waitFor("began", seconds: 300)
            mount.session.stop(patience: 300)
            outcome = try last.wait(300).text
            #expect(outcome.hasPrefix("began"))
        }
    }

    private func expectEverythingWorks(on mount: Served) throws {
        var command = mount.command(["sh", "-c", everything])
        command.limit = 300
        #expect(try command.run().orThrow().text == "done")
    }

    private let everything = """
        for i in 1 2 3 4 5 6 7 8; do
            head -c 8 f > /dev/null && ls > /dev/null && stat f > /dev/null && echo x > mine$i && mkdir m$i && mv m$i n$i && rmdir n$i && rm mine$i || exit
        done
        echo done
        """

    @Test(.timeLimit(.minutes(30)), arguments: ["open", "read"])
    func `hanging reads hold up nobody else`(operation: String) throws {
        try hang(operation, "head -c 8 w$i > /dev/null 2>&1") { mount throws in try expectEverythingWorks(on: mount) }
    }

    @Test(.timeLimit(.minutes(30)), arguments: ["flush", "mkdir", "write", "setattr"])
    func `hanging changes hold up nobody else`(operation: String) throws {
        let script =
            ["flush": "echo x > w$i", "write": "echo x > w$i", "mkdir": "mkdir d$i/x", "setattr": "truncate -s 3 w$i"][operation] ?? ""
        try hang(operation, script + " 2> /dev/null") { mount throws in try expectEverythingWorks(on: mount) }
    }

    /// A folder's lock is held for a request that waits: it is served before others of its user, so that others get at the folder.
    @Test(.timeLimit(.minutes(30))) func `what holds a folder does not wait for its users turn`() throws {
        try hang("open", "head -c 8 w$i > /dev/null 2>&1") { mount throws in
            // The same user looks names up while its opens hang, and root changes the folder.
            #expect(try mount.must("for i in 1 2 3; do [ ! -e absent$i ] || exit; done; echo done", as: .user(1001)) == "done")
            #expect(try mount.must("mkdir a && rmdir a && echo done") == "done")
        }
    }

    @Test(.timeLimit(.minutes(30))) func `sixty four processes`() throws {
        try Served.run { mount throws in
            let script = """
                for n in $(seq 64); do
                    (
                        mkdir d$n || exit
                        for i in 1 2 3 4 5; do
                            echo "$n $i" > d$n/f; read v < d$n/f; [ "$v" = "$n $i" ] || echo "$n: $v instead of $i"
                            mv d$n/f d$n/g; ls d$n > /dev/null; chmod 600 d$n/g; rm d$n/g
                        done
                        rmdir d$n
                    ) &
                done
                wait
                """
            var command = mount.command(["sh", "-c", script])
            command.limit = 100
            let outcome = try command.run().orThrow()
            #expect(outcome.text == "")
            #expect(outcome.complaint == "")
            #expect(try mount.must("ls") == "")
            // RELEASE is asked for by nobody, and comes at last.
            try Wait.until("all handles released", seconds: 10) { mount.files.state.withLock { $0.handles.isEmpty } }
            #expect(mount.files.requests("mkdir").count == 64)
        }
    }

    /// A handle whose opener is gone before the answer is released too.
    @Test(.timeLimit(.minutes(30))) func `interrupted callers leave nothing`() throws {
        let files = MemoryFileSystem { if $0 == "open" || $0 == "read" { usleep(20_000) } }
        try Served.run(files) { mount throws in
            files.add("f", "contents")
            try mount.must("for i in $(seq 40); do timeout -s KILL 0.01 head -c 8 f; done > /dev/null 2>&1; true")
            try Wait.until("all handles released", seconds: 10) { files.state.withLock { $0.handles.isEmpty } }
            #expect(try mount.must("head -c 8 f") == "contents")
        }
    }
}
