// SPDX-License-Identifier: MIT

import Secrets
import Testing

@Suite struct AccessPolicyChangeTests {
    private let web: AccessPolicy.Projects = .only([Array("web".utf8)])

    @Test func `what is not named stays`() throws {
        let policy = try AccessPolicy(projects: web, debug: false, attach: true)
        #expect(try policy.applying(AccessPolicy.Change()) == policy)
        #expect(try policy.applying(AccessPolicy.Change(attach: false)) == AccessPolicy(projects: web, debug: false, attach: false))
        #expect(try policy.applying(AccessPolicy.Change(projects: .all)) == AccessPolicy(projects: .all, debug: false, attach: true))
        #expect(try policy.applying(AccessPolicy.Change(to: .standard)) == .standard)
    }

    @Test func `names are checked`() {
        #expect(throws: AccessPolicyError.self) {
            try AccessPolicy.standard.applying(AccessPolicy.Change(projects: .only([Array("a/b".utf8)])))
        }
    }
}
