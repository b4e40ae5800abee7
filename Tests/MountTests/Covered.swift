// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// Files at the mountpoint while nothing is mounted there.
@Suite struct Covered {
    private func mode(of mount: Mount) throws -> String {
        try Command("stat", "-c", "%a", mount.point).run().orThrow().text
    }

    /// The daemon's end, which comes at once, and what it said.
    private func refusal(_ mount: Mount, _ prefix: [String] = []) throws -> Outcome {
        var starting = Command(prefix + mount.daemonWords())
        starting.limit = 15
        return try starting.run()
    }

    @Test func `what was written while the daemon was down is told, and not hidden`() throws {
        var options = Mount.Options()
        options.expectedOutput = ["is not empty: the mount hides plaintext"]
        let mount = try Mount(options)
        try mount.initialize()
        try mount.start()
        try mount.makeSecret()
        try mount.stop()
        try expect(mode(of: mount), "0")
        // Nobody but root can write there.
        for caller in [alice, TestUser.user(65_534)] {
            var writing = Command("sh", "-c", "echo s3cret > \(mount.point)/plaintext")
            writing.caller = caller
            expect(try writing.run().complaint.contains("Permission denied"), true)
        }
        try Command("sh", "-c", "echo s3cret > \(mount.point)/plaintext").run().orThrow()
        let outcome = try refusal(mount)
        expect(outcome.ending, .exited(1))
        expect(
            outcome.complaint,
            """
            tacitd: \(mount.point) is not empty: the mount would hide plaintext
            hint: what was written there while nothing was mounted is in plaintext: move it away, or go on with --nonempty

            """)
        #expect(!mount.isMounted)
        #expect(!FileManager.default.fileExists(atPath: mount.socket))
        // On request it is covered, and told all the same.
        let words = mount.daemonWords()
        for option in [["--nonempty"], ["-o", "nonempty"]] {
            try mount.start(words.dropLast() + option + [mount.point])
            try expect(mount.must("ls acme/web/db/vars"), "A")
            try mount.stop()
        }
        let warning = "tacitd: \(mount.point) is not empty: the mount hides plaintext\n"
        expect(mount.printed, warning + warning)
        try expect(Command("cat", mount.point + "/plaintext").run().orThrow().text, "s3cret")
        // Taken away, it is in nobody's way, and the folder is closed again.
        try Command("rm", mount.point + "/plaintext").run().orThrow()
        try mount.start()
        try mount.close()
        try expect(mode(of: mount), "0")
    }

    /// Root without CAP_DAC_OVERRIDE passes by no mode.
    @Test func `with the capabilities of the unit alone the folder is closed, opened and looked into`() throws {
        let unit = try String(contentsOfFile: FileManager.default.currentDirectoryPath + "/contrib/systemd/tacit.service", encoding: .utf8)
        let line = try #require(unit.split(separator: "\n").first { $0.hasPrefix("CapabilityBoundingSet=") })
        let capabilities = line.dropFirst("CapabilityBoundingSet=CAP_".count).lowercased().replacing(" cap_", with: ",+")
        let prefix = ["setpriv", "--bounding-set", "-all,+" + capabilities]
        let mount = try Mount()
        try mount.initialize()
        for _ in 1...2 {
            try mount.start(prefix + mount.daemonWords())
            try mount.make("acme")
            try mount.stop()
            try expect(mode(of: mount), "0")
        }
        try Command("touch", mount.point + "/left").run().orThrow()
        let outcome = try refusal(mount, prefix)
        expect(outcome.ending, .exited(1))
        expect(outcome.complaint.hasPrefix("tacitd: \(mount.point) is not empty: the mount would hide left\n"), true)
        // A folder of somebody else's that is closed to this root, too, is not covered unseen.
        try Command("chown", "5", mount.point).run().orThrow()
        let unseen = try refusal(mount, prefix)
        expect(unseen.ending, .exited(1))
        expect(unseen.complaint.hasPrefix("tacitd: can't see whether \(mount.point) is empty: "), true)
    }
}
