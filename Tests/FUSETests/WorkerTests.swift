import FUSE
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

    /// Requests that take long are served side by side, up to the bound, and the rest in turn.
    @Test(.timeLimit(.minutes(30))) func workersGrowToTheBound() throws {
        let gate = Gate()
        let files = MemoryFileSystem { if $0 == "read" { gate.pass() } }
        try Served.run(files) { mount throws in
            files.add("f", "contents")
            let readers = try mount.command(["sh", "-c", "for i in $(seq 24); do head -c 8 f & done; wait"]).start()
            try Wait.until("sixteen readers", seconds: 20) { gate.state.withLock { $0.inside } == 16 }
            // No seventeenth comes.
            usleep(200_000)
            #expect(gate.state.withLock { $0.most } == 16)
            gate.open()
            #expect(try readers.wait().orThrow().text == String(repeating: "contents", count: 24))
        }
    }

    @Test(.timeLimit(.minutes(30))) func sixtyFourProcesses() throws {
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
    @Test(.timeLimit(.minutes(30))) func interruptedCallersLeaveNothing() throws {
        let files = MemoryFileSystem { if $0 == "open" || $0 == "read" { usleep(20_000) } }
        try Served.run(files) { mount throws in
            files.add("f", "contents")
            try mount.must("for i in $(seq 40); do timeout -s KILL 0.01 head -c 8 f; done > /dev/null 2>&1; true")
            try Wait.until("all handles released", seconds: 10) { files.state.withLock { $0.handles.isEmpty } }
            #expect(try mount.must("head -c 8 f") == "contents")
        }
    }
}
