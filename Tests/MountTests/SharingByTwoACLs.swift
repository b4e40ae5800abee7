// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// One setfacl(1) that sets a folder's access and default ACL, by two system calls, and ACLs that come from other file systems.
@Suite struct SharingByTwoACLs {
    /// The grants on the place itself, by number.
    private func grants(_ place: String, in mount: Mount) throws -> [String] {
        let reply = try JSONSerialization.jsonObject(with: mount.tacit("acl", "--json", place).orThrow().bytes) as? [String: Any]
        return try #require(reply?["grants"] as? [[String: Any]]).filter { $0["direct"] as? Bool == true }
            .map { "\($0["who"] ?? "") \($0["rights"] ?? "")" }.sorted()
    }

    @Test(arguments: ["acme", "acme/web", "acme/web/db", "acme/web/db/vars", "acme/web/db/files", "acme/web/db/files/d"])
    func `access and default entries in one command`(_ place: String) throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.make("acme/web/db/files/d")
            try mount.must("setfacl -m u:1001:rwx,d:u:1002:r \(place)")
            try expect(grants(place, in: mount), ["uid:1001 list,write", "uid:1002 read"])
            try mount.must("setfacl -m u:1001:rx,d:u:1003:rw,d:u:1002:rw \(place)")
            try expect(grants(place, in: mount), ["uid:1001 list", "uid:1002 read,write", "uid:1003 read,write"])
            // What is taken away by one of the two is not given again by the other.
            try mount.must("setfacl -x u:1002 -m d:u:1001:r \(place)")
            try expect(grants(place, in: mount), ["uid:1001 list,read", "uid:1003 read,write"])
            try mount.must("setfacl -b -m u:1002:rwx,d:u:1002:r \(place)")
            try expect(grants(place, in: mount), ["uid:1002 list,read,write"])
            try mount.must("setfacl -x d:u:1002 -m u:1001:rx,u:1002:rx \(place)")
            try expect(grants(place, in: mount), ["uid:1001 list", "uid:1002 list"])
            try mount.must("setfacl --set u::rwx,g::-,o::-,u:1003:rx,d:u:1003:r \(place)")
            try expect(grants(place, in: mount), ["uid:1003 list,read"])
        }
    }

    /// A command that reads what the one before it has made means what it says.
    @Test func `two commands are two commands`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.must("setfacl -m u:1001:rwx acme/web; setfacl -x d:u:1001 acme/web")
            try expect(grants("acme/web", in: mount), ["uid:1001 list"])
            // In one process too.
            let script = """
                import os, sys
                path, access, default = sys.argv[1], "system.posix_acl_access", "system.posix_acl_default"
                def acl(*named):
                    out = (2).to_bytes(4, "little")
                    def entry(tag, bits, id=0xffffffff):
                        return tag.to_bytes(2, "little") + bits.to_bytes(2, "little") + id.to_bytes(4, "little")
                    out += entry(1, 7)
                    for id, bits in named: out += entry(2, bits, id)
                    return out + entry(4, 0) + (entry(16, 7) if named else b"") + entry(32, 0)
                for step in sys.argv[2:]:
                    kind, _, rest = step.partition("=")
                    name = access if kind.startswith("access") else default
                    if kind.endswith("?"):
                        try: os.getxattr(path, name)
                        except OSError: pass
                        continue
                    os.setxattr(path, name, acl(*[tuple(map(int, e.split(":"))) for e in rest.split(",") if e]))
                """
            try mount.must("cat > $SCRATCH/acls.py <<'EOF'\n\(script)\nEOF")
            func set(_ steps: String) throws { try mount.must("python3 $SCRATCH/acls.py acme/web \(steps)") }
            try mount.must("tacit revoke acme/web uid:1001")
            // Without a look in between the default ACL is one that was made before, in whichever order.
            try set("access=1001:7 default=1002:4")
            try expect(grants("acme/web", in: mount), ["uid:1001 list,write", "uid:1002 read"])
            try mount.must("for id in 1001 1002; do tacit revoke acme/web uid:$id; done")
            try set("default=1002:4 access=1001:7")
            try expect(grants("acme/web", in: mount), ["uid:1001 list,write", "uid:1002 read"])
            try mount.must("for id in 1001 1002; do tacit revoke acme/web uid:$id; done")
            // After a look it takes away what it leaves out.
            try set("access=1001:7 default? default=1002:4")
            try expect(grants("acme/web", in: mount), ["uid:1001 list", "uid:1002 read"])
        }
    }

    @Test func `a dump of another file system is restored, and rsync -A brings ACLs`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.must(
                """
                mkdir -p $SCRATCH/from/d/e; cd $SCRATCH/from; echo 1 > d/x; echo 2 > d/e/y; umask 022; chmod -R go+rX .
                setfacl -R -m u:1001:rwX,g:2001:rX d; setfacl -m d:u:1001:rwx,d:g:2001:r d d/e; setfacl -m u:1002:rwx,d:u:1002:w,d:u:1003:r d/e; setfacl -m u:1002:w,u:1003:r d/e/y
                getfacl -R d > $SCRATCH/dump
                """)
            let folder = ["gid:2001 list,read", "uid:1001 list,read,write"]
            let inner = ["gid:2001 list,read", "uid:1001 list,read,write", "uid:1002 list,write", "uid:1003 read"]
            func check() throws {
                try expect(grants("acme/web/db/files/d", in: mount), folder)
                try expect(mount.must("getfacl -cn acme/web/db/files/d/e | grep ^user:1002"), "user:1002:rwx")
                try expect(mount.read("acme/web/db/files/d/e/y", as: .user(1003)), "2\n")
                try expect(mount.probe("stat", "acme/web/db/files/d", as: mallory), "stat EACCES")
            }
            try mount.must("rsync -rA --inplace $SCRATCH/from/ acme/web/db/files/")
            try check()
            try mount.must("rsync -rA --inplace $SCRATCH/from/ acme/web/db/files/")
            try check()
            // What is inherited goes with what it comes from, and the way to something with that.
            let all = """
                for who in uid:1001 uid:1002 uid:1003 gid:2001; do
                    for place in d d/e d/e/y; do tacit revoke acme/web/db/files/$place $who || :; done
                done 2> $SCRATCH/said
                """
            try mount.must(all)
            try expect(grants("acme/web/db/files/d/e", in: mount), [])
            try mount.must("cd acme/web/db/files; setfacl --restore=$SCRATCH/dump")
            try check()
            try expect(grants("acme/web/db/files/d/e", in: mount).filter { !folder.contains($0) }, inner.filter { !folder.contains($0) })
            // And what is shown here can be restored here.
            let before = try mount.must("getfacl -R acme/web/db/files/d | tee $SCRATCH/own")
            try mount.must("\(all)\nsetfacl --restore=$SCRATCH/own")
            try expect(mount.must("getfacl -R acme/web/db/files/d"), before)
        }
    }

    /// Who only passes may not share, and the way there can't be taken from them where they pass.
    @Test func `who may not share is refused`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.grant("read", on: "acme/web/db/vars/A", to: "user:1001")
            for place in ["acme", "acme/web", "acme/web/db", "acme/web/db/vars"] {
                for change in ["-m u:1009:rx", "-m d:u:1009:r", "-m u:1009:rx,d:u:1009:r", "-b", "-x u:1001", "-m o::r"] {
                    let outcome = try mount.run("setfacl \(change) \(place)", as: alice)
                    #expect(!outcome.succeeded && outcome.complaint.contains("Operation not permitted"), "\(change) \(place): \(outcome)")
                }
                let outcome = try mount.run("setfacl -x u:1001 \(place)")
                #expect(!outcome.succeeded && outcome.complaint.contains("Operation not permitted"), "\(place): \(outcome)")
            }
        }
    }
}
