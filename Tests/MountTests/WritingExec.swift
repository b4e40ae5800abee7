// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// A writer that executes another program closes what is close-on-exec, with locks of the kernel held that whoever reads
/// `/proc/<pid>/stat` waits for: the daemon must ask nothing that waits.
@Suite struct WritingExec {
    private func script(_ before: String, then last: String) -> String {
        """
        exec timeout 20 /usr/bin/python3 -I -S -c '
        import os, threading, time
        \(before)
        f = os.open("acme/web/db/files/f", os.O_WRONLY | os.O_TRUNC)
        os.write(f, b"new")
        \(last)'
        """
    }

    @Test(arguments: [
        "", "for _ in range(3): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    ])
    func `execve commits like close`(before: String) throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try mount.must(script(before, then: "os.execv(\"/bin/true\", [\"true\"])"))
            #expect(try mount.read("acme/web/db/files/f", as: alice) == "new")
        }
    }

    @Test func `another program that got the descriptor goes on writing`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try mount.must(script("", then: "os.dup2(f, 1, True); os.execv(\"/bin/echo\", [\"echo\", \"er\"])"))
            #expect(try mount.read("acme/web/db/files/f", as: alice) == "newer\n")
        }
    }
}
