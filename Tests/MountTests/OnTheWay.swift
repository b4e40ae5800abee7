// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// Bytes that a program has given to sendfile(2) or splice(2), and that are received when the file is closed long since.
@Suite struct OnTheWay {
    /// What happens between the close and the receiving.
    enum Event: String, CaseIterable {
        case nothing, longer, shorter, read, removed, dropped, emptied

        func happen(to path: String, of size: Int, in mount: Mount) throws {
            switch self {
            case .nothing: break
            case .longer: try mount.must("head -c \(size + 3000) /dev/zero | tr '\\0' y > \(path)")
            case .shorter: try mount.must("head -c \(size / 2 + 1) /dev/zero | tr '\\0' y > \(path)")
            case .read:
                // The new version takes the page's place.
                try mount.must("head -c \(size) /dev/zero | tr '\\0' y > \(path)")
                try expect(mount.probe("read", path, as: alice), "ok")
            case .removed: try mount.must("rm \(path)")
            case .dropped: usleep(300_000)
            case .emptied: try mount.must("echo 3 > /proc/sys/vm/drop_caches")
            }
        }
    }

    @Test(arguments: ["send", "splice"], Event.allCases)
    func `arrive as they were`(way: String, event: Event) throws {
        try withMount { mount in
            try mount.make("acme/web/db")
            try mount.grant("read", on: "acme/web/db", to: "user:1001")
            for size in [1, 28, 4095, 4096, 4097, 20_000] {
                let path = "acme/web/db/files/f\(size)"
                try mount.must("head -c \(size) /dev/zero | tr '\\0' x > \(path)")
                let moving = try mount.command(["probe", "late", way, path, "@\(size)"], as: alice).start()
                try moving.waitFor("held")
                try event.happen(to: path, of: size, in: mount)
                moving.signal(SIGUSR1)
                let outcome = try moving.wait()
                #expect(outcome.lines == ["held", "ok"], "\(size) bytes, \(event): \(outcome)")
            }
        }
    }

    /// Until its close a writer has changed nothing, also for those who never ask for the size.
    @Test(arguments: ["send", "splice"])
    func `are those of the stored version while somebody writes`(way: String) throws {
        try withMount { mount in
            try mount.make("acme/web/db")
            try mount.grant("read", on: "acme/web/db", to: "user:1001")
            let path = "acme/web/db/files/f"
            for (size, written) in [(10, ""), (10, "@3000"), (3000, "@10"), (10, "@20000"), (5000, "@10")] {
                try mount.must("head -c \(size) /dev/zero | tr '\\0' x > \(path)")
                let texts = written.isEmpty ? [] : [written]
                let writing = try mount.command(["probe", "hold", "wt", path] + texts).start()
                try writing.waitFor("held")
                for _ in 0..<2 {
                    let moving = try mount.command(["probe", "late", way, path, "@\(size)"], as: alice).start()
                    try moving.waitFor("held")
                    moving.signal(SIGUSR1)
                    let outcome = try moving.wait()
                    #expect(outcome.lines == ["held", "ok"], "\(size) bytes, while \(written) is written: \(outcome)")
                }
                writing.signal(SIGUSR1)
                try expect(writing.wait().lines, ["held", "ok"])
                let stored = written.isEmpty ? "@\(size)" : written
                let moving = try mount.command(["probe", "late", way, path, stored], as: alice).start()
                try moving.waitFor("held")
                moving.signal(SIGUSR1)
                let outcome = try moving.wait()
                #expect(outcome.lines == ["held", "ok"], "\(stored), closed: \(outcome)")
            }
        }
    }
}
