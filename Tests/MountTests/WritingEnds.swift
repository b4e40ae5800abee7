// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// "Writing": how a writer ends decides whether its value counts.
@Suite struct WritingEnds {
    static let signals: [Int32] = [SIGKILL, SIGTERM, SIGINT, SIGPIPE, SIGHUP, SIGSEGV, SIGABRT]

    @Test func `a writer that is killed leaves the old value`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            // Who appends to a variable may read it.
            try mount.grant("read", on: "acme/web/db/vars/A", to: "user:1002")
            for file in ["acme/web/db/vars/A", "acme/web/db/files/f", "acme/web/db/env"] {
                let old = try mount.read(file, as: alice)
                let text = file.hasSuffix("env") ? "A=half\n" : "half"
                for signal in WritingEnds.signals {
                    for flags in ["wct", "a"] {
                        let writer = try mount.command(["probe", "hold", flags, file, text], as: bob).start()
                        try writer.waitFor("held")
                        writer.signal(signal)
                        try expect(writer.wait().ending, .signalled(signal))
                        try expect(mount.read(file, as: alice), old, "signal \(signal)")
                    }
                    // By its own hand.
                    let dying = try mount.command(["probe", "die", "\(signal)", "wct", file, text], as: bob).run()
                    #expect(dying.ending == .signalled(signal))
                    try expect(mount.read(file, as: alice), old, "signal \(signal)")
                }
            }
            // What a killed writer would have made isn't there.
            _ = try mount.command(["probe", "die", "9", "wc", "acme/web/db/vars/NEW", "half"], as: bob).run()
            try expect(mount.must("ls -A acme/web/db/vars"), "A")
        }
    }

    @Test func `a shell that is killed leaves the old value`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            for shell in ["dash", "bash", "zsh"] {
                for file in ["acme/web/db/vars/A", "acme/web/db/files/f"] {
                    let old = try mount.read(file, as: alice)
                    _ = try mount.run("{ printf half; kill -9 $$; } > \(file)", as: bob, shell: shell)
                    try expect(mount.read(file, as: alice), old, "\(shell)")
                    _ = try mount.run("{ printf half; kill -TERM $$; sleep 5; } > \(file)", as: bob, shell: shell)
                    try expect(mount.read(file, as: alice), old, "\(shell)")
                    // yes(1) writes until head has enough and is then killed by SIGPIPE; head's value counts.
                    try mount.must("yes | head -c 10 > \(file)", as: bob, shell: shell)
                    #expect(try mount.read(file, as: alice).hasPrefix("y\ny\ny\ny\ny"), "\(shell)")
                    try mount.store(old, in: file)
                }
            }
        }
    }

    @Test func `a large writer that is killed midway leaves the old value`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            for round in 0..<10 {
                let writer = try mount.command(
                    ["sh", "-c", "exec dd if=/dev/zero of=acme/web/db/files/f bs=100 count=10000 status=none"], as: bob
                ).start()
                usleep(UInt32(1000 * (5 + round)))
                writer.signal(SIGKILL)
                let whole = try writer.wait().ending == .exited(0)
                let size = try mount.must("stat -c %s acme/web/db/files/f", as: alice)
                #expect(whole || size == "10", "\(size)")
                if whole { try mount.store("value of f", in: "acme/web/db/files/f") }
            }
        }
    }

    @Test func `a program that ends without closing has still written`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try mount.grant("read", on: "acme/web/db/vars/A", to: "user:1002")
            for file in ["acme/web/db/vars/A", "acme/web/db/files/f"] {
                for status in ["0", "1"] {
                    try expect(mount.command(["probe", "exit", status, "wct", file, "exit \(status)"], as: bob).run().text, "ok")
                    try expect(mount.read(file, as: alice), "exit \(status)")
                }
                for round in 0..<20 {
                    try expect(mount.probe("threads", "w", file, "by a thread \(round)", as: bob), "ok")
                    try expect(mount.read(file, as: alice), "by a thread \(round)")
                }
                try expect(mount.probe("threads", "wa", file, " and", " more", as: bob), "ok")
                try expect(mount.read(file, as: alice), "by a thread 19 and more")
                try mount.must("exec python3 -I -S -c 'f = open(\"\(file)\", \"w\"); f.write(\"python\")'", as: bob)
                try expect(mount.read(file, as: alice), "python")
            }
        }
    }

    @Test func `a child that inherits the file and is killed takes nothing back`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try mount.must("(sh -c 'kill -9 $$' || :; printf whole) > acme/web/db/vars/A", as: bob)
            try expect(mount.read("acme/web/db/vars/A", as: alice), "whole")
            // Each flush of new bytes is a version; the last stands.
            try mount.must("(/bin/echo one; /bin/echo two; sh -c 'kill -9 $$' || :) > acme/web/db/vars/A", as: bob)
            try expect(mount.read("acme/web/db/vars/A", as: alice), "one\ntwo")
        }
    }
}
