// SPDX-License-Identifier: MIT

import Linux
import Testing

@testable import tacit

@Suite struct CommandTableTests {
    @Test func `names are once`() {
        let names = commands.flatMap(\.names)
        #expect(Set(names).count == names.count)
        // The first word alone tells whether values may follow.
        #expect(commands.filter(\.takesValues).allSatisfy { $0.names.allSatisfy { !$0.contains(" ") } })
    }

    @Test func `every line fits a terminal`() {
        for text in [Help.all] + commands.map(Help.of) {
            for line in text.split(separator: "\n") { #expect(line.count <= 90, "\(line)") }
        }
    }

    @Test(arguments: commands.map(\.name))
    func `summaries are of one style`(name: String) throws {
        let command = try #require(commands.first { $0.name == name })
        #expect(command.summary.first?.isLowercase == true)
        #expect(command.summary.last != ".")
        #expect(Help.of(command).hasPrefix("usage: tacit \(name) "))
    }

    @Test(arguments: commands.map(\.name))
    func `every command takes JSON and help`(name: String) throws {
        let command = try #require(commands.first { $0.name == name })
        // What these print is what they are for.
        let without = ["attach", "completion", "edit", "export", "get", "help", "render", "run", "version"]
        #expect(command.options.contains { $0.name == "json" } == !without.contains(name))
        #expect(command.options.contains { $0.name == "help" })
        let letters = command.options.compactMap(\.letter)
        #expect(Set(letters).count == letters.count)
    }

    @Test func `operands are counted`() {
        func failure(_ words: String...) -> Failure? {
            do {
                _ = try Invocation(.grant, words.map { Array($0.utf8) })
                return nil
            } catch {
                return error
            }
        }
        #expect(failure("a", "b", "c") == nil)
        #expect(failure("--help") == nil)
        #expect(failure("a", "b")?.message == "grant needs REF WHO RIGHTS")
        #expect(failure("a", "b", "c", "d")?.message == "grant takes no more than REF WHO RIGHTS")
        #expect(failure("--bogus")?.message == "unknown option --bogus")
        #expect(failure("--bogus")?.exitCode == .usage)
        #expect(failure("--jsom")?.hint == "did you mean --json?")
    }

    @Test func `forms of operands are read from the usage line`() {
        let operands = ["REF", "[WHO]", "[VAR[=VALUE]]…", "FILE…", "sh|json"].map { Operand($0) }
        #expect(operands.map(\.name) == ["REF", "WHO", "VAR[=VALUE]", "FILE", "sh|json"])
        #expect(operands.map(\.isOptional) == [false, true, true, false, false])
        #expect(operands.map(\.isRepeated) == [false, false, true, true, false])
        #expect(operands.allSatisfy { $0.kind == .value })
    }

    @Test func `two words name a command`() {
        func found(_ words: String...) -> [String?] {
            let found = Command.find(words.map { Array($0.utf8) })
            return [found?.command.name] + (found?.rest.map { String(decoding: $0, as: UTF8.self) } ?? [])
        }
        #expect(found("acl", "grant", "acme") == ["grant", "acme"])
        #expect(found("acl", "acme") == ["acl", "acme"])
        #expect(found("acl") == ["acl"])
        #expect(found("grants") == [nil])
    }

    @Test func `slips are understood`() {
        let names = ["create", "set", "get", "grant", "ls"]
        for (word, meant) in [("crate", "create"), ("craete", "create"), ("grnat", "grant"), ("sett", "set"), ("l", "ls")] {
            #expect(Suggestion.nearest(to: word, among: names) == meant)
        }
        #expect(Suggestion.nearest(to: "frobnicate", among: names) == nil)
        #expect(Suggestion.distance("kitten", "sitting") == 3)
        #expect(Suggestion.distance("", "abc") == 3)
        #expect(Suggestion.distance("ab", "ba") == 1)
    }

    @Test func `exit statuses are once`() {
        #expect(Set(ExitCode.allCases.map(\.rawValue)).count == ExitCode.allCases.count)
    }
}
