// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// "Answer LOOKUP the same for everyone": else one caller's refusal would take away what others have mounted there.
@Suite struct Lookups {
    /// How many names are looked up: `TACIT_LOOKUPS` in the environment.
    static let count = Int(ProcessInfo.processInfo.environment["TACIT_LOOKUPS"] ?? "") ?? 100_000

    /// Changes names, contents and grants beside what is mounted, until it is ended.
    private static let changing = """
        while :; do
            echo new > acme/web/s1/vars/NEW; rm acme/web/s1/vars/NEW
            printf 'A=1\\nB=2\\n' > acme/web/s2/env
            mkdir acme/web/s1/files/e; rmdir acme/web/s1/files/e
            tacit grant acme/web/s1 user:1001 list; tacit revoke acme/web/s1 user:1001
            echo changed
            echo 2 > /proc/sys/vm/drop_caches
            sleep 0.5
        done
        """

    @Test func `a hundred callers look names up, and no other mount on the tree or below it is lost`() throws {
        try KernelCaches.alone { try withMount { mount in try test(mount) } }
    }

    private func test(_ mount: Mount) throws {
        let secrets = ["acme/web/s0", "acme/web/s1", "acme/web/s2"]
        for secret in secrets {
            try mount.make(secret + "/files/d", secret + "/files/on")
            try mount.must("cd \(secret); echo 1 > vars/A; echo 1 > vars/B; echo 1 > files/d/f")
        }
        // Some of the even uids by themselves, and all by their group.
        for uid in stride(from: 10_000, to: 10_010, by: 2) { try mount.grant("read", on: "acme/web", to: "user:\(uid)") }
        try mount.grant("read", on: "acme/web", to: "group:9000")
        let other = try mount.scratch.folder("other", mode: 0o755)
        let file = try mount.scratch.file("file", Data("bound".utf8), mode: 0o644)
        let points = [
            "\(mount.point)/acme/web/s1/files/on", "\(mount.point)/acme/web/s1/vars/B", "\(mount.point)/acme/web/s2/files/on",
            other, other + "/files/on",
        ]
        defer { for point in points.reversed() { _ = try? Command("umount", "-l", point).run() } }
        try Command("mount", "-t", "tmpfs", "tacit-test", points[0]).run().orThrow()
        try Command("mount", "--bind", file, points[1]).run().orThrow()
        try Command("mount", "--bind", "\(mount.point)/acme/web/s0", points[2]).run().orThrow()
        try Command("mount", "--bind", "\(mount.point)/acme/web/s2", points[3]).run().orThrow()
        try Command("mount", "-t", "tmpfs", "tacit-test", points[4]).run().orThrow()
        try mount.must("echo kept > \(points[0])/kept; echo kept > \(points[4])/kept")

        let changing = try mount.command(["sh", "-c", Lookups.changing]).start()
        try changing.waitFor("changed")
        var looking = mount.command(["probe", "lookups", "\(Lookups.count)", "100"] + secrets + [points[2], other])
        looking.limit = 2400
        let outcome = try looking.run()
        #expect(outcome.text == "ok" && outcome.complaint == "", "\(outcome)")
        let wasChanging = changing.isRunning
        #expect(wasChanging, "nothing was changed meanwhile")
        changing.signal(SIGKILL)
        let changes = try changing.wait()
        #expect(changes.complaint == "", "\(changes)")

        let table = Scratch.mounts.split(separator: "\n")
        for point in points { #expect(table.contains { $0.split(separator: " ")[1] == point }, "\(point)") }
        try expect(
            mount.must("cat \(points[0])/kept \(points[4])/kept \(points[1]); ls \(points[2])"), "kept\nkept\nboundenv\nfiles\nvars")
        try mount.grant("read", on: "acme/web", to: "user:1001")
        try expect(mount.must("cat \(points[2])/vars/A \(other)/vars/A", as: alice), "11")
    }
}
