// SPDX-License-Identifier: MIT

import Secrets
import struct TestSupport.Seeded
import Testing

@Suite struct NameTests {
    private static let long = String(repeating: "x", count: 128)
    private static let longest = String(repeating: "x", count: 255)

    @Test(
        arguments: [
            (NameRule.organization, ["acme", "a", "0", "A.b_c-d", "users", "user1", "Job", long]),
            (.project, ["web", "user", "job", "web.2", long]),
            (.target, ["web@production", "w@p", "\(long)@p", "\(long)@\(long.dropLast(2))"]),
            (.secret, ["db", "api-key", "user"]),
            (.variable, ["A", "_", "a1", "PASSWORD", "user", longest]),
            (.fileComponent, ["id_rsa", ".ssh", "...", " ", "a b", "\n", "\\", "é", "@org", "*", longest]),
        ] as [(NameRule, [String])])
    func right(_ rule: NameRule, _ names: [String]) throws {
        for name in names { try Name.check(bytes(name), as: rule) }
    }

    @Test(
        arguments: [
            (NameRule.organization, "", NameError.Problem.empty),
            (.organization, "user", .reserved), (.organization, "job", .reserved),
            (.organization, ".users", .byte(offset: 0)), (.organization, "-a", .byte(offset: 0)),
            (.organization, "_a", .byte(offset: 0)), (.organization, "a b", .byte(offset: 1)),
            (.organization, "a/b", .byte(offset: 1)), (.organization, "a\0", .byte(offset: 1)),
            (.organization, "acmé", .byte(offset: 3)), (.organization, long + "x", .tooLong(limit: 128)),
            (.project, "@org", .byte(offset: 0)), (.project, "web@production", .byte(offset: 3)),
            (.target, "web", .noTarget), (.target, "@p", .empty), (.target, "web@", .empty), (.target, "", .empty),
            (.target, "a@b@c", .byte(offset: 3)), (.target, "web@-p", .byte(offset: 4)),
            (.target, "\(long)x@p", .tooLong(limit: 128)), (.target, "\(long)@\(long)", .tooLong(limit: 255)),
            (.secret, "..", .byte(offset: 0)), (.secret, "a@b", .byte(offset: 1)),
            (.variable, "", .empty), (.variable, "1A", .byte(offset: 0)), (.variable, "A-B", .byte(offset: 1)),
            (.variable, "A=", .byte(offset: 1)), (.variable, "Ä", .byte(offset: 0)),
            (.variable, longest + "x", .tooLong(limit: 255)),
            (.fileComponent, "", .empty), (.fileComponent, ".", .reserved), (.fileComponent, "..", .reserved),
            (.fileComponent, "a/b", .byte(offset: 1)), (.fileComponent, "a\0", .byte(offset: 1)),
            (.fileComponent, longest + "x", .tooLong(limit: 255)),
        ] as [(NameRule, String, NameError.Problem)])
    func `wrong`(_ rule: NameRule, _ name: String, _ problem: NameError.Problem) {
        #expect { try Name.check(bytes(name), as: rule) } throws: {
            guard let error = $0 as? NameError else { return false }
            return error.problem == problem && error.rule == rule && !error.description.isEmpty
        }
    }

    @Test func `any bytes are answered`() {
        var random = Seeded(4)
        for _ in 0..<2000 {
            let name = (0..<random.below(300)).map { _ in UInt8(random.below(256)) }
            for rule in NameRule.allCases { try? Name.check(name, as: rule) }
        }
        #expect(throws: Never.self) { try Name.check([0xFF, 0x80], as: .fileComponent) }
    }

    @Test func `targets`() throws {
        let parts = try #require(splitTarget(bytes("web@production")))
        #expect(parts.project == bytes("web") && parts.target == bytes("production"))
        for name in ["web", "web@", "@production", "a@b@c", "@", "", "@org"] {
            #expect(splitTarget(bytes(name)) == nil, "\(name)")
        }
    }
}
