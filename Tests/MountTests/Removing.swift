// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// What rm(1), tar(1) and others remove, by the real programs.
@Suite struct Removing {
    private func number(_ path: String, _ mount: Mount) throws -> String { try mount.must("stat -c %i \(path)") }

    @Test func `what rm -r removed comes back as one`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.must("mkdir -p acme/web/db/files/a/b; echo pem > acme/web/db/files/a/b/key; echo new > acme/web/db/files/a/key")
            let before = try mount.must("find acme/web/db | sort; stat -c '%n %i' acme/web/db/vars/* acme/web/db/files/a/b/key")
            try mount.must("rm -r acme/web/db")
            try expect(mount.must("ls acme/web"), "")
            try mount.must("tacit restore acme/web/db")
            try expect(mount.must("find acme/web/db | sort; stat -c '%n %i' acme/web/db/vars/* acme/web/db/files/a/b/key"), before)
            // One that is gone by itself, and one that is destroyed.
            try mount.must("rm acme/web/db/files/a/b/key; tacit restore acme/web/db/files/a/b/key")
            try mount.must("tacit rm --purge acme/web/db/files/a/b/key")
            try expect(mount.must("tacit ls --deleted | grep -c b/key || :"), "0")
            try mount.must("rm -r acme; tacit restore $(tacit ls --deleted | awk '$1 == \"acme\" { print $NF }')")
            try expect(mount.must("find acme/web/db | sort; ls acme/web/db/files/a/b | wc -l").hasSuffix("\n0"), true)
        }
    }

    @Test func `a name that is removed and made again keeps its grants, its versions and its number`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.make("acme/web/db/files/tls")
            try mount.must("echo one > acme/web/db/files/tls/key; echo two > acme/web/db/files/tls/key")
            try mount.grant("read", on: "acme/web/db/files/tls/key", to: "user:1001")
            try mount.grant("write", on: "acme/web/db/files", to: "user:1001")
            let before = try number("acme/web/db/files/tls/key", mount)
            let folder = try Scratch()
            try mount.must("cd \(folder.path); mkdir tls; echo three > tls/key; tar -cf t.tar tls/key")
            for _ in 0..<2 {
                try mount.must("cd acme/web/db/files && tar -xf \(folder.path)/t.tar")
                try expect(mount.must("cat acme/web/db/files/tls/key", as: alice), "three")
                try expect(number("acme/web/db/files/tls/key", mount), before)
            }
            try expect(mount.must("tacit history acme/web/db/files/tls/key | wc -l"), "5")
            // Who holds the old one open reads it to its end.
            try expect(
                mount.must("cd acme/web/db/files/tls; exec 3< key; rm key; echo four > key; cat <&3", as: alice), "three")
            try expect(mount.must("cat acme/web/db/files/tls/key", as: alice), "four")
        }
    }

    /// Beside them what a program makes and removes at once; the daemon waits a minute with it.
    @Test func `temporary names are destroyed a minute after they were removed`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.store("more", in: "acme/web/db/vars/A")
            try mount.must("echo t > acme/web/db/files/tmp; rm acme/web/db/files/tmp; rm acme/web/db/vars/A")
            try expect(mount.must("tacit ls --deleted | grep -c -e files/tmp -e vars/A"), "2")
            try Wait.until("it is destroyed", seconds: 300) { try mount.must("tacit ls --deleted | grep -c files/tmp || :") == "0" }
            try expect(mount.must("tacit ls --deleted | grep -c vars/A"), "1")
            let line = try #require(try mount.auditLog().last { $0["action"] as? String == "expire" })
            expect(line["ref"] as? String, "acme/web/db/files/tmp")
        }
    }
}
