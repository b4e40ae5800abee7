import Foundation
import TestSupport
import Testing

/// Many readers and writers of few files, in every way there is, while pages are taken from under them. stress.c says what must hold.
@Suite struct Stress {
    /// For how long, `TACIT_STRESS` in the environment. Seconds.
    static let seconds = Int(ProcessInfo.processInfo.environment["TACIT_STRESS"] ?? "") ?? 8

    @Test func `64 readers and 16 writers of few files, and every read is one whole version`() throws {
        // The daemon's page cache, and so what it stores there, is reclaimed all the time.
        let pressure = try Pressure()
        let mount = try Mount()
        try mount.initialize()
        try mount.start()
        try mount.make("acme/web/db", "acme/web/e")
        try mount.grant("read,write", on: "acme", to: "user:1001")
        if let daemon = mount.daemon { try pressure.add(daemon.pid) }
        var beside: [Child] = [
            try mount.command(["sh", "-c", "while sleep 0.7; do echo 3 > /proc/sys/vm/drop_caches; done"]).start(),
            try mount.command(["sh", "-c", pressure.hog(in: mount.scratch.path)]).start(),
        ]
        var command = mount.command(
            ["probe", "stress", "\(Stress.seconds)", "64", "16", "acme/web/db/vars/A", "acme/web/db/files/a", "acme/web/db/files/b", "acme/web/e/env"],
            as: alice)
        command.limit = Double(Stress.seconds) + 90
        let outcome = try command.run()
        // They end with their owner.
        beside.removeAll()
        #expect(outcome.text == "ok", "\(outcome)")
        try mount.tacit("audit", "--verify").orThrow()
        try mount.close()
        try pressure.remove()
    }
}

/// A control group with little memory, and a program in it that wants more.
private struct Pressure {
    private let folder: String?
    /// The daemon locks some MiB, and needs as much again.
    private static let bytes = 96 << 20

    /// In whichever hierarchy has the memory controller; where none can be had, says so, and there is no pressure.
    init() throws {
        let name = "tacit-test-\(UUID().uuidString.prefix(8))"
        for (root, limit) in [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")] {
            let folder = "\(root)/\(name)"
            guard unsafe mkdir(folder, 0o755) == 0 else { continue }
            if FileManager.default.fileExists(atPath: "\(folder)/\(limit)") {
                try Command("sh", "-c", "echo \(Self.bytes) > \(folder)/\(limit)").run().orThrow()
                self.folder = folder
                return
            }
            unsafe rmdir(folder)
        }
        print("no control group with a memory limit can be made here: the stress runs without memory pressure")
        folder = nil
    }

    func add(_ process: Int32) throws {
        guard let folder else { return }
        try Command("sh", "-c", "echo \(process) > \(folder)/cgroup.procs").run().orThrow()
    }

    /// A script that joins the group and reads more than it has room for, over and over.
    func hog(in scratch: String) -> String {
        guard let folder else { return "exec sleep infinity" }
        return """
            echo $$ > \(folder)/cgroup.procs
            head -c 134217728 /dev/zero > \(scratch)/hog
            while :; do cat \(scratch)/hog > /dev/null; sleep 0.1; done
            """
    }

    /// Its processes must have ended.
    func remove() throws {
        guard let folder else { return }
        try Wait.until("the control group is empty", seconds: 10) { unsafe rmdir(folder) == 0 }
    }
}
