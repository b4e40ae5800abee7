// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// Ways to a value other than open(2) by name and read(2). passing.c does them.
@Suite struct Passing {
    private func withValue(_ test: (Mount, String) throws -> Void) throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            for path in ["acme/web/db/vars/A", "acme/web/db/files/big"] {
                try mount.must("printf %9000s | tr ' ' x | head -c \(path.hasSuffix("A") ? 20 : 9000) > \(path)")
                try test(mount, path)
            }
        }
    }

    private func text(_ path: String) -> String { path.hasSuffix("A") ? "@20" : "@9000" }

    @Test func `a private mapping shows the open's version, and changes nothing`() throws {
        try withValue { mount, path in
            let mapping = try mount.command(["probe", "mapped", path, text(path), text(path)], as: alice).start()
            try mapping.waitFor("held")
            try expect(mount.must("tr -d x < \(path) | wc -c", as: alice), "0")
            // A longer one: of a file that is shorter than its mapping, no system keeps the rest. A larger value shares its file with who
            // writes, whose O_TRUNC would take the pages away as in any file system: that one is written in place.
            try mount.must("printf %9100s | tr ' ' y | dd of=\(path) bs=16k status=none \(path.hasSuffix("A") ? "" : "conv=notrunc")")
            try expect(mount.must("tr -d y < \(path) | wc -c; wc -c < \(path)", as: alice), "0\n9100")
            mapping.signal(SIGUSR1)
            try expect(mapping.wait().lines, ["held", "ok"])
        }
    }

    @Test func `what was opened with O_PATH is decided about when it is opened for real`() throws {
        try withValue { mount, path in
            try expect(mount.probe("reopen", "1001", path, text(path)), "ok")
            for other in ["1002", "1004", "0"] {
                try expect(mount.probe("reopen", other, path, text(path)), "reopen EACCES", "\(other)")
            }
        }
    }

    @Test func `a descriptor that is passed on is a delegation, which opens nothing else`() throws {
        try withValue { mount, path in
            try expect(mount.probe("pass", "1001", "1004", path, text(path)), "ok")
            try expect(mount.probe("pass-reopen", "1001", "1004", path), "reopen EACCES")
            try expect(mount.probe("pass", "1004", "1001", path, text(path)), "open EACCES")
            try expect(mount.probe("pass", "0", "1001", path, text(path)), "open EACCES")
            // Its bytes count as the opener's.
            try expect(mount.probe("pass-write", "1002", "1004", path, "@30"), "ok")
            try expect(mount.must("tr -d x < \(path) | wc -c; wc -c < \(path)", as: alice), "0\n30")
            let line = try mount.auditLog().last { $0["action"] as? String == "write" && $0["verdict"] as? String == "allow" }
            #expect(line?["uid"] as? Int == 1002)
        }
    }

    /// fstat(2) says which file it means, and not by which open.
    @Test func `fstat tells of the version that is open, also where it was passed on, and stat of the current one`() throws {
        let holding = """
            import os, signal, subprocess, sys
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
            file = os.open(sys.argv[1], os.O_RDONLY)
            print("held", flush=True)
            signal.sigwait([signal.SIGUSR1])
            own = os.fstat(file).st_size
            if os.lseek(file, 0, os.SEEK_END) != own: print("another end")
            os.lseek(file, 0, os.SEEK_SET)
            heir = os.fork()
            if heir == 0: os._exit(0 if os.fstat(file).st_size == own == len(os.read(file, 65536)) else 1)
            print(own, os.waitstatus_to_exitcode(os.waitpid(heir, 0)[1]), flush=True)
            signal.sigwait([signal.SIGUSR1])
            print(os.fstat(file).st_size, subprocess.run(["stat", "-c", "%s", sys.argv[1]], capture_output=True, text=True).stdout.strip())
            """
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            let path = "acme/web/db/vars/A"
            for (size, next) in [(20, 4000), (4000, 20), (30, 9100)] {
                try mount.must("printf %\(size)s | tr ' ' x > \(path)")
                let holder = try mount.command(["python3", "-c", holding, path], as: alice).start()
                try holder.waitFor("held")
                try mount.must("printf %\(next)s | tr ' ' y > \(path)")
                holder.signal(SIGUSR1)
                try holder.waitFor("\(size) 0")
                try expect(mount.must("stat -c %s \(path)", as: alice), "\(next)")
                holder.signal(SIGUSR1)
                // stat(2) can't be told from fstat(2): who has an older version open, and its children, are told of that.
                try expect(holder.wait().lines, ["held", "\(size) 0", "\(size) \(size)"])
            }
        }
    }

    /// How often a process has given up the processor by itself: proc_pid_status(5).
    private func waits(_ child: Child) throws -> Int {
        let status = String(decoding: Scratch.contents("/proc/\(child.pid)/status"), as: UTF8.self)
        let line = status.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches:") }
        return try #require(line?.split(separator: "\t").last.flatMap { Int($0) }, "\(status)")
    }

    @Test func `tail -f shows the version it opened, and no later one`() throws {
        try withValue { mount, path in
            let before = try mount.read(path, as: alice)
            let tailing = try mount.command(["tail", "-c", "+1", "-s", "0.1", "-f", path], as: alice).start()
            try tailing.waitFor(before)
            for size in [9100, 10, 40] {
                try mount.must("printf %\(size)s | tr ' ' y > \(path)")
                let before = try waits(tailing)
                // It looks, at a few things, and sleeps.
                try Wait.until("tail to have looked again") { try waits(tailing) > before + 10 }
            }
            tailing.signal(SIGTERM)
            let outcome = try tailing.wait()
            // It begins again where the file has become shorter.
            #expect(outcome.text.hasPrefix(before) && outcome.text.allSatisfy { $0 == "x" }, "\(outcome.text.count) bytes")
        }
    }
}
