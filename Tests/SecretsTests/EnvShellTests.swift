// SPDX-License-Identifier: MIT

import Foundation
import Glibc
import Secrets
import enum TestSupport.NastyValues
import struct TestSupport.Seeded
import enum TestSupport.Systemd
import Testing

/// What `env` shows means the same to everything that reads it: each value through each reader, byte for byte.
@Suite struct EnvShellTests {
    static let text = NastyValues.text + NastyValues.random(3000, seed: 1, binary: false)
    static let all = text + NastyValues.binary + NastyValues.random(1500, seed: 2, binary: true)

    @Test(arguments: ["dash", "bash", "zsh"], ["C", "C.UTF-8"])
    func `shell`(_ shell: String, locale: String) throws {
        try compare(Self.all, with: try sourced(by: shell, locale: locale, env(of: Self.all), count: Self.all.count))
    }

    /// zsh as people run it: options that change what quotes mean leave the text alone.
    @Test(arguments: ["rcquotes", "extendedglob", "nobareglobqual", "magicequalsubst", "shwordsplit", "globassign"])
    func `zsh options`(_ option: String) throws {
        let output = try sourced(
            by: "zsh", locale: "C.UTF-8", before: "setopt \(option)", env(of: Self.text), count: Self.text.count)
        try compare(Self.text, with: output)
    }

    @Test func `bash in POSIX mode`() throws {
        let output = try sourced(
            by: "bash", locale: "C.UTF-8", before: "set -o posix", env(of: Self.text), count: Self.text.count)
        try compare(Self.text, with: output)
    }

    @Test func `systemd`() throws {
        let loaded = try Systemd.load(env(of: Self.text))
        try #require(loaded.count == Self.text.count)
        for (index, (value, assignment)) in zip(Self.text, loaded).enumerated() {
            #expect(assignment == bytes("V\(index)=") + value, "value \(index)")
        }
    }

    /// Its limit, which no quoting helps: it takes no file with a value that is not UTF-8.
    @Test func `systemd takes only UTF-8`() throws {
        #expect(throws: Systemd.Failure(code: EINVAL)) { try Systemd.load(line("A", [0xFF])) }
        #expect(throws: Systemd.Failure(code: EINVAL)) { try Systemd.load(line("A", bytes("a")) + line("B", [0xFF])) }
    }

    @Test func `ourselves`() throws {
        let read = try assignments(env(of: Self.all))
        try #require(read.count == Self.all.count)
        for (index, (value, assignment)) in zip(Self.all, read).enumerated() {
            #expect(assignment.name == bytes("V\(index)") && assignment.value == value, "value \(index)")
        }
    }

    /// Quoted values of all the forms that we read mean to us what they mean to a shell.
    @Test(arguments: ["dash", "bash", "zsh"])
    func `reading as a shell`(_ shell: String) throws {
        var random = Seeded(3)
        let pieces = ["a", " ", "\n", "$", "`", "\\$", "\\`", "\\\"", "\\\\", "\\n", "\\\n", "#", "=", "é", "\\a", "~"]
        var text: [UInt8] = []
        for index in 0..<2000 {
            text += bytes("V\(index)=")
            for _ in 0...random.below(4) {
                switch random.below(4) {
                case 0:
                    let part = (0..<random.below(6)).map { _ in random.pick(pieces + ["\"", "\\"]) }.joined()
                    text += bytes("'\(part)'")
                case 1: text += text.last == UInt8(ascii: "=") ? bytes("''") : bytes(random.pick(["\\'", "\\\"", "\\ "]))
                default:
                    // Nothing that a shell would expand: `$` and backquote only with `\`.
                    let part = (0..<random.below(6)).map { _ in random.pick(pieces) }.filter { $0 != "$" && $0 != "`" }
                    text += bytes("\"\(part.joined())\"")
                }
            }
            text += bytes(random.pick(["\n", " # comment\n", "\t\n"]))
        }
        let expected = try assignments(text).map(\.value)
        try #require(expected.count == 2000)
        try compare(expected, with: try sourced(by: shell, locale: "C.UTF-8", text, count: expected.count))
    }

    private func env(of values: [[UInt8]]) -> [UInt8] {
        values.enumerated().flatMap { line("V\($0)", $1) }
    }

    private func compare(_ values: [[UInt8]], with output: [[UInt8]]) throws {
        try #require(output.count == values.count)
        for (index, (value, read)) in zip(values, output).enumerated() {
            #expect(value == read, "value \(index)")
        }
    }

    /// The values of V0, V1 ... after a shell has read a text with `.`.
    private func sourced(
        by shell: String, locale: String, before: String = ":", _ text: [UInt8], count: Int
    ) throws -> [[UInt8]] {
        let scratch = try Scratch()
        let file = try scratch.write("env", text)
        var script = "\(before)\n. \(file)\n"
        for index in 0..<count { script += "printf '%s\\0' \"$V\(index)\"\n" }
        let program = try scratch.write("script", bytes(script))
        let arguments = shell == "zsh" ? ["-f", program] : [program]
        let output = try run(shell, arguments, environment: ["LC_ALL": locale])
        return output.split(separator: 0, omittingEmptySubsequences: false).dropLast().map(Array.init)
    }
}
