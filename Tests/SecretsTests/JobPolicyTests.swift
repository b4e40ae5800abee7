// SPDX-License-Identifier: MIT

import Secrets
import Testing

/// The access policy as a table: what a policy says to each kind of process, and that starting a job and opening in it agree on it.
@Suite struct JobPolicyTests {
    static let modes: [JobMode] = [.plain, .debug, .attached, [.debug, .attached]]

    /// `-`: it may be used. Else which setting refuses.
    struct Row: CustomTestStringConvertible {
        let policy: String
        let project: String
        let plain: String
        let debug: String
        let attached: String
        let both: String
        var testDescription: String { "\(policy) \(project)" }
    }

    static let rows: [Row] = [
        // policy                               project       plain      debug      attached   debug and attached
        ("", "web", "-", "-", "-", "-"),
        ("debug=deny", "web", "-", "debug", "-", "debug"),
        ("attach=deny", "web", "-", "-", "attach", "attach"),
        ("debug=deny attach=deny", "web", "-", "debug", "attach", "debug"),
        ("projects=web", "web", "-", "-", "-", "-"),
        ("projects=web,api", "web", "-", "-", "-", "-"),
        ("projects=web debug=deny", "web", "-", "debug", "-", "debug"),
        ("projects=web attach=deny", "web", "-", "-", "attach", "attach"),
        ("projects=web debug=deny attach=deny", "web", "-", "debug", "attach", "debug"),
        ("projects=api", "web", "project", "project", "project", "project"),
        ("projects=we,webb", "web", "project", "project", "project", "project"),
        ("projects=api debug=deny attach=deny", "web", "project", "project", "project", "project"),
        ("projects=none", "web", "project", "project", "project", "project"),
        ("projects=none debug=deny attach=deny", "web", "project", "project", "project", "project"),
    ].map { Row(policy: $0.0, project: $0.1, plain: $0.2, debug: $0.3, attached: $0.4, both: $0.5) }

    static let texts = [
        "project": "its policy does not admit project \"web\"", "debug": "its policy does not allow debug sessions",
        "attach": "its policy does not allow attached shells",
    ]

    @Test(arguments: rows)
    func `at the start and at each open`(_ row: Row) throws {
        for place in ["acme/web@production", "acme/web", "acme/@org"] {
            let world = try JobWorld(["\(place)/key A \(row.policy)"])
            let secret = try #require(world.secret("\(place)/key"))
            let scope = try JobScope("acme/\(row.project)@production")
            let selection = try JobWorld(["\(place)/key A"]).select("-p \(scope)")
            let folder = Inode(try node(900))
            let reach = JobAccess(selection, scopes: [folder], above: [])
            for (mode, expected) in zip(Self.modes, [row.plain, row.debug, row.attached, row.both]) {
                let text = Self.texts[expected]
                #expect(secret.policy.refusal(of: scope, mode, from: .sameOrganization)?.description == text)

                // Named, it must be admitted.
                let refusals = text.map { ["\(place)/key: \($0)"] } ?? []
                #expect(try world.refused("-p \(scope) -s key", mode) == refusals)
                // Not named, an organization's secret that does not admit the project is not in scope.
                let isOutOfScope = expected == "project" && place == "acme/@org"
                #expect(try world.refused("-p \(scope)", mode) == (isOutOfScope ? [] : refusals))
                if isOutOfScope { #expect(try world.select("-p \(scope)", mode).secrets.isEmpty) }
                // By reference it must be admitted wherever it is.
                #expect(try world.refused("-p \(scope) -s key --env B=\(place)/key", mode) == refusals + refusals)

                for right in [Rights.read, .run] {
                    let decision = decide(right, on: secret.contents[0].item, above: [Inode(secret.id), folder], in: reach, mode) {
                        JobStanding(scope: scope, policy: secret.policy, origin: .sameOrganization, starterMayUse: true)
                    }
                    #expect(decision.allowed == (text == nil))
                    #expect(decision.reason.description == text ?? "given to the job")
                }
            }
        }
    }

    /// The list names projects of the secret's own organization.
    @Test func `other organizations`() throws {
        let web = try JobScope("other/web")
        let rows: [(policy: [String], origin: JobOrigin, text: String?)] = [
            ([], .otherOrganization, nil), (["projects=none"], .otherOrganization, "\"other/web\""),
            (["projects=web"], .otherOrganization, "\"other/web\""), (["debug=deny"], .otherOrganization, nil),
            (["projects=web"], .sameOrganization, nil), (["projects=web"], .home, nil), (["projects=api"], .home, "\"web\""),
            (["projects=none"], .home, "\"web\""),
        ]
        for row in rows {
            let text = row.text.map { "its policy does not admit project \($0)" }
            #expect(try policy(row.policy).refusal(of: web, .plain, from: row.origin)?.description == text, "\(row)")
        }
        let world = try JobWorld(["acme/@org/key A projects=web", "acme/web/free A", "user/mail A projects=web", "other/web/own A"])
        #expect(
            try world.refused("-p other/web --env B=acme/@org/key --env C=acme/web/free --env D=user/mail")
                == ["acme/@org/key: its policy does not admit project \"other/web\""])
    }
}
