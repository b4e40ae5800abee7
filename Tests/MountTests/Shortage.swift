// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// A daemon that has run out of descriptors.
@Suite struct Shortage {
    /// Connections take all that there are. Without the spare one, callers could not be told, and were refused: EACCES, and lines in the log
    /// of refusals that nobody decided on.
    @Test func `refuses nobody, and says what is short`() throws {
        let mount = try Mount()
        try mount.initialize()
        try mount.start(["prlimit", "--nofile=80:80"] + mount.daemonWords())
        try mount.makeSecret()
        try mount.shareSecret()
        let holding = try Command(
            "python3", "-I", "-S", "-c",
            """
            import socket, sys, time
            held = []
            for _ in range(200):
                s = socket.socket(socket.AF_UNIX); s.settimeout(5)
                try: s.connect(sys.argv[1])
                except OSError: break
                held.append(s)
            print("held", flush=True)
            sys.stdin.read()
            """, mount.socket
        ).start()
        try holding.waitFor("held")
        var answers: [String: Int] = [:]
        // Each time another process, which the daemon has no descriptor of.
        for _ in 0..<30 { answers[try mount.probe("read", "acme/web/db/vars/A", as: alice), default: 0] += 1 }
        #expect(Set(answers.keys).isSubset(of: ["ok", "open EMFILE", "open ENFILE"]), "\(answers)")
        #expect(answers["ok"] ?? 0 > 0, "\(answers)")
        let denied = try mount.auditLog().filter { $0["verdict"] as? String == "deny" }
        #expect(denied.isEmpty, "\(denied)")
        holding.signal(SIGKILL)
        _ = try holding.wait()
        // The daemon hears of the ends of the connections one by one.
        try Wait.until("descriptors are free again", seconds: 60) { try mount.probe("read", "acme/web/db/vars/A", as: alice) == "ok" }
        try expect(mount.read("acme/web/db/vars/A", as: alice), "value of A")
        try mount.close()
    }
}
