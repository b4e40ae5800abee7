// SPDX-License-Identifier: MIT

import Foundation
import Secrets
import Testing

/// Readers with a dialect of their own: which values they get from `env` exactly, and which not. The manual has this as
/// a table; here every row of it is held against the reader itself, both ways.
@Suite struct EnvDialectTests {
    static let values = EnvShellTests.all.filter { $0.count < 50_000 }

    @Test func `python dotenv`() throws {
        try compare(
            Dialect.pythonSurvives, unsettled: Dialect.pythonDependsOnVersion,
            with: python(Self.values.map { line("A", $0) + line("B", bytes("after")) }))
    }

    @Test func `node`() throws {
        try compare(
            Dialect.nodeSurvives, unsettled: { _ in false },
            with: node(Self.values.map { line("A", $0) + line("B", bytes("after")) }))
    }

    /// The values that survive do so side by side in one file as well.
    @Test func `in one file`() throws {
        let forPython = Self.values.filter { Dialect.pythonSurvives($0) && !Dialect.pythonDependsOnVersion($0) }
        #expect(try python([file(forPython)], names: names(forPython)) == [forPython])
        let forNode = Self.values.filter(Dialect.nodeSurvives)
        #expect(try node([file(forNode)], names: names(forNode)) == [forNode])
    }

    /// The option itself, not only the function behind it.
    @Test func `node env file`() throws {
        let scratch = try Scratch()
        let survivors = Self.values.filter { Dialect.nodeSurvives($0) && !$0.contains(0) }.suffix(500)
        let path = try scratch.write("env", file(Array(survivors)))
        let script = "for (let i = 0; i < \(survivors.count); i++) process.stdout.write(process.env['V' + i] + '\\0')"
        let output = try run("node", ["--env-file=\(path)", "-e", script])
        #expect(output == Array(survivors.map { $0 + [0] }.joined()))
    }

    private func file(_ values: [[UInt8]]) -> [UInt8] { values.enumerated().flatMap { line("V\($0)", $1) } }
    private func names(_ values: [[UInt8]]) -> [String] { values.indices.map { "V\($0)" } }

    private func compare(
        _ survives: ([UInt8]) -> Bool, unsettled: ([UInt8]) -> Bool, with read: [[[UInt8]?]]
    ) throws {
        try #require(read.count == Self.values.count)
        for (index, (value, read)) in zip(Self.values, read).enumerated() where !unsettled(value) {
            let exact = read == [value, bytes("after")]
            #expect(exact == survives(value), "value \(index): \(String(decoding: value.prefix(40), as: UTF8.self).debugDescription)")
        }
    }

    /// The variables A and B (or others) of each text. A text that can't be read has none.
    private func python(_ texts: [[UInt8]], names: [String] = ["A", "B"]) throws -> [[[UInt8]?]] {
        let script = """
            import sys, logging
            from dotenv import dotenv_values
            logging.disable()
            folder, count, names = sys.argv[1], int(sys.argv[2]), open(sys.argv[3]).read().split()
            for i in range(count):
                try: read = dotenv_values(f"{folder}/{i}")
                except UnicodeDecodeError: read = {}
                for name in names:
                    value = read.get(name)
                    value = b"-" if value is None else b"+" + value.encode("utf-8", "surrogatepass")
                    sys.stdout.buffer.write(value + b"\\0")
            """
        let pythons = ["python3", "/usr/bin/python3"]
        guard let python = pythons.first(where: { (try? run($0, ["-c", "import dotenv"])) != nil }) else {
            throw MissingProgram("python-dotenv")
        }
        return try read(texts, names) { try run(python, ["-c", script] + $0, environment: ["PYTHONUTF8": "1"]) }
    }

    private func node(_ texts: [[UInt8]], names: [String] = ["A", "B"]) throws -> [[[UInt8]?]] {
        let script = """
            const fs = require('fs'), [folder, count, list] = process.argv.slice(1)
            const names = fs.readFileSync(list, 'utf8').split(' '), parts = []
            for (let i = 0; i < count; i++) {
                for (const name of names) delete process.env[name]
                process.loadEnvFile(`${folder}/${i}`)
                for (const name of names) parts.push(name in process.env ? '+' + process.env[name] : '-', '\\0')
            }
            process.stdout.write(parts.join(''))
            """
        guard let kind = try? run("node", ["-p", "typeof process.loadEnvFile"]), kind == bytes("function\n") else {
            throw MissingProgram("node 20.12 or later")
        }
        return try read(texts, names) { try run("node", ["-e", script] + $0) }
    }

    private func read(
        _ texts: [[UInt8]], _ names: [String], by run: ([String]) throws -> [UInt8]
    ) throws -> [[[UInt8]?]] {
        let scratch = try Scratch()
        for (index, text) in texts.enumerated() { _ = try scratch.write("\(index)", text) }
        let list = try scratch.write("names", bytes(names.joined(separator: " ")))
        let output = try run([scratch.path, "\(texts.count)", list])
        let values = output.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { $0.first == UInt8(ascii: "+") ? Array($0.dropFirst()) : nil }
        try #require(values.count == texts.count * names.count)
        return texts.indices.map { Array(values[($0 * names.count)..<(($0 + 1) * names.count)]) }
    }
}

/// What the manual says of the dialects.
enum Dialect {
    static func isUTF8(_ value: [UInt8]) -> Bool { String(validating: value, as: UTF8.self) != nil }

    /// Written in double quotes: it has a single quote.
    static func isInDoubleQuotes(_ value: [UInt8]) -> Bool { value.contains(UInt8(ascii: "'")) }

    static func pythonSurvives(_ value: [UInt8]) -> Bool {
        let text = String(decoding: value, as: UTF8.self)
        guard isUTF8(value), !value.contains(UInt8(ascii: "\r")) else { return false }
        if text.contains(#/\$\{[^}:]*(:-[^}]*)?\}/#) { return false }
        if isInDoubleQuotes(value) { return !value.contains(UInt8(ascii: "$")) && !value.contains(UInt8(ascii: "`")) }
        return !text.contains("\\\\")
    }

    /// A closing quote after a `\`: 1.2 takes a single one for escaped, and older ones either, if another quote follows.
    static func pythonDependsOnVersion(_ value: [UInt8]) -> Bool { value.last == UInt8(ascii: "\\") }

    static func nodeSurvives(_ value: [UInt8]) -> Bool {
        guard isUTF8(value), !value.contains(UInt8(ascii: "\r")) else { return false }
        return !isInDoubleQuotes(value) || !value.contains { bytes("$`\"\\").contains($0) }
    }
}
