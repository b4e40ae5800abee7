// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// Without the root key the mount comes up, lists, takes writes, and answers reads with ENOKEY.
@Suite struct Locked {
    /// What a locked store does, and an unlocked one then has.
    private func check(_ mount: Mount) throws {
        let old = "acme/web/db/vars/A"
        try expect(mount.must("ls acme/web/db/vars; stat -c %s \(old)", as: alice), "A\n10")
        try expect(
            mount.probe(each: [["read", old], ["read", "acme/web/db/files/f"], ["read", "acme/web/db/env"]], as: alice),
            ["open ENOKEY", "open ENOKEY", "open ENOKEY"])
        #expect(try mount.run("cat \(old)", as: alice).complaint.contains("Required key not available"))
        // Who may not read hears just that, locked or not.
        try expect(mount.probe("read", old, as: bob), "open EACCES")
        try expect(mount.probe("read", old, as: mallory), "open EACCES")
        try mount.must(
            """
            echo new > acme/web/db/vars/NEW; echo newer > acme/web/db/files/f
            mkdir acme/web/db/files/d; mv acme/web/db/files/f acme/web/db/files/d/g
            """, as: bob)
        try expect(mount.must("stat -c %s acme/web/db/files/d/g"), "6")
        for flags in ["a", "w"] {
            // A variable's bytes are kept by who may read them, a file's by others too.
            try expect(mount.probe("write", flags, "acme/web/db/files/d/g", "x", as: bob), "write ENOKEY", "\(flags)")
            try expect(mount.probe("write", flags, old, "x", as: bob), "write EACCES", "\(flags)")
        }
        try mount.must("mkdir acme/app; rmdir acme/app; setfacl -m u:1005:rx acme; setfacl -x u:1005 acme")
        #expect(try mount.tacit("status").orThrow().text.contains(" locked"))
    }

    private func checkUnlocked(_ mount: Mount) throws {
        try expect(
            mount.must("cd acme/web/db; cat vars/A; echo; cat vars/NEW; echo; cat files/d/g", as: alice), "value of A\nnew\nnewer")
        try expect(mount.read("acme/web/db/env", as: alice), "A='value of A'\nNEW=new\n")
        #expect(try mount.tacit("status").orThrow().text.contains("unlocked"))
        try expect(mount.probe("write", "a", "acme/web/db/files/d/g", "!", as: bob), "ok")
        try expect(mount.read("acme/web/db/files/d/g", as: alice), "newer\n!")
    }

    @Test func `locked by command, unlocked from its own source again`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try expect(mount.read("acme/web/db/vars/A", as: alice), "value of A")
            try mount.tacit("lock").orThrow()
            try check(mount)
            try mount.tacit("unlock").orThrow()
            try checkUnlocked(mount)
            try mount.tacit("lock").orThrow()
            try expect(mount.probe("read", "acme/web/db/vars/A", as: alice), "open ENOKEY")
        }
    }

    @Test func `locked from the start, unlocked by a key file`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try mount.stop()
            try mount.start(key: [])
            try check(mount)
            try mount.scratch.file("wrong", Data(repeating: 7, count: 32))
            try expect(mount.tacit("unlock", "--key-file", mount.scratch.path + "/wrong").ending, .exited(5))
            try expect(mount.probe("read", "acme/web/db/vars/A", as: alice), "open ENOKEY")
            try mount.tacit("unlock", "--key-file", mount.key).orThrow()
            try checkUnlocked(mount)
        }
    }

    @Test func `a command gives the root key`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try mount.stop()
            try mount.scratch.file("switch")
            try mount.start(key: ["--key-command", "test -e \(mount.scratch.path)/switch && cat \(mount.key)"])
            try expect(mount.read("acme/web/db/vars/A", as: alice), "value of A")
            try mount.tacit("lock").orThrow()
            try check(mount)
            try mount.must("rm $SCRATCH/switch")
            #expect(!(try mount.tacit("unlock").succeeded))
            try expect(mount.probe("read", "acme/web/db/vars/A", as: alice), "open ENOKEY")
            try mount.must("touch $SCRATCH/switch")
            try mount.tacit("unlock").orThrow()
            try checkUnlocked(mount)
        }
    }

    @Test func `a passphrase gives the root key`() throws {
        let mount = try Mount()
        let passphrase = Data("correct horse battery staple".utf8)
        var initialize = Command(mount.scratch.path + "/tacit", "init", "--store", mount.store, "--passphrase")
        initialize.input = passphrase
        try initialize.run().orThrow()
        try mount.start(key: [])
        // A new store is locked as well until its passphrase is said, and takes writes.
        try mount.makeSecret()
        try mount.shareSecret()
        try check(mount)
        try expect(mount.tacit("unlock", input: Data("wrong".utf8)).ending, .exited(5))
        try mount.tacit("unlock", input: passphrase).orThrow()
        try checkUnlocked(mount)
        try mount.stop()
        try mount.start(key: [])
        try expect(mount.probe("read", "acme/web/db/vars/A", as: alice), "open ENOKEY")
        try mount.tacit("unlock", input: passphrase + Data("\n".utf8)).orThrow()
        try expect(mount.read("acme/web/db/vars/A", as: alice), "value of A")
        try mount.close()
    }

    @Test func `only the owner locks and unlocks`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            try expect(mount.tacit("lock", as: alice).ending, .exited(3))
            try expect(mount.read("acme/web/db/vars/A", as: alice), "value of A")
            try mount.tacit("lock").orThrow()
            try expect(mount.tacit("unlock", as: alice).ending, .exited(3))
            try expect(mount.probe("read", "acme/web/db/vars/A", as: alice), "open ENOKEY")
        }
    }

    @Test func `locking forgets what was open and cached`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            for _ in 0..<5 {
                try mount.must("cat acme/web/db/vars/A acme/web/db/env acme/web/db/files/f", as: alice)
                try mount.tacit("lock").orThrow()
                try expect(
                    mount.probe(each: [["read", "acme/web/db/vars/A"], ["read", "acme/web/db/env"]], as: alice),
                    ["open ENOKEY", "open ENOKEY"])
                try mount.tacit("unlock").orThrow()
            }
        }
    }
}
