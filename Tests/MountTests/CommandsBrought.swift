// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// What people had elsewhere, each row of it.
@Suite struct CommandsBrought {
    @Test func `Semaphore: a secret of variables and files with a description, made in one command`() throws {
        try watched { at in
            try at.mount.scratch.file("given/config", Data("[default]\n".utf8), mode: 0o644)
            try at.must(
                "create", "acme/web/aws", "-e", "AWS_ACCESS_KEY_ID=id", "-e", "AWS_SECRET_ACCESS_KEY=-", "-f",
                "\(at.mount.scratch.path)/given/config:.aws/config", "-f", "\(at.mount.scratch.path)/given/config:.aws/other",
                "--description", "the account", as: alice, input: at.canary)
            try expect(
                at.mount.must("find acme/web/aws -type f | sort", as: alice),
                """
                acme/web/aws/env
                acme/web/aws/files/.aws/config
                acme/web/aws/files/.aws/other
                acme/web/aws/vars/AWS_ACCESS_KEY_ID
                acme/web/aws/vars/AWS_SECRET_ACCESS_KEY
                """)
        }
    }

    @Test func `Semaphore: listing with NAME and AGE`() throws {
        try watched { at in
            try at.must("create", "acme/web/aws", "-e", "A=-", as: alice, input: at.canary)
            #expect(try at.must("ls", "acme/web", as: alice).wholeMatch(of: /NAME  AGE\naws   \d+s/) != nil)
        }
    }

    @Test func `Semaphore: showing one as a v1beta manifest with names and no values`() throws {
        try watched { at in
            try at.must("create", "acme/web/aws", "-e", "B=-", "-e", "A=a", "-f", "/etc/hostname:.aws/x", as: alice, input: at.canary)
            let shown = try at.must("show", "acme/web/aws", as: alice)
            // As a YAML parser has it.
            let reader = "import sys, json, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))"
            let parsed = try at.run(["python3", "-c", reader], input: shown).orThrow()
            let manifest = try #require(try JSONSerialization.jsonObject(with: parsed.bytes) as? [String: Any])
            expect(manifest["apiVersion"] as? String, "v1beta")
            expect(manifest["kind"] as? String, "Secret")
            let metadata = try #require(manifest["metadata"] as? [String: Any])
            expect(metadata["name"] as? String, "aws")
            #expect((metadata["create_time"] as? String).flatMap { Int($0) } ?? 0 > 1_700_000_000)
            let data = try #require(manifest["data"] as? [String: Any])
            expect(data["env_vars"] as? [[String: String]], [["name": "A"], ["name": "B"]])
            expect(data["files"] as? [[String: String]], [["path": ".aws/x"]])
        }
    }

    @Test func `Semaphore: organization secrets with an access policy`() throws {
        try watched { at in
            try at.must(
                "create", "acme/@org/aws", "-e", "A=-", "--projects", "web", "--debug", "deny", "--attach", "deny", input: at.canary)
            try expect(at.must("policy", "acme/@org/aws"), "projects  web\ndebug     deny\nattach    deny")
            let shown = try at.must("show", "acme/@org/aws")
            #expect(
                shown.hasSuffix(
                    "org_config:\n  projects_access: ALLOWED\n  project_ids:\n  - web\n"
                        + "  debug_access: JOB_DEBUG_NO\n  attach_access: JOB_ATTACH_NO"))
        }
    }

    @Test func `Apolo: add KEY VALUE and add KEY @path, ls, rm`() throws {
        try watched { at in
            try at.mount.scratch.file("given/file", Data("\(at.canary)\n".utf8), mode: 0o644)
            try at.must("add", "KEY", "value", as: alice)
            try at.must("add", "secret:my-key", "@\(at.mount.scratch.path)/given/file", "--verbatim", as: alice)
            try expect(at.must("ls", "user", as: alice).split(separator: "\n").dropFirst().map { $0.prefix(6) }, ["KEY   ", "my-key"])
            try expect(at.value("secret:KEY", as: alice), "value")
            try expect(at.value("user/my-key", as: alice), at.canary + "\n")
            try at.must("add", "KEY", "Zm9v==", as: alice)
            try expect(at.mount.read("user/KEY/vars/KEY", as: alice), "Zm9v==")
            try at.must("rm", "KEY", as: alice)
            try expect(at.must("ls", "user", as: alice).split(separator: "\n").dropFirst().map { $0.prefix(6) }, ["my-key"])
        }
    }

    @Test(arguments: ["read", "write", "manage"])
    func `Apolo: acl grant secret KEY USER, share, acl list`(right: String) throws {
        try watched { at in
            try at.must("create", "acme/web/KEY", "-e", "A=-", as: alice, input: at.canary)
            try at.must("acl", "grant", "secret:acme/web/KEY", "1002", right)
            try at.must("share", "secret:acme/web/KEY", "uid:1003", right)
            let grants = try at.must("acl", "list", "acme/web/KEY")
            for uid: UInt32 in [1002, 1003] { #expect(grants.contains(Accounts.shown(uid: uid)), "\(grants)") }
            #expect(grants.contains(right), "\(grants)")
            expect(try at.tacit("get", "acme/web/KEY", as: bob, mayPrint: right == "read").succeeded, right == "read")
        }
    }

    @Test func `Neu.ro: the receiver sees what was shared with them`() throws {
        try watched { at in
            try at.must("create", "acme/web/KEY", "-e", "A=-", as: alice, input: at.canary)
            try expect(at.must("ls", "--shared", as: bob), "NAME  RIGHTS  TO")
            try at.must("share", "secret:acme/web/KEY", "1002", "read")
            let lines = try at.must("ls", "--shared", as: bob).components(separatedBy: "\n")
            expect(lines.count, 2)
            #expect(lines[1].hasPrefix("acme/web/KEY") && lines[1].contains("read"), "\(lines)")
            try expect(at.must("ls", "--shared", "acme/other", as: bob), "NAME  RIGHTS  TO")
            try expect(at.must("ls", "acme/web", as: bob).split(separator: "\n").dropFirst().map { $0.prefix(3) }, ["KEY"])
        }
    }

    @Test func `Earthly: ls, set, get in an organization and project`() throws {
        try watched { at in
            try at.must("set", "--create", "acme/web/token", "-", as: alice, input: at.canary)
            try expect(at.value("acme/web/token", as: alice), at.canary)
            try at.must("set", "/acme/web/token", "another", as: alice)
            try expect(at.value("/acme/web/token", as: alice), "another")
            try expect(at.must("ls", "/acme/web", as: alice).split(separator: "\n").dropFirst().map { $0.prefix(5) }, ["token"])
        }
    }

    @Test func `Earthly: user secrets under user`() throws {
        try watched { at in
            try at.must("set", "--create", "/user/token", "-", as: alice, input: at.canary)
            try expect(at.value("/user/token", as: alice), at.canary)
            try expect(at.must("ls", "/user", as: alice).split(separator: "\n").dropFirst().map { $0.prefix(5) }, ["token"])
            #expect(!(try at.tacit("get", "/user/token", as: bob).succeeded))
        }
    }

    @Test func `Earthly: projects made from the command line`() throws {
        try watched { at in
            try at.must("project", "create", "acme/shop")
            try expect(at.must("project", "ls", "acme").split(separator: "\n").dropFirst().map { $0.prefix(4) }, ["shop", "web/"])
        }
    }

    @Test func `Earthly: migrating all secrets of one scope into another`() throws {
        try watched { at in
            for name in ["a", "b"] { try at.must("set", "--create", "acme/web/\(name)", "-", as: alice, input: at.canary + name) }
            try at.must("project", "create", "acme/shop")
            try at.mount.grant("read", on: "acme/web", to: "user:0")
            try at.must("migrate", "acme/web", "acme/shop")
            try at.mount.grant("read", on: "acme/shop", to: "user:1001")
            try expect(["a", "b"].map { try at.value("acme/shop/\($0)", as: alice) }, [at.canary + "a", at.canary + "b"])
        }
    }

    @Test func `Relay: values that can be created, overwritten and deleted and never shown`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=a", as: alice)
            try at.mount.grant("write", on: "acme/web/db", to: "user:1002")
            try at.must("set", "acme/web/db/vars/B", "-", as: bob, input: at.canary)
            try at.must("set", "acme/web/db/vars/B", "-", as: bob, input: at.canary + "2")
            for words in [["get", "acme/web/db/vars/B"], ["cp", "acme/web/db", "user/x"]] {
                try expect(at.run(["tacit"] + words, as: bob).ending, .exited(3))
            }
            try at.must("rm", "acme/web/db/vars/B", as: bob)
            try expect(at.tacit("get", "acme/web/db/vars/B", as: alice).ending, .exited(4))
        }
    }

    @Test func `Relay: a value as base64`() throws {
        try watched { at in
            try at.must("set", "--create", "acme/web/token", "-", as: alice, input: at.canary)
            try expect(at.must("get", "acme/web/token", "--base64", as: alice), Data(at.canary.utf8).base64EncodedString())
        }
    }
}
