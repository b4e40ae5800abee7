// SPDX-License-Identifier: MIT

import TestSupport
import Testing

/// Other mounts that show parts of the tree: they give nobody more than the tree does.
@Suite struct Layers {
    @Test func `a bind mount decides as the tree does`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            let other = try mount.scratch.folder("other", mode: 0o755)
            for (part, file) in [("acme/web/db", "vars/A"), ("acme/web/db/vars", "A")] {
                try Command("mount", "--bind", "\(mount.point)/\(part)", other).run().orThrow()
                defer { _ = try? Command("umount", "-l", other).run() }
                let path = other + "/" + file
                try expect(mount.probe("read", path, as: alice), "ok")
                try expect(mount.probe("write", "wt", path, "new", as: alice), "open EACCES")
                try expect(mount.probe("write", "wt", path, "new", as: bob), "ok")
                try expect(mount.read("acme/web/db/vars/A", as: alice), "new")
                for caller in [bob, mallory, .root] {
                    try expect(mount.probe("read", path, as: caller), "open EACCES", "\(caller)")
                }
                // What changes by one way is seen by the other at once.
                try mount.store("newer", in: "acme/web/db/vars/A")
                try expect(mount.read(path, as: alice), "newer")
            }
        }
    }

    /// It reads as who mounted it, whoever calls: the caller that the kernel names is not the thread that waits.
    @Test func `overlayfs is refused what it would read or list for others`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            // Root may read it by itself, so that only the difference of the two refuses alice.
            try mount.grant("read,write", on: "acme/web/db", to: "user:0")
            try expect(mount.probe("read", "acme/web/db/vars/A"), "ok")
            let upper = try mount.scratch.folder("upper", mode: 0o755)
            let other = try mount.scratch.folder("other", mode: 0o755)
            try Command("mount", "-t", "tmpfs", "-o", "mode=755", "tacit-test", upper).run().orThrow()
            defer { _ = try? Command("umount", "-l", upper).run() }
            try mount.must("mkdir \(upper)/upper \(upper)/work")
            let layers = "lowerdir=\(mount.point)/acme/web/db,upperdir=\(upper)/upper,workdir=\(upper)/work"
            try Command("mount", "-t", "overlay", "-o", layers, "tacit-test", other).run().orThrow()
            defer { _ = try? Command("umount", "-l", other).run() }
            for caller in [alice, bob, mallory] {
                try expect(mount.probe("read", other + "/vars/A", as: caller), "open EACCES", "\(caller)")
                let listing = try mount.probe("list", other + "/vars", as: caller)
                #expect(listing.hasSuffix("EACCES"), "\(caller): \(listing)")
                try expect(mount.probe("write", "wt", other + "/vars/A", "new", as: caller), "open EACCES", "\(caller)")
            }
            let line = try mount.auditLog().last { $0["verdict"] as? String == "deny" }
            #expect(line?["reason"] as? String == "unknown caller")
            // Who mounted it is who calls.
            try expect(mount.probe("read", other + "/vars/A"), "ok")
            try expect(mount.read("acme/web/db/vars/A", as: alice), "value of A")
        }
    }
}
