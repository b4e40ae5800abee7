// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import TestSupport
import Testing

/// `tacit audit --follow`: each line once, as it is written.
@Suite struct FollowingAudit {
    @Test func `each line is told once, also those of the file that the log goes on in`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", as: alice, input: at.canary)
            let child = try at.mount.command(["tacit", "audit", "-f", "--ref", "acme/web/db/vars/A"], as: .root).start()
            defer { child.signal(SIGKILL) }
            let reads = { child.printed.components(separatedBy: "allow open acme/web/db/vars/A").count - 1 }
            for number in 1...3 {
                _ = try at.mount.must("cat acme/web/db/vars/A > /dev/null", as: alice)
                try Wait.until("line \(number): \(child.printed)") { reads() == number }
            }
            try at.mount.must("mv \(at.mount.audit) \(at.mount.audit).1")
            at.mount.daemon?.signal(SIGHUP)
            for number in 4...6 {
                _ = try at.mount.must("cat acme/web/db/vars/A > /dev/null", as: alice)
                try Wait.until("line \(number): \(child.printed)") { reads() == number }
            }
            #expect(!child.printed.contains(at.canary) && !child.printed.contains("acme/web/db/env"))
            child.signal(SIGINT)
            _ = try child.wait()
            for words in [["audit", "-f", "--verify"]] {
                #expect(try at.mount.command(["tacit"] + words, as: .root).run().ending == .exited(2))
            }
            let refused = try at.tacit("audit", "--follow", as: alice)
            #expect(refused.ending == .exited(3) && refused.text.isEmpty, "\(refused)")
        }
    }
}
