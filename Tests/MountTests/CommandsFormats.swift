// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// `import`, `export`, `apply`, and `get` with a path.
@Suite struct CommandsFormats {
    /// A manifest of acme/web/aws, whose values are the canary.
    private func manifest(_ at: Watched, name: String = "acme/web/aws", extra: String = "") -> Data {
        Data(
            """
            apiVersion: v1beta
            kind: Secret
            metadata:
              name: \(name)
              description: the account
            data:
              env_vars:
              - name: AWS_ACCESS_KEY_ID
                value: id
              - name: AWS_SECRET_ACCESS_KEY
                value: \(at.canary)
            \(extra)  files:
              - path: .aws/config
                content: \(Data(at.canary.utf8).base64EncodedString())

            """.utf8)
    }

    @Test func `Semaphore: create and update from a manifest with values`() throws {
        try watched { at in
            let file = try at.mount.scratch.file("given/aws.yml", manifest(at), mode: 0o644)
            try expect(at.must("apply", "-f", file, as: alice), "")
            try expect(at.value("acme/web/aws/vars/AWS_SECRET_ACCESS_KEY", as: alice), at.canary)
            try expect(at.mount.read("acme/web/aws/files/.aws/config", as: alice), at.canary)
            try expect(at.json("show", "acme/web/aws", as: alice)["description"] as? String, "the account")
            // Another manifest for it: what is not named goes, the rest is as it says.
            let update =
                "apiVersion: v1beta\nkind: Secret\nmetadata: {name: aws}\ndata: {env_vars: [{name: AWS_ACCESS_KEY_ID, value: new}]}\n"
            try expect(at.must("apply", "-f", "-", "--in", "acme/web", as: alice, input: update), "")
            try expect(
                at.mount.must("cd acme/web/aws; find . -type f | sort; cat vars/*", as: alice), "./env\n./vars/AWS_ACCESS_KEY_ID\nnew")
            try expect(at.json("show", "acme/web/aws", as: alice)["description"] as? String, "the account")
        }
    }

    @Test func `Semaphore: an organization secret from a manifest with its policy`() throws {
        try watched { at in
            let policy = "org_config: {projects_access: ALLOWED, project_ids: [web], debug_access: JOB_DEBUG_NO}\n"
            let text = String(decoding: manifest(at, name: "aws"), as: UTF8.self) + policy
            try at.must("apply", "-f", "-", "--in", "acme/@org", input: text)
            let reply = try at.json("policy", "acme/@org/aws")
            #expect(
                reply["projects"] as? [String] == ["web"] && reply["debug"] as? String == "deny" && reply["attach"] as? String == "allow")
            // What show prints is what apply takes, but for the values.
            let shown = try at.must("show", "acme/@org/aws")
            let outcome = try at.tacit("apply", "-f", "-", input: shown)
            #expect(outcome.ending == .exited(9) && outcome.complaint.contains("without value"), "\(outcome)")
        }
    }

    @Test func `a file of a manifest has the place that it says, absolute too`() throws {
        try watched { at in
            let files = "data: {files: [{path: /etc/app/key.pem, content: AAEC}, {path: .ssh/id, content: AAEC}]}\n"
            let text = "apiVersion: v1beta\nkind: Secret\nmetadata: {ref: acme/web/app}\n"
            try at.must("apply", "-f", "-", as: alice, input: text + files)
            try expect(at.mount.must("cd acme/web/app/files; find . -type f | sort", as: alice), "./.ssh/id\n./@root/etc/app/key.pem")
            let shown = try at.must("show", "acme/web/app", as: alice)
            #expect(shown.hasSuffix("  files:\n  - path: \".ssh/id\"\n  - path: /etc/app/key.pem"), "\(shown)")
            // What was shown, with values in it, is the same secret.
            let filled = shown.components(separatedBy: "\n").flatMap { $0.hasPrefix("  - path:") ? [$0, "    content: AAED"] : [$0] }
            try at.must("apply", "-f", "-", as: alice, input: filled.joined(separator: "\n"))
            try expect(at.must("show", "acme/web/app", as: alice), shown)
            try expect(at.mount.must("cd acme/web/app/files; od -An -tx1 @root/etc/app/key.pem", as: alice), " 00 01 03")
            let editing = try at.run(["env", "EDITOR=sed -i 's/# nothing//'", "tacit", "edit", "acme/web/app"], as: alice)
            try expect(editing.orThrow().text, "no change")
        }
    }

    @Test func `apply makes all of several secrets or none`() throws {
        try watched { at in
            let good = String(decoding: manifest(at), as: UTF8.self)
            let denied = good.replacingOccurrences(of: "acme/web/aws", with: "acme/@org/aws")
            for (text, status, said) in [
                (good + "---\n" + denied, 4, "acme/@org: no such"), (good + "---\n" + good, 9, "a secret is in it twice"),
                (good + "---\n" + good.replacingOccurrences(of: "acme/web/aws", with: "aws"), 9, "hint: -p acme/web does"),
                (
                    String(decoding: manifest(at, extra: "  - {name: KEPT, value: <unchanged>}\n"), as: UTF8.self), 9,
                    "line 12, column 5: <unchanged> says no value"
                ),
                (good + "s3cret: x\n", 9, "line 15, column 1: a field that is none of"),
                (good.replacingOccurrences(of: "v1beta", with: "v1"), 9, "line 1, column 13: apiVersion"),
            ] as [(String, Int32, String)] {
                let outcome = try at.tacit("apply", "-f", "-", as: alice, input: text)
                #expect(outcome.ending == .exited(status) && outcome.complaint.contains(said), "\(outcome)")
                try expect(at.mount.must("ls acme/web", as: alice), "")
            }
            try at.must("apply", "-f", "-", as: alice, input: good + "---\n" + good.replacingOccurrences(of: "web/aws", with: "web/gcp"))
            try expect(at.mount.must("ls acme/web", as: alice), "aws\ngcp")
        }
    }

    @Test func `import reads dotenv, JSON and Kubernetes, all of it or nothing`() throws {
        try watched { at in
            let base64 = Data(at.canary.utf8).base64EncodedString()
            for (format, text) in [
                ("dotenv", "# a comment\nexport A='\(at.canary)'\nB=\"two\nlines\"\n"),
                ("json", #"{"A": "\#(at.canary)", "B": "two\nlines"}"#),
                ("k8s", "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {A: \(base64)}\nstringData: {B: \"two\\nlines\"}\n"),
            ] {
                try expect(at.must("import", "--format", format, "acme/web/\(format)", "-", as: alice, input: text), "")
                try expect(at.value("acme/web/\(format)/vars/A", as: alice), at.canary)
                try expect(at.value("acme/web/\(format)/vars/B", as: alice), "two\nlines")
                // Adds to what is there, unless it is to replace it.
                try at.must("set", "acme/web/\(format)", "C=c", as: alice)
                try at.must("import", "--format", format, "acme/web/\(format)", "-", as: alice, input: text)
                try expect(at.mount.must("ls acme/web/\(format)/vars", as: alice), "A\nB\nC")
                let replaced = try at.tacit("import", "--replace", "--format", format, "acme/web/\(format)", "-", as: alice, input: text)
                #expect(replaced.succeeded && replaced.complaint.contains("removed from acme/web/\(format): vars/C\n"), "\(replaced)")
                try expect(at.mount.must("ls acme/web/\(format)/vars", as: alice), "A\nB")
                let outcome = try at.tacit(
                    "import", "--format", format, "acme/web/new", "-", as: alice, input: text.replacingOccurrences(of: "B", with: "?"))
                if format == "k8s" { continue }  // "?" is the name of a file there
                #expect(outcome.ending == .exited(9) && outcome.complaint.hasPrefix("tacit: -: "), "\(outcome)")
                #expect(try !at.mount.must("ls acme/web", as: alice).contains("new"))
            }
            for words in [["import", "acme/web/x", "-"], ["import", "--format", "xml", "acme/web/x", "-"], ["export", "acme/web/json"]] {
                let outcome = try at.run(["tacit"] + words, as: alice)
                #expect(outcome.ending == .exited(2) && outcome.complaint.contains("hint: the formats are "), "\(outcome)")
            }
        }
    }

    @Test func `export prints each format for its reader, and nothing where a value does not fit`() throws {
        try watched { at in
            try at.must("create", "acme/web/db", "-e", "A=-", "-e", "B=it's", as: alice, input: at.canary)
            let readers = [
                ("sh", "set -a; . ./x; printf '%s %s' \"$A\" \"$B\""), ("docker", "sed -n 's/^A=//p; s/^B=//p' x | tr '\\n' ' '"),
                ("json", "jq -j '.A, \" \", .B' x"),
                (
                    "k8s",
                    "python3 -c 'import base64,yaml; d=yaml.safe_load(open(\"x\"))[\"data\"]; print(*(base64.b64decode(d[n]).decode() for n in \"AB\"))'"
                ),
                ("dotenv", "set -a; . ./x; printf '%s %s' \"$A\" \"$B\""), ("systemd", "set -a; . ./x; printf '%s %s' \"$A\" \"$B\""),
            ]
            for (format, reader) in readers {
                // Into memory alone: files on a disk are looked at for the value.
                let script =
                    "cd \"$(mktemp -d -p /dev/shm)\" && tacit export --format \(format) acme/web/db > x && \(reader); rm -r \"$PWD\""
                let read = try at.run(["sh", "-c", script], as: alice, mayPrint: true).orThrow()
                #expect(read.text.trimmingCharacters(in: .whitespaces) == "\(at.canary) it's", "\(format): \(read)")
            }
            try at.must("set", "acme/web/db/vars/B", "-", "--verbatim", as: alice, input: "two\nlines")
            try at.must("set", "acme/web/db/files/.ssh/id", "-", as: alice, input: "x")
            for (format, said) in [("docker", "docker can't hold B: its value has a newline"), ("k8s", "k8s can't hold files/.ssh/id: ")] {
                let outcome = try at.tacit("export", "--format", format, "acme/web/db", as: alice)
                #expect(outcome.ending == .exited(1) && outcome.bytes.isEmpty, "\(outcome)")
                #expect(outcome.complaint.contains(said) && outcome.complaint.contains("\nhint: "), "\(outcome)")
            }
            let partial = try at.tacit("export", "--format", "json", "acme/web/db", as: alice, mayPrint: true)
            expect(partial.complaint, "tacit: one file is left out: json holds variables only\nhint: --format k8s holds files too\n")
            // Who may not read gets nothing, and it is in the log.
            let denied = try at.tacit("export", "--format", "sh", "acme/web/db", as: bob)
            #expect(!denied.succeeded && denied.bytes.isEmpty, "\(denied)")
        }
    }

    @Test func `Relay: ni get -p, a path into the values`() throws {
        try watched { at in
            try at.must("create", "acme/web/job", "-e", "credentials=-", "-e", "user=u", as: alice, input: at.canary)
            try at.must("set", "acme/web/job/files/.ssh/tls.crt", "-", as: alice, input: "certificate")
            func get(_ path: String) throws -> String { try at.must("get", "acme/web/job", "-p", path, as: alice, mayPrint: true) }
            try expect(get("{.credentials}"), at.canary)
            try expect(get("{.vars.user}"), "u")
            try expect(get("{.files['.ssh/tls.crt']}"), "certificate")
            try expect(get("{.files..ssh/tls.crt}"), "certificate")
            for (path, status) in [("{.none}", 4), ("credentials", 2), ("{.a b}", 2), ("{.files}", 2), ("{.files['../x']}", 2), ("{}", 2)]
                as [(String, Int32)]
            {
                let outcome = try at.tacit("get", "acme/web/job", "-p", path, as: alice)
                #expect(outcome.ending == .exited(status) && outcome.bytes.isEmpty, "\(outcome)")
            }
        }
    }
}
