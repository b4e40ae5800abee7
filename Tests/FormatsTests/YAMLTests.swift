// SPDX-License-Identifier: MIT

import Foundation
@testable import Formats
import Linux
import Secrets
import TestSupport
import Testing

/// All that libyaml reads, one test after the other: they count the pieces of its memory.
@Suite(.serialized) struct YAMLTests {
    private let start = YAMLMemory.live

    private func manifests(_ text: String) throws -> [(manifest: Manifest, values: [[UInt8]?])] {
        let read = try Manifests.read(try locked(bytes(text)))
        let values = contents(read.values)
        return read.manifests.map { manifest in (manifest, manifest.entries.map { $0.value.map { Array(values[$0]) } }) }
    }

    private func problem(_ text: String) -> String? { objection { _ = try manifests(text) }?.description }

    private static let head = "apiVersion: v1beta\nkind: Secret\nmetadata:\n  name: db\n"

    @Test func `semaphore manifest`() throws {
        let text = """
            apiVersion: v1beta
            kind: Secret
            metadata:
              name: aws-secrets
              id: 1d1fcfb5-8a4d-4f0c-a0d5-0d2d0d0a7e4e
              create_time: "1544118432"
              update_time: "1544118432"
              description: "for \\"deploys\\""
            data:
              env_vars:
                - name: AWS_ACCESS_KEY_ID
                  value: AKIA
                - name: PORT
                  value: 5432
                - {name: MULTI, value: "two\\nlines"}
                - name: KEPT
                  value: <unchanged>
              files:
                - path: .aws/config
                  content: W2RlZmF1bHRdCg==
                - path: /etc/hosts
                  content: |
                    AAEC
                    Aw==
            org_config:
              projects_access: ALLOWED
              project_ids: [web, api]
              debug_access: JOB_DEBUG_NO
              attach_access: JOB_ATTACH_YES

            """
        let read = try manifests(text)
        try #require(read.count == 1)
        let manifest = read[0].manifest
        #expect(manifest.reference == bytes("aws-secrets") && manifest.description == bytes("for \"deploys\""))
        #expect(
            manifest.entries.map { String(decoding: $0.path, as: UTF8.self) } == [
                "vars/AWS_ACCESS_KEY_ID", "vars/PORT", "vars/MULTI", "vars/KEPT", "files/.aws/config", "files/@root/etc/hosts",
            ])
        #expect(read[0].values == [bytes("AKIA"), bytes("5432"), bytes("two\nlines"), nil, bytes("[default]\n"), [0, 1, 2, 3]])
        #expect(manifest.policy?.projects == .only([bytes("web"), bytes("api")]))
        #expect(manifest.policy?.debug == false && manifest.policy?.attach == true)
    }

    @Test func `several manifests`() throws {
        let read = try manifests("---\n\(Self.head)---\n# nothing\n---\n\(Self.head)  ref: acme/web/db\ndata:\n...\n")
        #expect(read.map(\.manifest.reference) == [bytes("db"), bytes("acme/web/db")])
        #expect(read.map(\.manifest.place.line) == [2, 9])
    }

    /// A reference in `ref` counts wherever it stands.
    @Test func `ref before name`() throws {
        let read = try manifests("apiVersion: v1beta\nkind: Secret\nmetadata:\n  ref: acme/web/db\n  name: db\n")
        #expect(read.map(\.manifest.reference) == [bytes("acme/web/db")])
    }

    @Test(arguments: [
        ("", "there is no manifest in it"), ("# only\n", "there is no manifest in it"),
        ("- a\n", "line 1: a manifest must have named fields"),
        ("kind: Secret\n", "line 1: no manifest of a secret: 'apiVersion' is missing"),
        ("apiVersion: v1\nkind: Secret\n", "line 1: apiVersion must be v1beta"),
        ("apiVersion: v1beta\nkind: Pod\n", "line 2: kind must be Secret or ProjectSecret"),
        (head + "s3cret: 1\n", "line 5: a field that is none of apiVersion, kind, metadata, data, org_config"),
        (head + "data:\n  env_var: []\n", "line 6: a field that is none of env_vars, files"),
        (head + "data:\n  env_vars: s3cret\n", "line 6: env_vars must be a list"),
        (head + "data:\n  env_vars:\n  - name: A\n", "line 7: a variable without value"),
        (head + "data:\n  env_vars:\n  - value: s3cret\n", "line 7: a variable without name"),
        (head + "data:\n  env_vars:\n  - name: A\n    value:\n", "line 8: the value of A is missing: \"\" is the empty string"),
        (head + "data:\n  env_vars:\n  - name: A\n    value: {a: b}\n", "line 8: the value of A must be a string"),
        (
            head + "data:\n  env_vars:\n  - name: a-b\n    value: s3cret\n",
            "line 7: a variable's name has letters, digits and '_', no digit first, at most 255 bytes"
        ),
        (
            head + "data:\n  env_vars:\n  - name: A\n    value: \"\\0\"\n",
            "line 8: the value of A has a NUL byte, which no variable can have"
        ),
        (
            head + "data:\n  env_vars:\n  - {name: A, value: s3cret}\n  - {name: A, value: s3cret}\n",
            "line 8: an item that was there before"
        ),
        (head + "data:\n  files:\n  - {path: a, content: s3cret}\n", "line 7: the content of a is no base64"),
        (head + "data:\n  files:\n  - {path: a/../b, content: s3cret=}\n", "line 7: the place of a file has a '.' or '..' at offset 2"),
        (
            head + "data:\n  files:\n  - {path: \"@root/a\", content: \"\"}\n",
            "line 7: the place of a file can't be in a folder '@root' of the home, which stands for the root folder"
        ),
        (head + "data: &s3cret {}\n", "line 5: an anchor (&name), which is not taken"),
        (head + "data: *s3cret\n", "line 5: an alias (*name), which is not taken"),
        (head + "data: !s3cret {}\n", "line 5: a tag (!name), which is not taken"),
        (head + "kind: Secret\n", "line 5: a key that was there before"), (head + "? [s3cret]\n: b\n", "line 5: a key must be a name"),
        (head + "data: {s3cret\n", "line 6: did not find expected ',' or '}'"),
        (head + "data: \u{1}\n", "line 5: a byte or a character that YAML does not have"),
        (head + "org_config: {projects_access: SOME}\n", "line 5: projects_access must be ALL or NONE or ALLOWED"),
        (
            head + "org_config: {projects_access: ALLOWED, project_ids: [\"a b\"]}\n",
            "line 5: project_ids has a name that no project can have, or too many"
        ),
        (head + "org_config: {project_ids: [web]}\n", "line 5: project_ids goes with projects_access: ALLOWED"),
        (head + "org_config: {projects_access: ALL, project_ids: [web]}\n", "line 5: project_ids goes with projects_access: ALLOWED"),
    ])
    func `what is wrong`(text: String, expected: String) {
        let said = problem(text)
        // Columns are in another test.
        #expect(said?.replacing(#/, column \d+/#, with: "") == expected)
        #expect(said?.contains("s3cret") != true)
    }

    @Test func `columns`() {
        #expect(problem(Self.head + "data: {x: 1}\n") == "line 5, column 8: a field that is none of env_vars, files")
        #expect(
            problem(Self.head + "data:\n  env_vars:\n  - {name: A, value: [s3cret]}\n")
                == "line 7, column 23: the value of A must be a string")
        #expect(
            problem(Self.head + "data:\n  env_vars:\n  - {name: é, value: 1}\n")?.hasPrefix("line 7, column 12: a variable's name") == true)
    }

    @Test func `a byte order mark means nothing`() throws {
        let read = try manifests("\u{FEFF}" + Self.head)
        #expect(read.map(\.manifest.reference) == [bytes("db")])
        #expect(problem("\u{FEFF}" + Self.head + "x: y\n")?.hasPrefix("line 5, column 1: a field") == true)
    }

    @Test func `maxima`() {
        #expect(problem(Self.head + "data: " + String(repeating: "[", count: 100)) == "line 5, column 22: more than 16 levels")
        let many = (0...4096).map { "  - {name: A\($0), value: x}\n" }.joined()
        #expect(problem(Self.head + "data:\n  env_vars:\n" + many) == "it has more than 4096 items")
        #expect(problem(String(repeating: Self.head + "---\n", count: 257)) == "it has more than 256 documents")
        #expect(problem(Self.head + "data: [" + String(repeating: "1,", count: 70_000) + "]\n") == "it has more than 65536 parts")
    }

    /// Values as PyYAML writes them, in every style it has. U+0085 as it stands is a line break in YAML 1.1, which it forgets.
    @Test(arguments: ["None", "'\\''", "'\"'", "'|'", "'>'"], ["True", "False"])
    func `reads what PyYAML writes`(style: String, unicode: String) throws {
        let values = (NastyValues.text + NastyValues.random(300, seed: 21, binary: false))
            .filter { unicode == "False" || $0 != bytes("\u{85}") }
        let script = """
            import yaml
            values = [bytes.fromhex(line).decode() for line in open("values")]
            print(yaml.dump({
                "apiVersion": "v1beta", "kind": "Secret", "metadata": {"name": "db"},
                "data": {"env_vars": [{"name": f"V{i}", "value": v} for i, v in enumerate(values)]},
            }, default_style=\(style), allow_unicode=\(unicode)).replace("!!str ", ""))
            """
        let lines = values.map { $0.map { String(format: "%02x", $0) }.joined() + "\n" }.joined()
        let text = try printed([try pythonProgram(with: "yaml"), "-c", script], ["values": bytes(lines)], ["PYTHONUTF8": "1"])
        let read = try manifests(String(decoding: text, as: UTF8.self))
        let back = try #require(read.first?.values)
        try #require(back.count == values.count)
        for (index, (value, read)) in zip(values, back).enumerated() { #expect(read == value, "value \(index): \(value.prefix(20))") }
    }

    @Test func `kubernetes secret`() throws {
        let text = """
            apiVersion: v1
            data:
              password: czNjcmV0
              tls.crt: AP8=
              binary: AA==
              both: b2xk
            stringData: {both: new, empty: ""}
            kind: Secret
            metadata:
              annotations:
                kubectl.kubernetes.io/last-applied-configuration: |
                  {"apiVersion":"v1"}
              creationTimestamp: "2026-01-01T00:00:00Z"
              name: db
              ownerReferences: [{a: {b: [c]}}]
            type: Opaque
            """
        let expected = [
            "vars/password": bytes("s3cret"), "files/tls.crt": [0, 255], "files/binary": [0], "vars/both": bytes("new"), "vars/empty": [],
        ]
        #expect(try imported(text, .k8s) == expected)
        let json = #"{"apiVersion":"v1","kind":"Secret","data":{"A":"MQ=="},"metadata":{"name":"x","labels":null}}"#
        #expect(try imported(json, .k8s) == ["vars/A": bytes("1")])
        for (text, problem) in [
            ("kind: Secret\n", "line 1: no Kubernetes Secret: 'apiVersion: v1' is missing"),
            ("apiVersion: v1\nkind: ConfigMap\n", "line 1: no Kubernetes Secret: 'kind: Secret' is missing"),
            ("apiVersion: v1\nkind: Secret\ndata:\n  A: s3cret!\n", "line 4: the value of A is no base64"),
            ("apiVersion: v1\nkind: Secret\ndata:\n  a/b: MQ==\n", "line 4: a key that no item can have as its name"),
            ("apiVersion: v1\nkind: Secret\n---\napiVersion: v1\nkind: Secret\n", "it has 2 documents, and one is taken"),
        ] {
            #expect(objection { _ = try imported(text, .k8s) }?.description.replacing(#/, column \d+/#, with: "") == problem)
        }
    }

    @Test(arguments: [
        "", "M", "MQ", "MQ=", "MQ===", "MR==", "MQ==MQ==", "M=Q=", "MTI", "MTJ=", "MTI=", "MQ==", "MTIz", "M T\tI\n=", "MT-_", "====",
    ])
    func `base64`(text: String) throws {
        let good = ["": "", "MTI=": "12", "MQ==": "1", "MTIz": "123", "M T\tI\n=": "12"]
        let quoted = text.replacingOccurrences(of: "\n", with: "\\n").replacingOccurrences(of: "\t", with: "\\t")
        let read = try? imported("apiVersion: v1\nkind: Secret\ndata: {A: \"\(quoted)\"}\n", .k8s)
        #expect(read?["vars/A"] == good[text].map(bytes))
    }

    /// Whatever comes: no trap, no piece of memory left, no value in an error.
    @Test func `any bytes`() throws {
        var random = Seeded(9)
        let text = bytes(
            "apiVersion: v1beta\nkind: Secret\nmetadata: {name: db, description: x}\ndata:\n  env_vars:\n  - name: A\n    value: |\n      s3cret\n"
                + "  files: [{path: a/b, content: czNjcmV0}]\norg_config: {projects_access: ALL}\n---\n")
        for _ in 0..<1000 {
            var changed = text + text
            for _ in 0...random.below(4) {
                let place = random.below(changed.count)
                switch random.below(4) {
                case 0: changed[place] = UInt8(random.below(256))
                case 1: changed.remove(at: place)
                case 2: changed.insert(random.pick(bytes("{}[]:-|>'\"#&*!%@`?,\n \t\\")), at: place)
                default: changed.removeSubrange(place..<min(changed.count, place + random.below(40)))
                }
            }
            let error = objection { _ = try Manifests.read(try locked(changed)) }
            #expect(error?.description.contains("s3cret") != true)
            _ = objection { _ = try imported(changed, .k8s) }
        }
        #expect(YAMLMemory.live == start)
    }

    /// libyaml's memory is ours, and what it was given is wiped when it is done.
    @Test func `memory is locked and wiped`() throws {
        let served = YAMLMemory.served
        _ = try manifests(Self.head)
        #expect(YAMLMemory.served > served)
        #expect(YAMLMemory.live == start)
        let piece = unsafe YAMLMemory.allocate(64)
        unsafe piece?.storeBytes(of: 0x5e, toByteOffset: 5, as: UInt8.self)
        unsafe YAMLMemory.free(piece)
        // The page comes back, zero.
        let again = unsafe YAMLMemory.allocate(64)
        let address = UInt(bitPattern: again)
        let byte = unsafe again?.load(fromByteOffset: 5, as: UInt8.self)
        #expect(address == UInt(bitPattern: piece))
        #expect(byte == 0)
        #expect(try flags(ofMappingAt: address).isSuperset(of: ["lo", "dd", "wf"]))
        unsafe YAMLMemory.free(again)
    }

    /// What the kernel says of the mapping that an address is in: `lo` is locked, `dd` left out of dumps, `wf` wiped in a forked child.
    private func flags(ofMappingAt address: UInt) throws -> Set<String> {
        var isThere = false
        for line in try maps().split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            if ends.count == 2 { isThere = (ends[0]..<ends[1]).contains(address) }
            if isThere, words[0] == "VmFlags:" { return Set(words.dropFirst()) }
        }
        throw Trouble("no mapping there")
    }

    private func maps() throws -> String {
        String(decoding: try FileDescriptor.open("/proc/self/smaps", .readOnly).readToEnd(limit: 16 << 20), as: UTF8.self)
    }
}
