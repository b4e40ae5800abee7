// SPDX-License-Identifier: MIT

import FUSE
import Foundation
import Linux
import Synchronization
import Testing
import TestSupport

/// How a session ends.
@Suite struct StopTests {
    /// Stops, and returns when that has come to its end by itself.
    private func stop(_ session: Session, patience: Double) throws {
        let over = Over()
        DispatchQueue.global().async {
            session.stop(patience: patience)
            over.set()
        }
        try Wait.until("the stop", seconds: 300) { over.isSet }
    }

    private final class Over: Sendable {
        private let value = Atomic<Bool>(false)
        var isSet: Bool { value.load(ordering: .acquiring) }
        func set() { value.store(true, ordering: .releasing) }
    }

    @Test func `stop leaves nothing`() throws {
        try requireFUSE()
        let scratch = try Scratch()
        let point = try scratch.folder("mnt")
        let files = MemoryFileSystem()
        files.add("f", "contents")
        // Again and again on the same folder.
        for _ in 1...5 {
            let session = Session(mountpoint: point, allowOthers: true)
            try session.serve(files, ended: { Issue.record("ended by itself: \($0)") })
            #expect(try Command("cat", point + "/f").run().orThrow().text == "contents")
            session.stop()
            #expect(try mountLine(point) == nil)
            session.stop()
        }
    }

    /// The descriptor of `/dev/fuse`, the threads and the locked memory are gone with the session, and the file system too.
    @Test func `nothing is leaked`() throws {
        weak var files: MemoryFileSystem?
        weak var session: Session?
        try Served.run { mount throws in
            files = mount.files
            session = mount.session
            try mount.must("echo x > f; cat f")
        }
        try Wait.until("the file system is let go", seconds: 300) { files == nil && session == nil }
    }

    /// Somebody holds a file open, and somebody is in the folder: neither holds up the stop, and both get an error.
    @Test(.timeLimit(.minutes(30))) func `open files do not hold up`() throws {
        try requireFUSE()
        let scratch = try Scratch()
        let point = try scratch.folder("mnt", mode: 0o755)
        let files = MemoryFileSystem()
        files.add("f", "contents")
        let session = Session(mountpoint: point, allowOthers: true)
        try session.serve(files, ended: { _ in })
        defer { session.stop() }
        let script = """
            cd \(point); exec 3< f; exec 4> g; echo ready
            until [ -e \(scratch.path)/go ]; do sleep 0.01; done
            cat <&3; echo x >&4; ls
            """
        let holder = try Command("sh", "-c", script).start()
        try holder.waitFor("ready")
        // Nothing is to end it but that there is nothing to wait for.
        try stop(session, patience: 80_000)
        #expect(try mountLine(point) == nil)
        try scratch.file("go")
        let outcome = try holder.wait()
        #expect(outcome.ending != .timedOut)
        #expect(outcome.text == "ready")
        #expect(outcome.complaint.components(separatedBy: "endpoint is not connected").count == 4)
    }

    /// What is being answered when the session stops is answered.
    @Test(.timeLimit(.minutes(30))) func `requests in progress are finished`() throws {
        let isInside = Atomic<Bool>(false)
        let files = MemoryFileSystem {
            if $0 == "read" {
                isInside.store(true, ordering: .relaxed)
                usleep(500_000)
            }
        }
        try requireFUSE()
        let scratch = try Scratch()
        let point = try scratch.folder("mnt")
        files.add("f", "contents")
        let session = Session(mountpoint: point, allowOthers: true)
        try session.serve(files, ended: { _ in })
        defer { session.stop() }
        files.state.withLock { $0.openReply.noFlush = true }
        let reader = try Command("head", "-c", "8", point + "/f").start()
        try Wait.until("a READ", seconds: 300) { isInside.load(ordering: .relaxed) }
        session.stop(patience: 300)
        #expect(try reader.wait().orThrow().text == "contents")
    }

    /// An operation that hangs: the stop gives up on it, its caller gets an error, and nothing breaks when it returns.
    @Test(.timeLimit(.minutes(30))) func `hanging operations do not hold up`() throws {
        let isOpen = Atomic<Bool>(false)
        let inside = Atomic<Int>(0)
        let files = MemoryFileSystem {
            guard $0 == "read" else { return }
            inside.add(1, ordering: .relaxed)
            while !isOpen.load(ordering: .relaxed) { usleep(1000) }
            inside.subtract(1, ordering: .relaxed)
        }
        try requireFUSE()
        let scratch = try Scratch()
        let point = try scratch.folder("mnt")
        files.add("f", "contents")
        let session = Session(mountpoint: point, allowOthers: true)
        try session.serve(files, ended: { _ in })
        defer { isOpen.store(true, ordering: .relaxed) }
        let readers = try (1...3).map { _ in try Command("cat", point + "/f").start() }
        try Wait.until("three READs", seconds: 300) { inside.load(ordering: .relaxed) == 3 }
        try stop(session, patience: 0.5)
        #expect(inside.load(ordering: .relaxed) == 3)
        for reader in readers {
            let outcome = try reader.wait(300)
            #expect(outcome.ending == .exited(1))
            #expect(outcome.complaint.contains("Software caused connection abort"))
        }
        isOpen.store(true, ordering: .relaxed)
        try Wait.until("the operations return", seconds: 300) { inside.load(ordering: .relaxed) == 0 }
        usleep(100_000)
    }

    /// A stop in the middle of everything.
    @Test(.timeLimit(.minutes(30))) func `stop under load`() throws {
        try requireFUSE()
        for _ in 1...10 {
            let scratch = try Scratch()
            let point = try scratch.folder("mnt")
            let files = MemoryFileSystem()
            files.add("f", "contents")
            files.state.withLock { state in
                state.changes["flush"] = { _ in [.contents(2), .entry(parent: 1, name: Array("f".utf8))] }
            }
            let session = Session(mountpoint: point, allowOthers: true)
            try session.serve(files, ended: { Issue.record("ended by itself: \($0)") })
            let loops = try (1...6).map { number in
                try Command(
                    "sh", "-c", "cd \(point); echo ready; while :; do echo x > g\(number) && cat f && rm g\(number) || exit 0; done"
                )
                .start()
            }
            for loop in loops { try loop.waitFor("contents") }
            try stop(session, patience: 80_000)
            for loop in loops { #expect(try loop.wait(300).ending == .exited(0)) }
            #expect(try mountLine(point) == nil)
        }
    }

    /// Somebody else unmounts: the program is told.
    @Test(.timeLimit(.minutes(30))) func `unmounted by others`() throws {
        let hasEnded = Atomic<Int>(0)
        try Served.run(ended: { _ in hasEnded.add(1, ordering: .relaxed) }) { mount throws in
            try Command("umount", mount.point).run().orThrow()
            try Wait.until("ended", seconds: 300) { hasEnded.load(ordering: .relaxed) == 1 }
            // Something else is mounted there meanwhile, which is none of our business.
            try Command("mount", "-t", "tmpfs", "tmpfs", mount.point).run().orThrow()
            mount.session.stop()
            #expect(try mountLine(mount.point)?.contains(" tmpfs ") == true)
            try Command("umount", mount.point).run().orThrow()
        }
        #expect(hasEnded.load(ordering: .relaxed) == 1)
    }

    /// A mount on top of ours is not unmounted in its place.
    @Test func `mounts on top stay`() throws {
        try Served.run { mount throws in
            try Command("mount", "-t", "tmpfs", "tmpfs", mount.point).run().orThrow()
            mount.session.stop()
            #expect(try mountLine(mount.point)?.contains(" tmpfs ") == true)
            try Command("umount", mount.point).run().orThrow()
            try Command("umount", "-l", mount.point).run().orThrow()
        }
    }
}
