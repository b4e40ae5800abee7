// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// What the kernel has in its page cache of values that are read by requests, and which requests an open costs. Pages come from mmap(2) and
/// sendfile(2) alone.
///
/// No test that empties the kernel's caches runs meanwhile (`KernelCaches`). Memory may be short all the same: where that would disturb,
/// one try of several must succeed.
@Suite struct PageCache {
    private static let tries = 20

    /// A mount whose pages linger, with values of several sizes that alice may read.
    private func withValues(
        lingering: Int?, _ way: WayOfReading = .requests, _ test: (Mount) throws -> Void
    ) throws {
        var options = way.options
        if let lingering { options.words += ["--keep-pages", "\(lingering)"] }
        try KernelCaches.alone {
            try withMount(options) { mount in try prepare(mount, test) }
        }
    }

    private func prepare(_ mount: Mount, _ test: (Mount) throws -> Void) throws {
        try mount.make("acme/web/db")
        for size in [1, 4096, 4097, 20000] {
            try mount.must("head -c \(size) /dev/zero | tr '\\0' x > acme/web/db/files/f\(size)")
        }
        try mount.grant("read", on: "acme/web/db", to: "user:1001")
        try test(mount)
    }

    /// Has a value taken once, and gives for how many milliseconds after the close the last of its pages stayed.
    private func lingers(_ way: String, _ file: String, in mount: Mount) throws -> Double {
        let trace = try PageTrace(mount.point + "/" + file)
        defer { trace.close() }
        let lines = try mount.command(["probe", "touch", way, file], as: alice).run().orThrow().lines
        guard lines.last == "ok", let closed = lines.first.flatMap({ Double($0) }) else { throw Trouble("\(lines)") }
        try Wait.until("the pages of \(file) to be dropped", seconds: 10) { trace.now.left == 0 }
        let (added, _, dropped) = trace.now
        guard added > 0 else { throw Trouble("\(way): \(file) was never in the page cache") }
        return (dropped - closed) / 1000
    }

    @Test(arguments: [nil, 0, 1000])
    func `a value is gone from the page cache some time after its last close`(lingering: Int?) throws {
        try withValues(lingering: lingering) { mount in
            let least = Double(lingering ?? 100)
            for way in ["map", "send"] {
                for file in ["acme/web/db/files/f1", "acme/web/db/files/f4096", "acme/web/db/files/f20000"] {
                    var longest = -1.0
                    for _ in 0..<PageCache.tries where longest < least * 0.9 {
                        longest = max(longest, try lingers(way, file, in: mount))
                    }
                    #expect(longest >= least * 0.9 && longest < least + 5000, "\(way) \(file)")
                }
            }
        }
    }

    @Test func `what a writer has mapped is gone from the page cache soon after it is unmapped`() throws {
        try withValues(lingering: nil) { mount in
            try mount.grant("write", on: "acme/web/db", to: "user:1001")
            for file in ["acme/web/db/files/f4096", "acme/web/db/files/f20000"] {
                let time = try lingers("map-last", file, in: mount)
                #expect(time < 5000, "\(file)")
            }
        }
    }

    @Test(arguments: WayOfReading.allCases) func `a value that is read is never in the page cache`(way: WayOfReading) throws {
        try withValues(lingering: nil, way) { mount in
            for file in ["f1", "f4096", "f20000"] {
                let trace = try PageTrace(mount.point + "/acme/web/db/files/\(file)")
                defer { trace.close() }
                let answer = try mount.probe("touch", "read", "acme/web/db/files/\(file)", as: alice)
                #expect(answer.hasSuffix("ok"))
                expect(trace.now.added, 0)
            }
        }
    }

    @Test func `opening again and again costs OPEN and RELEASE, nothing else`() throws {
        // Long enough that no load of the machine lets it be dropped.
        try withValues(lingering: 60_000, .passthrough) { mount in
            try mount.store("x", in: "acme/web/db/vars/A")
            let trace = try RequestTrace(mount)
            defer { trace.close() }
            for file in ["acme/web/db/vars/A", "acme/web/db/files/f4096", "acme/web/db/files/f20000", "acme/web/db/env"] {
                var seen: [RequestTrace.Kind: Int] = [:]
                for _ in 0..<PageCache.tries where seen != [.open: 300, .release: 300] {
                    try expect(mount.probe("spin", file, "10", as: alice), "ok")
                    seen = try trace.count { try expect(mount.probe("spin", file, "300", as: alice), "ok") }
                }
                #expect(seen == [.open: 300, .release: 300], "\(file)")
            }
        }
    }

    @Test(arguments: WayOfReading.allCases)
    func `a revoked grant refuses the next open although names are cached`(way: WayOfReading) throws {
        try withValues(lingering: nil, way) { mount in
            let file = "acme/web/db/files/f1"
            // Others may still pass, so that nothing of the names or the page has to be forgotten.
            try mount.grant("read", on: "acme/web/db", to: "user:1002")
            let keeping = try mount.command(["probe", "hold", "r", file], as: bob).start()
            try keeping.waitFor("held")
            // It has the file itself, and looks no name up.
            let holding = try mount.command(["probe", "reopen-held", file], as: alice).start()
            try holding.waitFor("held")
            try expect(mount.probe("spin", file, "10", as: alice), "ok")
            try mount.tacit("revoke", "acme/web/db", "user:1001").orThrow()
            try expect(mount.probe("read", file, as: alice), "open EACCES")
            holding.signal(SIGUSR1)
            try expect(holding.wait().lines, ["held", "reopen EACCES"])
            try expect(mount.probe("read", file, as: bob), "ok")
            keeping.signal(SIGUSR1)
            try expect(keeping.wait().lines, ["held", "ok"])
        }
    }
}
