// SPDX-License-Identifier: MIT

import TestSupport
import Testing

/// The whole table of rights × operations, for a user and for a group, granted on the thing itself and above it.
@Suite struct Rights {
    /// What is tried, each with a variable `A`, a file `f` and an empty folder `d` in the secret, and undone afterwards.
    enum Operation: String, CaseIterable {
        case openForRead, openForWrite, openForBoth, append, appendToFile, create, unlink, rename, mkdir, rmdir, list, getfacl, setfacl

        /// As operations of `probe`, or a script.
        func attempt(on secret: String) -> [String] {
            switch self {
            case .openForRead: ["probe", "read", "\(secret)/vars/A"]
            case .openForWrite: ["probe", "write", "wt", "\(secret)/vars/A", "new"]
            case .openForBoth: ["probe", "write", "rw", "\(secret)/vars/A", "new"]
            case .append: ["probe", "write", "a", "\(secret)/vars/A", "more"]
            case .appendToFile: ["probe", "write", "a", "\(secret)/files/f", "more"]
            case .create: ["probe", "write", "wcx", "\(secret)/vars/NEW", "new"]
            case .unlink: ["probe", "unlink", "\(secret)/vars/A"]
            case .rename: ["probe", "rename", "\(secret)/files/f", "\(secret)/files/g"]
            case .mkdir: ["probe", "mkdir", "\(secret)/files/new"]
            case .rmdir: ["probe", "rmdir", "\(secret)/files/d"]
            case .list: ["probe", "list", "\(secret)/vars"]
            case .getfacl: ["sh", "-c", "getfacl -cn \(secret)/vars | grep -q user && echo ok"]
            case .setfacl: ["sh", "-c", "setfacl -m u:1777:rx \(secret)/vars 2>&1 && echo ok || :"]
            }
        }

        /// The system call that is refused to a holder of these rights.
        func call(refusedTo rights: String) -> String {
            switch self {
            case .openForRead, .openForWrite, .openForBoth, .appendToFile, .create: "open"
            // What would be kept of a variable takes `read`, and whether any is, the first write tells.
            case .append: rights.contains("write") ? "write" : "open"
            case .list: "opendir"
            case .unlink, .rename, .mkdir, .rmdir, .getfacl, .setfacl: rawValue
            }
        }
    }

    /// The rights, and the operations that each lets through. All else is refused.
    static let table: [(rights: String, allowed: Set<Operation>)] = [
        ("list", [.list, .getfacl]),
        ("read", [.list, .getfacl, .openForRead]),
        ("write", [.list, .getfacl, .openForWrite, .appendToFile, .create, .unlink, .rename, .mkdir, .rmdir]),
        ("run", [.list, .getfacl]),
        ("manage", [.list, .getfacl, .unlink, .rename, .mkdir, .rmdir, .setfacl]),
        ("read,write", Set(Operation.allCases).subtracting([.setfacl])),
        ("list,read,write,run,manage", Set(Operation.allCases)),
    ]

    /// Grants one row after the other on `scope`, tries everything as the caller on `acme/web/db`, and revokes.
    private func check(_ caller: TestUser, called who: String, grantedOn scope: String, in mount: Mount) throws {
        for (rights, allowed) in Rights.table {
            try mount.grant(rights, on: scope, to: who)
            for operation in Operation.allCases {
                try mount.must(
                    """
                    cd acme/web/db && rm -rf files/* vars/* && mkdir files/d && printf old > vars/A && printf old > files/f
                    """)
                let answer = try mount.command(operation.attempt(on: "acme/web/db"), as: caller).run().text
                // The kernel lets only the owner shown set ACLs; a group's managers use `tacit grant`.
                let byOwner = operation == .setfacl && who.hasPrefix("group")
                if allowed.contains(operation) && !byOwner {
                    #expect(answer == "ok", "\(rights) for \(who) on \(scope): \(operation)")
                } else if operation == .setfacl {
                    #expect(answer.contains("Operation not permitted"), "\(rights) for \(who) on \(scope): \(answer)")
                } else {
                    #expect(answer == "\(operation.call(refusedTo: rights)) EACCES", "\(rights) for \(who) on \(scope): \(operation)")
                }
                if answer == "ok" && operation == .setfacl { try mount.must("setfacl -x u:1777 acme/web/db/vars") }
            }
            try mount.tacit("revoke", scope, who).orThrow()
        }
    }

    @Test func `granted to a user on the secret`() throws {
        try withMount { mount in
            try mount.make("acme/web/db")
            try check(alice, called: "user:1001", grantedOn: "acme/web/db", in: mount)
        }
    }

    @Test func `granted to a user on the organization`() throws {
        try withMount { mount in
            try mount.make("acme/web/db")
            try check(alice, called: "user:1001", grantedOn: "acme", in: mount)
        }
    }

    @Test func `granted to a group on the secret`() throws {
        try withMount { mount in
            try mount.make("acme/web/db")
            try check(carol, called: "group:2001", grantedOn: "acme/web/db", in: mount)
        }
    }

    @Test func `granted to a group on the project`() throws {
        try withMount { mount in
            try mount.make("acme/web/db")
            try check(carol, called: "group:2001", grantedOn: "acme/web", in: mount)
        }
    }

    @Test func `granted to the primary group, and to one of many`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.grant("read", on: "acme/web/db", to: "group:3000")
            let many = TestUser(uid: 1005, gid: 1005, groups: (2900..<3100).map { $0 })
            try expect(mount.read("acme/web/db/vars/A", as: many), "value of A")
            try expect(mount.read("acme/web/db/vars/A", as: TestUser(uid: 1006, gid: 3000, groups: [])), "value of A")
            try expect(mount.probe("read", "acme/web/db/vars/A", as: carol), "open EACCES")
        }
    }

    @Test func `without any right`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.shareSecret()
            for operation in Operation.allCases where ![.getfacl, .setfacl].contains(operation) {
                let answer = try mount.command(operation.attempt(on: "acme/web/db"), as: mallory).run().text
                #expect(answer == "\(operation.call(refusedTo: "")) EACCES")
            }
            #expect(!(try mount.run("getfacl acme/web/db", as: mallory).succeeded))
            #expect(!(try mount.run("setfacl -m u:1004:r acme", as: mallory).succeeded))
            try expect(mount.probe("mkdir", "globex", as: mallory), "mkdir EACCES")
        }
    }

    @Test func `granted on one item`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try mount.store("value of B", in: "acme/web/db/vars/B")
            let (a, b) = ("acme/web/db/vars/A", "acme/web/db/vars/B")
            for who in ["user:1003", "group:2001"] {
                for rights in ["list", "read", "write", "run", "manage", "read,write"] {
                    try mount.grant(rights, on: a, to: who)
                    let reads = rights.contains("read")
                    let writes = rights.contains("write")
                    try expect(
                        mount.probe(
                            each: [["read", a], ["write", "wt", a, "x"], ["write", "rw", a, "x"], ["write", "a", a, "x"]], as: carol
                        ),
                        [
                            reads ? "ok" : "open EACCES", writes ? "ok" : "open EACCES",
                            reads && writes ? "ok" : "open EACCES", !writes ? "open EACCES" : reads ? "ok" : "write EACCES",
                        ], "\(rights)")
                    try expect(
                        mount.probe(
                            each: [["read", b], ["write", "wt", b, "x"], ["unlink", b], ["rename", b, b + "2"]], as: carol),
                        [
                            "open EACCES", "open EACCES", "unlink EACCES", "rename EACCES",
                        ], "\(rights)")
                    try expect(mount.must("ls acme/web/db/vars", as: carol), "A")
                    try mount.tacit("revoke", a, who).orThrow()
                    try expect(mount.probe("read", a, as: carol), "open EACCES")
                }
            }
        }
    }

    @Test func `scopes: who may make, rename and remove them`() throws {
        try withMount { mount in
            try mount.make("acme/web/db", "acme/app")
            try expect(mount.probe("mkdir", "globex", as: alice), "mkdir EACCES")
            try mount.grant("write", on: "acme", to: "user:1001")
            try expect(
                mount.probe(
                    each: [
                        ["mkdir", "globex"], ["mkdir", "acme/new"], ["mkdir", "acme/new@production"], ["mkdir", "acme/new/secret"],
                        ["rename", "acme/new/secret", "acme/new/other"], ["rename", "acme/new", "acme/other"],
                        ["rename", "acme", "umbrella"],
                        ["rmdir", "acme/new/secret"], ["rmdir", "acme/new@production"], ["rmdir", "acme/new"], ["rmdir", "acme"],
                    ], as: alice),
                [
                    "mkdir EACCES", "ok", "ok", "ok",
                    "rename EACCES", "rename EACCES", "rename EACCES",
                    "ok", "ok", "ok", "rmdir EACCES",
                ])
            for (caller, who) in [(bob, "user:1002"), (carol, "group:2001")] {
                try mount.grant("manage", on: "acme", to: who)
                try expect(
                    mount.probe(
                        each: [
                            ["mkdir", "acme/new"], ["mkdir", "acme/new/secret"], ["rename", "acme/new/secret", "acme/new/other"],
                            ["rename", "acme/new", "acme/newer"], ["rmdir", "acme/newer/other"], ["rmdir", "acme/newer"],
                            ["mkdir", "globex"],
                        ], as: caller), ["ok", "ok", "ok", "ok", "ok", "ok", "mkdir EACCES"], "\(who)")
            }
        }
    }

    @Test func `root reads nothing without a grant, but may manage`() throws {
        try withMount { mount in
            try mount.makeSecret()
            try expect(
                mount.probe(each: [
                    ["read", "acme/web/db/vars/A"], ["read", "acme/web/db/files/f"], ["read", "acme/web/db/env"],
                    ["open", "rw", "acme/web/db/vars/A"], ["write", "wt", "acme/web/db/vars/A", "new"],
                    ["write", "a", "acme/web/db/vars/A", "er"],
                    ["write", "wt", "acme/web/db/files/f", "new"], ["write", "a", "acme/web/db/files/f", "er"],
                    ["list", "acme/web/db/vars"],
                ]), ["open EACCES", "open EACCES", "open EACCES", "open EACCES", "ok", "write EACCES", "ok", "ok", "ok"])
            // A backup and a search get nothing.
            #expect(!(try mount.run("grep -r new acme").succeeded))
            #expect(!(try mount.run("tar cf $SCRATCH/backup.tar acme 2> /dev/null").succeeded))
            #expect(!(try mount.run("grep -q newer $SCRATCH/backup.tar").succeeded))
            try mount.grant("read", on: "acme/web/db", to: "user:0")
            try expect(mount.read("acme/web/db/files/f", as: .root), "newer")
            try mount.tacit("revoke", "acme/web/db", "user:0").orThrow()
            try expect(mount.probe("read", "acme/web/db/vars/A"), "open EACCES")
        }
    }

    @Test func `a revoked grant refuses the next open, whatever was cached`() throws {
        try withMount { mount in
            try mount.makeSecret()
            for _ in 0..<10 {
                for who in ["user:1003", "group:2001"] {
                    try mount.grant("read", on: "acme/web", to: who)
                    try expect(
                        mount.probe(each: [["read", "acme/web/db/vars/A"], ["read", "acme/web/db/env"]], as: carol), ["ok", "ok"])
                    try mount.tacit("revoke", "acme/web", who, "read").orThrow()
                    try expect(
                        mount.probe(
                            each: [["read", "acme/web/db/vars/A"], ["read", "acme/web/db/env"], ["list", "acme/web"]], as: carol),
                        ["open EACCES", "open EACCES", "opendir EACCES"])
                }
            }
        }
    }
}
