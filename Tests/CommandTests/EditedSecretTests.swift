// SPDX-License-Identifier: MIT

import ControlAPI
import Formats
import Linux
import Secrets
import Testing

@testable import tacit

/// What an edited manifest changes, and paths to items.
@Suite struct EditedSecretTests {
    private static let db = Reference(components: ["acme", "web", "db"].map { Array($0.utf8) })
    private static let head = "apiVersion: v1beta\nkind: Secret\nmetadata: {name: db}\n"

    private func seen(description: String? = nil, policy: PolicyRequest? = nil) -> SecretReply {
        SecretReply(
            ref: Self.db, kind: .secret, description: description, created: "", changed: "", policy: policy,
            items: [("vars/A", 3), ("vars/B", 7), ("files/a/b", 1)].map {
                SecretReply.Item(name: Array($0.0.utf8), version: $0.1, length: 1, changed: "")
            })
    }

    private func edited(_ text: String, _ seen: SecretReply) throws -> ApplyRequest.Secret? {
        let bytes = Array((Self.head + text).utf8)
        var buffer = try LockedBuffer(capacity: bytes.count)
        _ = buffer.append(copying: unsafe bytes.span.bytes)
        let read = try Manifests.read(buffer)
        let change = try EditedSecret(try #require(read.manifests.first), seen)
        return change.isEmpty ? nil : change.request(Self.db)
    }

    private static let same = """
        data:
          env_vars: [{name: A, value: <unchanged>}, {name: B, value: <unchanged>}]
          files: [{path: a/b, content: <unchanged>}]

        """

    @Test func `nothing`() throws {
        #expect(try edited(Self.same, seen()) == nil)
        #expect(try edited(Self.same + "org_config: {projects_access: ALL}\n", seen(policy: PolicyRequest(debug: .allow))) == nil)
    }

    @Test func `items`() throws {
        let text = "data:\n  env_vars: [{name: B, value: new}, {name: C, value: \"\"}]\n  files: [{path: a/b, content: <unchanged>}]\n"
        let request = try #require(try edited(text, seen()))
        #expect(
            request
                == ApplyRequest.Secret(
                    ref: Self.db, mode: .update,
                    items: [
                        ApplyRequest.Item(name: Array("vars/B".utf8), length: 3, expect: 7),
                        ApplyRequest.Item(name: Array("vars/C".utf8), length: 0, expect: 0),
                        ApplyRequest.Item(removing: Array("vars/A".utf8), expect: 3),
                    ]))
    }

    @Test func `description and policy`() throws {
        #expect(try edited(Self.same, seen(description: "old"))?.description == "")
        let denied = try #require(try edited(Self.same + "org_config: {debug_access: JOB_DEBUG_NO}\n", seen()))
        var wanted = PolicyRequest(AccessPolicy.standard)
        wanted.debug = .deny
        #expect(denied.policy == wanted && denied.items.isEmpty)
        // What is taken away is allowed again.
        #expect(try edited(Self.same, seen(policy: PolicyRequest(attach: .deny)))?.policy?.attach == .allow)
    }

    @Test func `a new name needs a value`() {
        #expect(throws: Failure(.input, "line 4, column 19: vars/D is new, and has no value to keep", hint: "tacit mv renames an item")) {
            try edited("data: {env_vars: [{name: D, value: <unchanged>}]}\n", seen())
        }
    }

    /// A name that is no UTF-8 is not shown, and not taken for removed.
    @Test func `names that cannot be shown stay`() throws {
        var reply = seen()
        reply.items.append(SecretReply.Item(name: Array("files/".utf8) + [0xFF], version: 1, length: 1, changed: ""))
        #expect(try edited(Self.same, reply) == nil)
    }

    @Test(arguments: [
        ("{.A}", "vars/A"), ("{.vars.A}", "vars/A"), ("{.vars.vars}", "vars/vars"), ("{.vars.files}", "vars/files"),
        ("{.files.a}", "files/a"), ("{.files.tls.crt}", "files/tls.crt"), ("{.files.a/b}", "files/a/b"), ("{.files['a}.b']}", "files/a}.b"),
        ("{.files[''a'']}", "files/'a'"),
    ])
    func `paths to items`(path: String, item: String) throws {
        #expect(string(Array(try JSONPath.parse(Array(path.utf8)).joined(separator: [UInt8(ascii: "/")]))) == item)
    }

    @Test(arguments: [
        "", "A", ".A", "{A}", "{.}", "{.a-b}", "{.A.b}", "{.files}", "{.vars}", "{.files.}", "{.files./}", "{.files['..']}", "{.A",
    ])
    func `no paths to items`(path: String) {
        #expect(throws: Failure.self) { try JSONPath.parse(Array(path.utf8)) }
    }

    /// The words of the table stand in single quotes.
    @Test func `scripts are quoted`() {
        let words = commands.flatMap { $0.names + $0.options.map(\.name) + $0.operands.map(\.name) }
        #expect(words.allSatisfy { !$0.contains("'") && !$0.contains("\\") })
    }
}
