import Linux
import Testing

@testable import tacit

@Suite struct CommandTableTests {
    @Test func namesAreOnce() {
        #expect(Set(commands.map(\.name)).count == commands.count)
    }

    @Test func everyLineFitsATerminal() {
        for text in [Help.all] + commands.map(Help.of) {
            for line in text.split(separator: "\n") { #expect(line.count <= 90, "\(line)") }
        }
    }

    @Test(arguments: commands.map(\.name))
    func summariesAreOfOneStyle(name: String) throws {
        let command = try #require(commands.first { $0.name == name })
        #expect(command.summary.first?.isLowercase == true)
        #expect(command.summary.last != ".")
        #expect(Help.of(command).hasPrefix("usage: tacit \(name) "))
    }

    @Test(arguments: commands.map(\.name))
    func everyCommandTakesJSONAndHelp(name: String) throws {
        let command = try #require(commands.first { $0.name == name })
        #expect(command.options.contains { $0.name == "json" })
        #expect(command.options.contains { $0.name == "help" })
        let letters = command.options.compactMap(\.letter)
        #expect(Set(letters).count == letters.count)
    }

    @Test func operandsAreCounted() {
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
        #expect(failure("a", "b", "c", "d")?.message == "grant takes no 'd'")
        #expect(failure("--bogus")?.message == "unknown option --bogus")
        #expect(failure("--bogus")?.exitCode == .usage)
    }

    @Test func exitStatusesAreOnce() {
        #expect(Set(ExitCode.allCases.map(\.rawValue)).count == ExitCode.allCases.count)
    }
}
