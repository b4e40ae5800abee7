// SPDX-License-Identifier: MIT

import Linux
import Testing

@testable import tacit

/// What of a command line may be seen. The values here are no secrets.
@Suite struct WordScanTests {
    private func expect(
        _ name: String, _ words: String..., seen: [String], values: [String], at line: SourceLocation = #_sourceLocation
    ) throws {
        let command = try #require(commands.first { $0.names.contains(name) })
        var scan = WordScan(command)
        var bytes = try LockedBuffer(capacity: 4096)
        var ranges: [Range<Int>] = []
        var visible: [String] = []
        for word in words {
            let word = Array(word.utf8)
            let part = unsafe scan.next(word.span.bytes)
            visible.append(string(unsafe CommandWords.take(word.span.bytes, part, to: &bytes, &ranges)))
        }
        let concealed = ConcealedValues(bytes, ranges)
        let found = try ranges.indices.map { number in
            try concealed.withValue(Array("\(number)".utf8)) { bytes in unsafe bytes.withUnsafeBytes { unsafe string($0) } }
        }
        #expect(visible == seen, sourceLocation: line)
        #expect(found == values, sourceLocation: line)
    }

    @Test func `operands that can be values`() throws {
        try expect("set", "acme/web/db", "A=1", "B", seen: ["acme/web/db", "0", "1"], values: ["A=1", "B"])
        try expect("add", "--trim", "KEY", "s", "--json", seen: ["--trim", "KEY", "0", "--json"], values: ["s"])
        try expect("add", "KEY", "--", "-s", seen: ["KEY", "--", "0"], values: ["-s"])
        try expect("add", "KEY", "-", seen: ["KEY", "0"], values: ["-"])
        try expect("add", "KEY", "", seen: ["KEY", "0"], values: [""])
    }

    @Test func `arguments of options`() throws {
        try expect("create", "-e", "A=1", "r", seen: ["-e", "0", "r"], values: ["A=1"])
        try expect("create", "r", "-eA=1", seen: ["r", "-e0"], values: ["A=1"])
        try expect("create", "r", "--env=A=1", "--env", "B=2", seen: ["r", "--env=0", "--env", "1"], values: ["A=1", "B=2"])
        // An unmistakable beginning is enough for getopt_long, and so it is here; what is mistakable is concealed too.
        try expect("create", "--en=A=1", "--e", "B", seen: ["--en=0", "--e", "1"], values: ["A=1", "B"])
        try expect("create", "-d", "-e", "A=1", seen: ["-d", "-e", "A=1"], values: [])
        try expect("create", "-f", "a:b", "-yeA=1", seen: ["-f", "a:b", "--?"], values: [])
    }

    @Test func `what is no option is not shown`() throws {
        try expect("add", "KEY", "-----BEGIN KEY-----", seen: ["KEY", "--?"], values: [])
        try expect("add", "KEY", "-sW0rd", seen: ["KEY", "--?"], values: [])
        try expect("add", "KEY", "--tirm", seen: ["KEY", "--tirm"], values: [])
        try expect("create", "--envv=A=1", seen: ["--envv=0"], values: ["A=1"])
    }

    @Test func `what is not declared is concealed`() throws {
        let command = Command(
            "new", operands: [Operand("REF", .reference), Operand("[WORD]…")], summary: "",
            options: [
                DeclaredOption("plain", argument: "FILE", kind: .file, ""), DeclaredOption("other", letter: "o", argument: "FILE", ""),
                .json,
            ]
        ) { _ in }
        #expect(command.takesValues)
        var scan = WordScan(command)
        let words: [(String, WordScan.Visible)] = [
            ("r", .all), ("w", .upTo(0)), ("--plain", .all), ("f", .all), ("--plain=f", .all), ("--other", .all), ("v", .upTo(0)),
            ("--other=v", .upTo(8)), ("-ov", .upTo(2)), ("-o", .all), ("v", .upTo(0)), ("--json=v", .upTo(7)), ("x", .upTo(0)),
        ]
        for (word, visible) in words {
            let bytes = Array(word.utf8)
            #expect(unsafe scan.next(bytes.span.bytes) == visible, "\(word)")
        }
    }

    /// Whatever is taken for a value was concealed, and concealing changes nothing else.
    @Test(arguments: ["create", "set", "add"])
    func `what is parsed as a value was concealed`(name: String) throws {
        let command = try #require(commands.first { $0.name == name })
        let pieces = [
            "-e", "--env", "--env=", "--en=A=1", "-eA=1", "-he", "-hyeA=1", "-e-", "--", "-", "", "A", "A=1", "=", "-f", "--file", "-fa:b",
            "--file=a:b", "-d", "-dx", "--trim", "--tri", "--t", "--json", "--json=1", "-j", "---", "--=", "-h", "--BIG", "x y", "--e",
            "--d",
        ]
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let words = (0..<Int.random(in: 0...6, using: &generator)).compactMap { _ in pieces.randomElement(using: &generator) }
                .map { Array($0.utf8) }
            var scan = WordScan(command)
            var bytes = try LockedBuffer(capacity: 4096)
            var ranges: [Range<Int>] = []
            let visible = words.map { word in
                let part = unsafe scan.next(word.span.bytes)
                return unsafe CommandWords.take(word.span.bytes, part, to: &bytes, &ranges)
            }
            let shown = words.map { string($0) }.joined(separator: " ")
            guard let parsed = try? ParsedArguments(visible, options: command.optionTable) else { continue }
            let before = try ParsedArguments(words, options: command.optionTable)
            #expect(parsed.options.map(\.name) == before.options.map(\.name), "\(shown)")
            #expect(parsed.operands.count == before.operands.count, "\(shown)")
            let values =
                parsed.options.filter { $0.name == "env" }.map(\.argument)
                + parsed.operands.enumerated().filter { command.kind(ofOperand: $0.offset)?.holdsValue == true }.map(\.element)
            for value in values { #expect(Int(string(value)).map(ranges.indices.contains) == true, "\(shown)") }
        }
    }

    @Test func `strange words are told without them`() throws {
        func failure(_ name: String, _ words: String...) throws -> Failure? {
            let command = try #require(commands.first { $0.name == name })
            do {
                _ = try Invocation(command, words.map { Array($0.utf8) })
                return nil
            } catch {
                return error
            }
        }
        #expect(try failure("add", "KEY", "--?")?.message == "a word that begins with '-' is no option of add")
        #expect(try failure("add", "KEY", "--tirm")?.hint == "did you mean --trim?")
        #expect(try failure("add", "KEY", "0", "1")?.message == "add takes no more than REF [VALUE]")
    }

    @Test func `assignments are taken apart`() throws {
        func assignment(_ word: String) -> (String, Int?)? {
            let bytes = Array(word.utf8)
            return unsafe Assignment(bytes.span.bytes, word: []).map { (string($0.name), $0.start) }
        }
        #expect(assignment("A")?.0 == "A")
        #expect(assignment("A")?.1 == nil)
        #expect(assignment("A=")?.1 == 2)
        #expect(assignment("A_1=b=c")?.0 == "A_1")
        #expect(assignment("A_1=b=c")?.1 == 4)
        for word in ["", "=", "1A=2", "a-b", "hunter two", String(repeating: "A", count: 256)] {
            #expect(assignment(word) == nil, "\(word)")
        }
    }
}
