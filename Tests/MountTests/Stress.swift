// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// "An open sees one version", for many at once. stress.c tells who does what and how a read is judged.
@Suite struct Stress {
    /// For how long, in seconds: `TACIT_STRESS_SECONDS` in the environment.
    static let seconds = Int(ProcessInfo.processInfo.environment["TACIT_STRESS_SECONDS"] ?? "") ?? 8

    /// Empties the kernel's caches every now and then, until it is ended.
    private static let emptying = """
        while :; do
            for what in 1 3 2; do echo $what > /proc/sys/vm/drop_caches; sleep 0.7; done
        done
        """

    @Test(arguments: WayOfReading.allCases)
    func `64 readers and 16 writers, while caches are emptied and memory is short`(way: WayOfReading) throws {
        try KernelCaches.alone { try withMount(way.options) { mount in try test(mount) } }
    }

    private func test(_ mount: Mount) throws {
        try mount.make("acme/web/db/files/d", "acme/web/all")
        try mount.grant("read,write", on: "acme/web", to: "user:1001")
        let group = MemoryGroup(limit: 96 << 20)
        defer { group?.close() }
        var stressing = mount.command(["probe", "stress", "acme/web", "\(Stress.seconds)", "64", "16"], as: alice)
        stressing.limit = Double(Stress.seconds) + 90

        // A file that fills the group's memory again and again.
        var filling: Child?
        if let group, let daemon = mount.daemon {
            try group.take(daemon.pid)
            let big = try mount.scratch.file("big")
            try mount.must("truncate -s 256M \(big)")
            filling = try Command(group.prefix(["sh", "-c", "while :; do cat \(big) > /dev/null; sleep 0.1; done"])).start()
        } else {
            print("no control group can be made here: the stress test runs without memory pressure")
        }
        let emptying = try Command("sh", "-c", Stress.emptying).start()
        let outcome = try stressing.run()
        for child in [emptying, filling] {
            child?.signal(SIGKILL)
            _ = try child?.wait()
        }
        #expect(outcome.lines.count == 2 && outcome.lines.last == "ok", "\(outcome)")
        if let group { #expect(group.pressure > 0, "memory was not short") }
        // What is written now is read now.
        for path in ["db/vars/A", "db/vars/B", "db/files/f", "db/files/d/g", "all/vars/A"] {
            try mount.store("after", in: "acme/web/" + path)
            try expect(mount.read("acme/web/" + path, as: alice), "after", "\(path)")
        }
        try mount.tacit("audit", "--verify").orThrow()
    }
}
