// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// Texts that people bring: what is said of them, whichever way they come in, and what comes out.
@Suite struct CommandsTexts {
    private static let kept =
        "tacit: warning: a shell keeps these names for itself, so that env has a comment in their places: UID\nhint: vars has their values, and tacit run sets them\n"
    private static let blanks =
        "tacit: warning: white space is at the start or the end of the value of UID\nhint: --trim takes it away, --verbatim keeps it without this warning\n"

    @Test func `every way in says the same of the same`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=a", as: alice)
            let value = at.canary + " "
            let manifest =
                "apiVersion: v1beta\nkind: Secret\nmetadata: {name: acme/web/db}\ndata: {env_vars: [{name: UID, value: \"\(value)\"}]}\n"
            let secret = "apiVersion: v1\nkind: Secret\nstringData: {UID: \"\(value)\"}\n"
            let ways: [([String], String)] = [
                (["set", "acme/web/db", "UID=-"], value), (["set", "acme/web/db/vars/UID", "-"], value),
                (["add", "user/UID", "-"], value),
                (["create", "acme/web/new", "-e", "UID=-"], value), (["set", "acme/web/db/env", "-"], "UID='\(value)'\n"),
                (["import", "--format", "dotenv", "acme/web/db", "-"], "UID='\(value)'\n"),
                (["import", "--format", "json", "acme/web/db", "-"], "{\"UID\":\"\(value)\"}"),
                (["import", "--format", "k8s", "acme/web/db", "-"], secret), (["apply", "-f", "-"], manifest),
            ]
            for (words, text) in ways {
                let outcome = try at.run(["tacit"] + words, as: alice, input: text).orThrow()
                expect(outcome.complaint, Self.blanks + Self.kept)
                let quiet = words[0] == "create" ? ["create", "acme/web/other", "-e", "UID=-"] : words
                expect(try at.run(["tacit"] + quiet + ["--verbatim"], as: alice, input: text).orThrow().complaint, Self.kept)
            }
            let answer = try at.json("set", "acme/web/db/vars/UID", "@/etc/hostname", as: alice)
            #expect((answer["warnings"] as? [[String: String]])?.count == 2, "\(answer)")
        }
    }

    @Test func `env has a comment in the place of a name that a shell keeps, and its readers are who they were`() throws {
        try watched { at in
            let text = "APP_KEY=k1\nGID=1000\nUID=1000\nRANDOM='a[$(id -u >\(at.mount.scratch.path)/pwned)]'\nZ_PASSWORD=zz\n"
            _ = try at.run(["tacit", "import", "--format", "dotenv", "acme/web/db", "-"], as: alice, input: text).orThrow()
            try at.mount.grant("read", on: "acme/web/db", to: "user:0")
            for shell in ["dash", "bash", "bash --posix", "zsh -f", "mksh", "busybox sh"] {
                for caller in [TestUser.root, alice] {
                    let script = "\(shell) -c '. acme/web/db/env; echo $APP_KEY $Z_PASSWORD $(id -u)'"
                    try expect(at.mount.must(script, as: caller), "k1 zz \(caller.uid)")
                }
            }
            #expect(!FileManager.default.fileExists(atPath: at.mount.scratch.path + "/pwned"))
            try expect(at.mount.must("stat -c %s acme/web/db/env", as: alice), at.mount.must("wc -c < acme/web/db/env", as: alice))
            // Written back, and whole: what it does not show stays. A job has it all.
            try at.mount.must("echo A=1 > acme/web/db/env", as: alice)
            try expect(at.mount.must("ls acme/web/db/vars", as: alice), "A\nGID\nRANDOM\nUID")
            let job = try at.run(
                [
                    "tacit", "run", "-p", "acme/web", "--", "sh", "-c",
                    "test $(printenv GID) -eq 1000 && echo set; cat \(at.mount.point)/job/env | grep -c '^# '",
                ], as: alice
            ).orThrow()
            expect(job.text, "set\n3")
            try at.mount.must("rm acme/web/db/vars/UID", as: alice)
            try expect(at.mount.must("ls acme/web/db/vars", as: alice), "A\nGID\nRANDOM")

            let refused = try at.tacit("export", "--format", "sh", "acme/web/db", as: alice)
            #expect(
                refused.ending == .exited(1) && refused.bytes.isEmpty
                    && refused.complaint.hasPrefix("tacit: sh can't hold GID: a shell keeps this name for itself"), "\(refused)")
            let skipped = try at.tacit("export", "--format", "sh", "--skip", "acme/web/db", as: alice)
            expect(skipped.text, "A=1")
            expect(skipped.complaint, "tacit: left out, since a shell keeps these names for itself: GID, RANDOM\n")
            expect(try at.tacit("export", "--format", "json", "--skip", "acme/web/db", as: alice).ending, .exited(2))
        }
    }

    @Test func `an import of nothing changes nothing`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", "-e", "B=b", as: alice, input: at.canary)
            for (format, text, said) in [
                ("dotenv", "", "tacit: standard input is empty\nhint: the command before it may have failed; --empty takes it so\n"),
                ("dotenv", "# A=1\n", "tacit: -: there is no assignment in it\nhint: --empty takes it so\n"),
                ("json", "{}", "tacit: -: there is no data in it\nhint: --empty takes it so\n"),
                ("k8s", "apiVersion: v1\nkind: Secret\n", "tacit: -: there is no data in it\nhint: --empty takes it so\n"),
            ] {
                for options in [[], ["--replace"]] {
                    let outcome = try at.run(
                        ["tacit", "import", "--format", format] + options + ["acme/web/db", "-"], as: alice, input: text)
                    #expect(outcome.ending == .exited(9), "\(outcome)")
                    expect(outcome.complaint, said)
                    try expect(at.mount.must("ls acme/web/db/vars", as: alice), "A\nB")
                }
            }
            let manifest = "apiVersion: v1beta\nkind: Secret\nmetadata: {name: acme/web/db}\n"
            expect(try at.tacit("apply", "-f", "-", as: alice, input: manifest).ending, .exited(9))
            try expect(at.mount.must("ls acme/web/db/vars", as: alice), "A\nB")
            try at.must("apply", "-f", "-", "--empty", as: alice, input: manifest)
            try expect(at.mount.must("ls acme/web/db/vars", as: alice), "")
            try at.must("import", "--format", "dotenv", "--empty", "--replace", "acme/web/db", "-", as: alice, input: "")
        }
    }

    @Test func `a template is rendered without a job, by those who may read what it uses`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "PASSWORD=-", "-e", "USER=app", as: alice, input: at.canary)
            try at.must("create", "acme/@org/db", "-e", "PASSWORD=shared")
            try at.must("create", "acme/@org/pin", "-e", "PIN=1234")
            try at.mount.grant("read", on: "acme/@org/pin", to: "user:1001")
            let text = "u=${secrets.db.USER} p=${secrets.db.PASSWORD} n=${secrets.$}${secrets.pin}\n"
            let expected = "u=app p=\(at.canary) n=$1234"
            try expect(at.must("render", "-p", "acme/web", "-", as: alice, input: text, mayPrint: true), expected)
            // In memory alone: files on a disk are looked at for the value.
            let script =
                "cd \"$(mktemp -d -p /dev/shm)\" && echo old > out && chmod 644 out && tacit render -p acme/web --out out - && stat -c %a out && cat out; ls; rm -r \"$PWD\""
            try expect(at.run(["sh", "-c", script], as: alice, input: text, mayPrint: true).orThrow().text, "600\n\(expected)\nout")
            let denied = try at.tacit("render", "-p", "acme/web", "-", as: bob, input: text)
            #expect(denied.ending != .exited(0) && denied.bytes.isEmpty, "\(denied)")
            let missing = try at.tacit("render", "-p", "acme/web", "-", as: alice, input: "${secrets.db.NONE} ${secrets.none}")
            #expect(missing.ending == .exited(9) && missing.complaint.contains("no such variable: ${secrets.db.NONE}"), "\(missing)")
            try at.must("add", "own", "-", as: alice, input: "mine")
            try expect(at.must("render", "-", as: alice, input: "${secrets.own}"), "mine")
        }
    }

    @Test func `the type of a Kubernetes Secret is kept, and exported again`() throws {
        try watched { at in
            let secret = "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nstringData: {tls.key: \(at.canary)}\n"
            try at.must("import", "--format", "k8s", "acme/web/tls", "-", as: alice, input: secret)
            expect(try at.json("show", "acme/web/tls", as: alice)["type"] as? String, "kubernetes.io/tls")
            #expect(
                try at.must("export", "--format", "k8s", "acme/web/tls", as: alice, mayPrint: true).contains(
                    "\ntype: \"kubernetes.io/tls\"\n"))
            // It goes with a copy, and stays where another import says none.
            try at.must("cp", "acme/web/tls", "acme/web/other", as: alice)
            try at.must(
                "import", "--format", "k8s", "acme/web/other", "-", as: alice, input: "apiVersion: v1\nkind: Secret\nstringData: {a: b}\n")
            expect(try at.json("show", "acme/web/other", as: alice)["type"] as? String, "kubernetes.io/tls")
            try at.must("create", "acme/web/plain", "-e", "A=a", as: alice)
            #expect(try at.must("export", "--format", "k8s", "acme/web/plain", as: alice).contains("\ntype: Opaque\n"))
        }
    }

    @Test func `a file in ~/ is in the home of the job`() throws {
        try watched { at in
            let manifest =
                "apiVersion: v1beta\nkind: Secret\nmetadata: {name: acme/web/t}\ndata: {files: [{path: ~/.ssh/id, content: a2V5Cg==}]}\n"
            try at.must("apply", "-f", "-", as: alice, input: manifest)
            try expect(at.mount.must("ls -A acme/web/t/files", as: alice), ".ssh")
            let wrong = try at.tacit("apply", "-f", "-", as: alice, input: manifest.replacingOccurrences(of: "~/", with: "~root/"))
            #expect(wrong.ending == .exited(9) && wrong.complaint.contains("'~'"), "\(wrong)")
        }
    }
}
