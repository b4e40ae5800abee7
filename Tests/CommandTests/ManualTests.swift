// SPDX-License-Identifier: MIT

import Foundation
import Linux
import Testing

@testable import tacit
@testable import tacitd

/// The manual says what the tables say.
@Suite struct ManualTests {
    private func manual(_ name: String) throws -> String {
        let file = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../man/\(name)").standardized
        return try String(contentsOf: file, encoding: .utf8)
    }

    /// The part of a manual below one of its headings.
    private func section(_ heading: String, of manual: String) throws -> String {
        let start = try #require(manual.range(of: heading + "\n"), "\(heading)").upperBound
        let rest = manual[start...]
        let ends = [rest.range(of: "\n.Sh "), heading.hasPrefix(".Ss") ? rest.range(of: "\n.Ss ") : nil].compactMap { $0?.lowerBound }
        return String(rest[..<(ends.min() ?? rest.endIndex)])
    }

    @Test(arguments: commands.map(\.name))
    func `every command has its part`(name: String) throws {
        let manual = try manual("tacit.1")
        let command = try #require(commands.first { $0.name == name })
        #expect(try section(".Sh SYNOPSIS", of: manual).contains(".Nm\n.Cm \(name)\n"))
        let text = try section(".Ss \(name)", of: manual)
        for alias in command.aliases { #expect(text.contains(".Cm \(alias)\n"), "\(alias)") }
        let common = [DeclaredOption.help, .json, .project].map(\.summary)
        for option in command.options where !common.contains(option.summary) {
            #expect(text.contains("Fl -\(option.name)"), "\(option.name)")
            if let letter = option.letter { #expect(text.contains(".It Fl \(letter) , Fl -\(option.name)")) }
        }
    }

    @Test func `options of every command are told once`() throws {
        let text = try section(".Sh DESCRIPTION", of: try manual("tacit.1"))
        for option in [DeclaredOption.help, .json, .project] {
            #expect(text.contains(".It \(option.letter.map { "Fl \($0) , " } ?? "")Fl -\(option.name)"), "\(option.name)")
        }
    }

    @Test func `every exit status is told`() throws {
        let text = try section(".Sh EXIT STATUS", of: try manual("tacit.1"))
        let told = text.components(separatedBy: "\n.It ").dropFirst().map { item in
            item.replacingOccurrences(of: "\n.El", with: "").split(separator: "\n", maxSplits: 1)
                .map { $0.replacingOccurrences(of: "\n", with: " ") }
        }
        #expect(told == ExitCode.allCases.map { ["\($0.rawValue)", $0.meaning] })
    }

    @Test func `every option of the daemon is told`() throws {
        let text = try section(".Sh DESCRIPTION", of: try manual("tacitd.8"))
        for option in Options.table {
            let letter = option.letter.map { "Fl \($0) , " } ?? ""
            #expect(text.contains(".It \(letter)Fl -\(option.name)"), "\(option.name)")
        }
    }
}
