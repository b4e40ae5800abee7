// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// "There is always a worker to answer what these wait for" (Notifier.swift).
@Suite struct Crowds {
    /// More threads than there are workers.
    @Test func `readers of a descriptor that is being committed hold up nobody else`() throws {
        try withMount { mount in
            try mount.make("acme/web/db")
            try mount.store("value", in: "acme/web/db/vars/A")
            try mount.grant("read,write", on: "acme/web", to: "user:1001")
            for _ in 0..<5 {
                let crowding = try mount.command(["probe", "crowd", "acme/web/db/env", "acme/web/db/vars/A", "64"], as: alice).start()
                let hasEnded = (try? Wait.until("the crowd to end", seconds: 20) { !crowding.isRunning }) != nil
                #expect(hasEnded)
                // To whom nobody answers can't be ended: only the daemon can break that off.
                if !hasEnded { mount.daemon?.signal(SIGTERM) }
                try expect(crowding.wait().text, "ok")
            }
        }
    }

    /// The kernel releases a file some time after its last close. More processes than it releases files of at once, by default, leave none
    /// behind that counts for them.
    @Test func `who opens and closes as fast as they can holds no more than is open`() throws {
        var options = Mount.Options()
        options.words = ["-o", "handles=128,audit-rate=0"]
        try withMount(options) { mount in
            try mount.make("acme/web/db")
            try mount.must("head -c 4096 /dev/zero | tr '\\0' x > acme/web/db/files/f")
            try mount.grant("read", on: "acme/web", to: "user:1001")
            let script = """
                import os, sys
                children = []
                for _ in range(60):
                    child = os.fork()
                    if child == 0:
                        failed = 0
                        for _ in range(300):
                            try:
                                file = os.open(sys.argv[1], os.O_RDONLY)
                                os.read(file, 65536)
                                os.close(file)
                            except OSError: failed += 1
                        os._exit(min(failed, 255))
                    children.append(child)
                print(sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
                """
            try expect(mount.must("python3 -I -S -c '\(script)' acme/web/db/files/f", as: alice), "0")
        }
    }
}
