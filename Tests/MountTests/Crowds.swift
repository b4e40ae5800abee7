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
}
