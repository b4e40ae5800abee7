// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// The two ways in which values get to their readers: where the kernel has no passthrough all of them are read by requests.
enum WayOfReading: String, CaseIterable {
    case passthrough, requests

    var options: Mount.Options {
        var options = Mount.Options()
        if self == .requests { options.words = ["--passthrough", "no"] }
        return options
    }
}

/// What is kept of values in memory, for the kernel to read.
@Suite struct KeptValues {
    /// The blocks in use of the daemon's file systems in memory, which it alone has: seen by its descriptors.
    private func blocks(_ mount: Mount) throws -> Int {
        let daemon = try #require(mount.daemon)
        // What no folder shows has its own root.
        let script = """
            for file in /proc/\(daemon.pid)/fd/*; do
                if [ "$(readlink $file)" = / ]; then stat -L -f -c '%T %b %f' $file; fi
            done 2> /dev/null | grep ^tmpfs
            """
        let lines = try Command("sh", "-c", script).run().lines.map { $0.split(separator: " ").compactMap { Int($0) } }
        let volume = try #require(lines.first { $0.count == 2 }, "the kernel reads nothing by itself here")
        return volume[0] - volume[1]
    }

    private func withValues(lingering: Int, _ test: (Mount) throws -> Void) throws {
        var options = Mount.Options()
        options.words = ["--keep-pages", "\(lingering)"]
        try withMount(options) { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try mount.must("head -c 20000 /dev/zero | tr '\\0' x > acme/web/db/files/big")
            try test(mount)
        }
    }

    @Test func `are there while the file is open, and some time longer`() throws {
        try withValues(lingering: 100) { mount in
            for (path, least) in [("acme/web/db/vars/A", 1), ("acme/web/db/files/big", 5), ("acme/web/db/env", 1)] {
                let holding = try mount.command(["probe", "hold", "r", path], as: alice).start()
                try holding.waitFor("held")
                expect(try blocks(mount), least)
                holding.signal(SIGUSR1)
                try expect(holding.wait().lines, ["held", "ok"])
                try Wait.until("what was kept of \(path) to go", seconds: 20) { try blocks(mount) == 0 }
            }
        }
    }

    @Test func `stay for as long as they are asked to`() throws {
        try withValues(lingering: 60_000) { mount in
            for _ in 0..<3 { try expect(mount.probe("read", "acme/web/db/vars/A", as: alice), "ok") }
            expect(try blocks(mount), 1)
            // What was replaced goes at once.
            try mount.must("echo other > acme/web/db/vars/A")
            expect(try blocks(mount), 0)
        }
    }

    @Test func `go when the store is locked, but for those that are open`() throws {
        try withValues(lingering: 60_000) { mount in
            try expect(mount.probe("read", "acme/web/db/files/big", as: alice), "ok")
            let script = """
                import os, signal, sys
                file = os.open(sys.argv[1], os.O_RDONLY)
                signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
                print("held", flush=True)
                signal.sigwait([signal.SIGUSR1])
                print(os.read(file, 99).decode())
                """
            let child = try mount.command(["python3", "-c", script, "acme/web/db/vars/A"], as: alice).start()
            try child.waitFor("held")
            expect(try blocks(mount), 6)
            try mount.tacit("lock").orThrow()
            expect(try blocks(mount), 1)
            try expect(mount.probe("read", "acme/web/db/vars/A", as: alice), "open ENOKEY")
            child.signal(SIGUSR1)
            try expect(child.wait().lines, ["held", "value of A"])
        }
    }
}
