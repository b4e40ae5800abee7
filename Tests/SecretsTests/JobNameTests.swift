// SPDX-License-Identifier: MIT

import Secrets
import struct TestSupport.Seeded
import Testing

@Suite struct JobNameTests {
    @Test func `ids`() {
        #expect(JobID(random: 0).description == "0000000000000000")
        #expect(JobID(random: .max).description == "ffffffffffffffff")
        #expect(JobID(random: 0x0123_4567_89AB_CDEF).bytes == bytes("0123456789abcdef"))
        var random = Seeded(21)
        for _ in 0..<1000 {
            let id = JobID(random: random.next())
            #expect(JobID(id.bytes) == id && id.bytes.count == JobID.textLength)
        }
    }

    @Test(arguments: [
        "", "0", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "0123456789abcdeg", "+123456789abcdef",
        "0123456789abcde ", "0123456789abcde\0", "０123456789abc",
    ])
    func `wrong IDs`(_ text: String) { #expect(JobID(bytes(text)) == nil) }

    @Test(
        arguments: [
            ("acme/web", nil, "acme/web", ["acme/web", "acme/@org"]),
            ("secret:acme/web/", nil, "acme/web", ["acme/web", "acme/@org"]),
            ("acme/web", "production", "acme/web@production", ["acme/web@production", "acme/web", "acme/@org"]),
            ("acme/web@production", nil, "acme/web@production", ["acme/web@production", "acme/web", "acme/@org"]),
            ("acme/web@production", "production", "acme/web@production", ["acme/web@production", "acme/web", "acme/@org"]),
            ("acme/user", "job", "acme/user@job", ["acme/user@job", "acme/user", "acme/@org"]),
        ] as [(String, String?, String, [String])])
    func `scopes`(_ reference: String, _ target: String?, _ description: String, _ folders: [String]) throws {
        let scope = try JobScope(try Reference.parse(reference), target: target.map(bytes))
        #expect(scope.description == description)
        #expect(scope.levels.compactMap(scope.folder).map(\.description) == folders)
        #expect(scope.levels == scope.levels.sorted())
        #expect(try JobScope(scope.reference) == scope)
    }

    @Test(
        arguments: [
            ("/", nil, "/ is no project: a project is ORGANIZATION/PROJECT"),
            ("web", nil, "web is no project: a project is ORGANIZATION/PROJECT"),
            ("acme/web/db", nil, "acme/web/db is no project: a project is ORGANIZATION/PROJECT"),
            ("acme/@org", nil, "acme/@org is no project: a project is ORGANIZATION/PROJECT"),
            ("acme/web@", nil, "acme/web@ is no project: a project is ORGANIZATION/PROJECT"),
            ("acme/a@b@c", nil, "acme/a@b@c is no project: a project is ORGANIZATION/PROJECT"),
            ("user/mail", nil, "user: the name is reserved (allowed: \(NameRule.organization.text))"),
            (".users/1001", nil, ".users: the name has a byte that is not allowed, at offset 0 (allowed: \(NameRule.organization.text))"),
            ("acme/-web", nil, "-web: the name has a byte that is not allowed, at offset 0 (allowed: \(NameRule.project.text))"),
            ("acme/web@-p", nil, "web@-p: the name has a byte that is not allowed, at offset 4 (allowed: \(NameRule.target.text))"),
            ("acme/web", "", "a name can't be empty (allowed: \(NameRule.project.text))"),
            ("acme/web", "a@b", "a@b: the name has a byte that is not allowed, at offset 1 (allowed: \(NameRule.project.text))"),
            ("acme/web@production", "staging", "two targets were named: production with the project, and staging"),
            ("acme/web@production", "", "a name can't be empty (allowed: \(NameRule.project.text))"),
        ] as [(String, String?, String)])
    func `wrong scopes`(_ reference: String, _ target: String?, _ message: String) {
        #expect {
            try JobScope(try Reference.parse(reference), target: target.map(bytes))
        } throws: { "\($0)" == message }
    }

    @Test func `a target that no file name holds`() throws {
        let long = String(repeating: "x", count: 128)
        #expect(throws: JobScopeError.self) { try JobScope(try Reference.parse("acme/\(long)"), target: bytes(long)) }
        #expect(try JobScope(try Reference.parse("acme/\(long)"), target: bytes(String(long.dropLast(2)))).levels.count == 3)
    }

    @Test func `modes`() {
        #expect(
            [JobMode.plain, .debug, .attached, [.debug, .attached]].map(\.description)
                == ["plain", "debug", "attached", "debug,attached"])
        #expect(JobMode.plain.nested(in: .attached) == .attached)
        #expect(JobMode.debug.nested(in: .attached) == [.debug, .attached])
        #expect(JobMode.debug.nested(in: .plain) == .debug)
    }

    @Test(
        arguments: [
            (".ssh/id_rsa", [".ssh", "id_rsa"], "/home/a/.ssh/id_rsa"), ("a//b", ["a", "b"], "/home/a/a/b"),
            ("/etc/app/key.pem", ["@root", "etc", "app", "key.pem"], "/etc/app/key.pem"), ("//a", ["@root", "a"], "/a"),
            ("@root", ["@root"], "/home/a/@root"), ("/@root", ["@root", "@root"], "/@root"),
            ("/@root/x", ["@root", "@root", "x"], "/@root/x"), ("a/@root/x", ["a", "@root", "x"], "/home/a/a/@root/x"),
            ("~/.ssh/id", [".ssh", "id"], "/home/a/.ssh/id"), ("~//a", ["a"], "/home/a/a"), ("~/~/x", ["~", "x"], "/home/a/~/x"),
            ("~/~x", ["~x"], "/home/a/~x"), ("a/~", ["a", "~"], "/home/a/a/~"), ("/~/x", ["@root", "~", "x"], "/~/x"),
            ("secret:x", ["secret:x"], "/home/a/secret:x"), ("...", ["..."], "/home/a/..."),
        ] as [(String, [String], String)])
    func `placements`(_ written: String, _ stored: [String], _ path: String) throws {
        let placement = try Placement.parse(bytes(written))
        #expect(placement.stored == stored.map(bytes))
        #expect(Placement(stored: placement.stored) == placement)
        #expect(try Placement.parse(placement.bytes) == placement)
        #expect(placement.path(home: bytes("/home/a")) == bytes(path))
        #expect(placement.path(home: bytes("//home/a//")) == bytes(path))
        for home in ["", "home/a", "/home/\0"] {
            #expect(placement.path(home: bytes(home)) == (placement.isAbsolute ? bytes(path) : nil))
        }
    }

    @Test func `the home can be the root folder`() throws {
        #expect(try Placement.parse(bytes(".ssh/id")).path(home: bytes("/")) == bytes("/.ssh/id"))
    }

    @Test(
        arguments: [
            ("", PlacementError.Problem.empty, 0), ("/", .folder, 0), ("a/", .folder, 1), ("/etc/", .folder, 4),
            ("a\0", .nul, 1), ("../a", .dots, 0), ("/etc/./a", .dots, 5), ("a/..", .dots, 2), ("@root/etc/x", .reserved, 0),
            ("~", .tilde, 0), ("~root/.ssh/id", .tilde, 0), ("~x", .tilde, 0), ("~/", .folder, 1), ("~/../x", .dots, 2),
            ("~/@root/x", .reserved, 0),
            ("a/" + String(repeating: "x", count: 256), .componentTooLong, 2),
            (String(repeating: "a/", count: 2048) + "b", .tooLong, 4095),
        ] as [(String, PlacementError.Problem, Int)])
    func `wrong placements`(_ written: String, _ problem: PlacementError.Problem, _ offset: Int) {
        #expect { try Placement.parse(bytes(written)) } throws: {
            guard let error = $0 as? PlacementError else { return false }
            return error.problem == problem && error.offset == offset && !error.description.isEmpty
        }
    }

    /// A name that the store can't have gets no file out of its folder.
    @Test(arguments: [[], [""], [".."], ["@root", ".."], ["a", "", "b"], ["a/b"], ["a\0"]])
    func `stored names are checked`(_ names: [String]) { #expect(Placement(stored: names.map(bytes)) == nil) }

    /// What is taken has one stored form, and that one meaning.
    @Test func `every placement comes back`() throws {
        var random = Seeded(22)
        var taken = 0
        for _ in 0..<20_000 {
            let text = (0..<random.below(8)).map { _ in random.pick(["/", "a", ".", "@root", "\0", "~"]) }.joined()
            guard let placement = try? Placement.parse(bytes(text)) else { continue }
            taken += 1
            #expect(Placement(stored: placement.stored) == placement)
            #expect(try Placement.parse(placement.bytes) == placement)
        }
        #expect(taken > 2000)
    }
}
