// SPDX-License-Identifier: MIT

import TestSupport
import Testing

/// `setfacl` and `tacit grant` are two ways to the same grants, `getfacl` and `tacit acl` two ways to see them.
@Suite struct Sharing {
    private func acl(_ path: String, in mount: Mount) throws -> [String] {
        try mount.command(["getfacl", "-cn", path]).run().orThrow().lines.filter { !$0.isEmpty }
    }

    @Test func `getfacl shows the rights`() throws {
        try withMount { mount in
            try mount.makeSecret()
            for (uid, rights) in [(1001, "list"), (1002, "read"), (1003, "write"), (1004, "run"), (1005, "read,write")] {
                try mount.grant(rights, on: "acme/web/db", to: "user:\(uid)")
            }
            try mount.grant("read", on: "acme/web/db", to: "group:2001")
            let folder = [
                "user::rwx", "user:1001:r-x", "user:1002:r-x", "user:1003:rwx", "user:1004:r-x", "user:1005:rwx", "group::---",
                "group:2001:r-x", "mask::rwx", "other::---",
                "default:user::rwx", "default:user:1002:r--", "default:user:1003:-w-", "default:user:1005:rw-",
                "default:group::---", "default:group:2001:r--", "default:mask::rw-", "default:other::---",
            ]
            try expect(acl("acme/web/db", in: mount), folder)
            try expect(acl("acme/web/db/vars", in: mount), folder)
            try expect(
                acl("acme/web/db/vars/A", in: mount),
                [
                    "user::rw-", "user:1002:r--", "user:1003:-w-", "user:1005:rw-", "group::---", "group:2001:r--", "mask::rw-",
                    "other::---",
                ])
            // What is above is only passed through.
            try expect(
                acl("acme", in: mount),
                ["user::rwx"] + (1001...1005).map { "user:\($0):r-x" }
                    + ["group::---", "group:2001:r-x", "mask::r-x", "other::---"])
            try expect(acl(".", in: mount), ["user::rwx", "group::---", "other::r-x"])
        }
    }

    @Test func `setfacl grants`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.must("setfacl -m u:1001:r acme/web/db/vars/A; setfacl -m u:1002:w,g:2001:rw acme/web/db/files/f")
            try expect(
                mount.probe(
                    each: [
                        ["read", "acme/web/db/vars/A"], ["open", "w", "acme/web/db/vars/A"], ["read", "acme/web/db/files/f"],
                    ], as: alice), ["ok", "open EACCES", "open EACCES"])
            try expect(
                mount.probe(each: [["read", "acme/web/db/files/f"], ["open", "w", "acme/web/db/files/f"]], as: bob),
                ["open EACCES", "ok"])
            try expect(
                mount.probe(each: [["read", "acme/web/db/files/f"], ["open", "w", "acme/web/db/files/f"]], as: carol), ["ok", "ok"])
            try mount.must("setfacl -x u:1001 acme/web/db/vars/A; setfacl -x u:1002,g:2001 acme/web/db/files/f")
            for caller in [alice, bob, carol] {
                try expect(mount.probe("stat", "acme/web", as: caller), "stat EACCES")
            }
            // On folders: x and r to pass and see, w to write, the default's r to read.
            try mount.must("setfacl -m u:1001:rx acme/web; setfacl -m u:1002:rwx acme/web; setfacl -m d:u:1003:r acme/web")
            try mount.tacit("acl", "acme/web").orThrow()
            let granted = try mount.tacit("acl", "acme/web").lines.map { $0.split(separator: " ").map(String.init) }
            #expect(granted.map(\.last) == ["list", "list,write", "read"], "\(granted)")
            try expect(
                mount.probe(
                    each: [["list", "acme/web/db/vars"], ["read", "acme/web/db/vars/A"], ["open", "w", "acme/web/db/vars/A"]],
                    as: alice), ["ok", "open EACCES", "open EACCES"])
            try expect(
                mount.probe(each: [["read", "acme/web/db/vars/A"], ["open", "w", "acme/web/db/vars/A"]], as: bob),
                ["open EACCES", "ok"])
            try expect(
                mount.probe(each: [["read", "acme/web/db/vars/A"], ["open", "w", "acme/web/db/vars/A"]], as: carol),
                ["ok", "open EACCES"])
            #expect(try mount.must("ls -ld acme/web").hasPrefix("drwxrwx---+"))
        }
    }

    @Test func `setfacl -x takes away, of both ACLs`() throws {
        try withMount { mount in
            try mount.makeSecret()
            let read = ["read", "acme/web/db/vars/A"]
            let write = ["open", "w", "acme/web/db/vars/A"]
            let see = ["list", "acme/web/db"]
            try mount.grant("read,write,run", on: "acme/web/db", to: "user:1001")
            try mount.grant("read", on: "acme/web/db", to: "user:1002")
            try mount.must("setfacl -x u:1001 acme/web/db")
            try expect(mount.probe(each: [read, write, see], as: alice), ["open EACCES", "open EACCES", "opendir EACCES"])
            try expect(mount.probe(each: [read, write, see], as: bob), ["ok", "open EACCES", "ok"])
            // The default's r was all that bob had.
            try mount.must("setfacl -x d:u:1002 acme/web/db")
            try expect(mount.probe(each: [read, write, see], as: bob), ["open EACCES", "open EACCES", "opendir EACCES"])
            try mount.must("setfacl -m u:1002:rwx acme/web/db")
            try mount.must("setfacl -x u:1002 acme/web/db")
            try expect(mount.probe(each: [read, write, see], as: bob), ["open EACCES", "open EACCES", "opendir EACCES"])
            #expect(try mount.must("ls -ld acme/web/db").hasPrefix("drwx------ "))
        }
    }

    @Test func `setfacl -R gives and takes a whole tree, getfacl -R and --restore bring it back`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.make("acme/web/db/files/deep/er")
            try mount.store("x", in: "acme/web/db/files/deep/er/f")
            let files = ["acme/web/db/vars/A", "acme/web/db/files/f", "acme/web/db/files/deep/er/f", "acme/web/db/env"].map {
                ["read", $0]
            }
            try mount.must("setfacl -R -m u:1001:rX acme/web")
            try expect(mount.probe(each: files, as: alice), ["ok", "ok", "ok", "ok"])
            try mount.store("later", in: "acme/web/db/vars/LATER")
            try expect(mount.probe("read", "acme/web/db/vars/LATER", as: alice), "open EACCES")
            let saved = try mount.must("getfacl -R acme/web | tee $SCRATCH/acl")
            // Setting what is shown changes nothing that is stored.
            let stored = try mount.tacit("acl", "acme/web/db/vars/A").orThrow().text
            try mount.must("setfacl --restore=$SCRATCH/acl")
            try expect(mount.tacit("acl", "acme/web/db/vars/A").text, stored)
            try expect(mount.must("getfacl -R acme/web"), saved)
            // As long as something further down is granted there is a way to it, which can't be taken.
            try mount.must("find acme/web -depth -exec setfacl -x u:1001 {} \\;")
            try expect(mount.probe(each: files, as: alice), Array(repeating: "open EACCES", count: 4))
            try mount.must("setfacl --restore=$SCRATCH/acl")
            try expect(mount.probe(each: files, as: alice), ["ok", "ok", "ok", "ok"])
            try expect(mount.must("getfacl -R acme/web"), saved)
            // On the way there is nothing to take away, and it says so.
            let outcome = try mount.run("setfacl -R -x u:1001 acme")
            #expect(!outcome.succeeded && outcome.complaint.contains("setfacl: acme: Operation not permitted"), "\(outcome)")
            try expect(mount.probe("stat", "acme/web", as: alice), "stat EACCES")
        }
    }

    @Test func `what setfacl leaves as it was shown stays as it is stored`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.grant("run", on: "acme/web/db", to: "user:1001")
            try mount.grant("read,manage", on: "acme/web/db", to: "group:2001")
            try mount.must("setfacl -m u:1002:rx acme/web/db")
            let acl = try mount.tacit("acl", "acme/web/db").orThrow().text
            for rights in ["run", "read,manage", "list"] { #expect(acl.contains(rights), "\(acl)") }
            #expect(acl.split(separator: "\n").count == 3, "\(acl)")
        }
    }

    @Test func `what is inherited can't be taken away below, EPERM`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.grant("read", on: "acme", to: "user:1001")
            for script in [
                "setfacl -x u:1001 acme/web/db", "setfacl -x d:u:1001 acme/web/db",
                "setfacl -m u:1001:- acme/web/db/vars/A",
            ] {
                let outcome = try mount.run(script)
                #expect(!outcome.succeeded && outcome.complaint.contains("Operation not permitted"), "\(outcome)")
            }
            try expect(mount.read("acme/web/db/vars/A", as: alice), "value of A")
            #expect(!(try mount.tacit("revoke", "acme/web/db", "user:1001").succeeded))
        }
    }

    @Test func `masks, and entries that mean nothing here`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.must("setfacl -m u:1002:rwx,m::rx acme/web/db")
            try expect(mount.probe("open", "w", "acme/web/db/vars/A", as: bob), "open EACCES")
            for entry in ["o::r", "g::rwx", "o::rx"] { try mount.must("setfacl -m \(entry) acme/web/db acme/web/db/vars") }
            try expect(mount.probe("open", "w", "acme/web/db/vars/A", as: bob), "open EACCES")
            try expect(mount.probe("list", "acme/web/db/vars", as: mallory), "opendir EACCES")
            #expect(try acl("acme/web/db", in: mount).filter { $0.hasSuffix(":r-x") } == ["user:1002:r-x", "mask::r-x"])
            try mount.must("setfacl -m u::r acme/web/db")
            #expect(try mount.must("stat -c %A acme/web/db").hasPrefix("drwx"))
        }
    }

    @Test func `who may share: those who manage`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            // Who may not even see it is told that it isn't there.
            for (caller, status) in [(alice, 3), (bob, 3), (mallory, 4)] as [(TestUser, Int32)] {
                try expect(mount.tacit("grant", "acme/web/db", "user:1004", "read", as: caller).ending, .exited(status))
                try expect(mount.tacit("revoke", "acme/web/db", "user:1001", as: caller).ending, .exited(status))
                #expect(!(try mount.run("setfacl -m u:1004:rx acme/web/db", as: caller).succeeded))
            }
            try mount.grant("manage", on: "acme/web/db", to: "user:1003")
            try mount.grant("read", on: "acme/web/db", to: "user:1004", as: carol)
            try expect(mount.read("acme/web/db/vars/A", as: mallory), "value of A")
            try mount.must("setfacl -m u:1005:r acme/web/db/vars/A", as: carol)
            try expect(mount.read("acme/web/db/vars/A", as: .user(1005)), "value of A")
            try expect(mount.tacit("grant", "acme/web", "user:1004", "read", as: carol).ending, .exited(3))
            // Managing is not reading, but who manages may grant it to themself, and the log says so.
            try expect(mount.probe("read", "acme/web/db/vars/A", as: carol), "open EACCES")
        }
    }

    @Test func `user is never shared, EPERM`() throws {
        try withMount { mount in
            try mount.must("mkdir user/mail; echo x > user/mail/vars/A", as: alice)
            for caller in [alice, TestUser.root] {
                for path in [".users/1001/mail", ".users/1001/mail/vars/A", ".users/1001"] {
                    let outcome = try mount.run("setfacl -m u:1002:r \(path)", as: caller)
                    #expect(!outcome.succeeded && outcome.complaint.contains("Operation not permitted"), "\(outcome)")
                }
            }
            for reference in ["user/mail", "user/mail/vars/A", "user"] {
                #expect(!(try mount.tacit("grant", reference, "user:1002", "read", as: alice).succeeded))
            }
            try expect(mount.must("getfacl -c user/mail | grep -c :", as: alice), "3")
            try expect(mount.probe("stat", ".users/1001/mail", as: bob), "stat EACCES")
        }
    }

    @Test func `tacit grant, revoke, acl and why`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.grant("read", on: "secret:acme/web/db", to: "uid:1001")
            try mount.grant("write", on: "/acme/web", to: "1001")
            try expect(mount.read("acme/web/db/vars/A", as: alice), "value of A")
            try expect(mount.tacit("acl", "acme/web/db").orThrow().lines.count, 2)
            try expect(mount.tacit("acl", as: alice).orThrow().lines.count, 2)
            try expect(mount.tacit("acl", as: mallory).orThrow().text, "")
            func why(_ arguments: String..., as caller: TestUser) throws -> [String: String] {
                let outcome = try mount.command(["tacit", "why"] + arguments, as: caller).run().orThrow()
                return Dictionary(
                    outcome.lines.map { line in
                        let words = line.split(separator: " ")
                        return (String(words[0]), String(words[1]))
                    }
                ) { $1 }
            }
            let expected = ["list": "yes", "read": "yes", "write": "yes", "run": "no", "manage": "no"]
            try expect(why("acme/web/db/vars/A", as: alice), expected)
            try expect(why("--as", "1001", "acme/web/db", as: .root), expected)
            try expect(why("acme/web/db", as: .root), ["list": "yes", "read": "no", "write": "yes", "run": "no", "manage": "yes"])
            try expect(mount.tacit("why", "--as", "0", "acme/web/db", as: alice).ending, .exited(3))
            try mount.tacit("revoke", "acme/web/db", "1001", "read").orThrow()
            try expect(mount.probe("read", "acme/web/db/vars/A", as: alice), "open EACCES")
            try expect(mount.tacit("grant", "acme/nowhere", "1001", "read").ending, .exited(4))
            try expect(mount.tacit("grant", "acme/web", "1001", "fly").ending, .exited(2))
            try expect(mount.tacit("grant", "acme/web", "nobody-of-that-name", "read").ending, .exited(4))
            // A reference to a secret with exactly one item stands for that item where a value is meant, not here.
            let json = try mount.tacit("acl", "--json", "acme/web").orThrow().text
            #expect(json.hasPrefix("{") && json.contains("\"uid:1001\"") && json.contains("\"write\""), "\(json)")
        }
    }
}
