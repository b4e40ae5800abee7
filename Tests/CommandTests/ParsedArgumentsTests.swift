// SPDX-License-Identifier: MIT

import Linux
import Testing

@Suite struct ParsedArgumentsTests {
    private let table = [
        CommandOption("json", "as JSON"),
        CommandOption("key-file", letter: "k", argument: "FILE", "the key"),
        CommandOption("key-command", argument: "COMMAND", "the key's command"),
        CommandOption("help", letter: "h", "help"),
    ]

    private func parse(_ words: String..., untilOperand: Bool = false) throws(CommandOptionError) -> ParsedArguments {
        try ParsedArguments(words.map { Array($0.utf8) }, options: table, untilOperand: untilOperand ? 0 : nil)
    }

    @Test func `options and operands in any order`() throws {
        let parsed = try parse("a", "--json", "b", "-k", "file", "c")
        #expect(parsed.has("json"))
        #expect(parsed.argument("key-file") == Array("file".utf8))
        #expect(parsed.operands.map { String(decoding: $0, as: UTF8.self) } == ["a", "b", "c"])
    }

    @Test func `arguments in the same word`() throws {
        #expect(try parse("--key-file=x=y").argument("key-file") == Array("x=y".utf8))
        #expect(try parse("-hkx").argument("key-file") == Array("x".utf8))
        #expect(try parse("--key-file=").argument("key-file") == [])
    }

    @Test func `the last one counts`() throws {
        let parsed = try parse("-k", "1", "-k", "2")
        #expect(parsed.argument("key-file") == Array("2".utf8))
        #expect(parsed.options.count == 2)
    }

    @Test func `an unmistakable beginning is enough`() throws {
        #expect(try parse("--js").has("json"))
    }

    @Test func `two dashes end the options`() throws {
        let parsed = try parse("--", "--json", "-k")
        #expect(!parsed.has("json"))
        #expect(parsed.operands == [Array("--json".utf8), Array("-k".utf8)])
    }

    @Test func `a programs words are its own`() throws {
        func words(_ words: String...) throws -> [String] {
            let parsed = try ParsedArguments(words.map { Array($0.utf8) }, options: table, untilOperand: 1)
            return parsed.options.map { "-" + $0.name } + parsed.operands.map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(try words("-h", "job", "--help", "ls", "-h", "--", "x") == ["-help", "-help", "job", "ls", "-h", "--", "x"])
        #expect(try words("job", "--", "--help") == ["job", "--help"])
        #expect(try words("--", "job", "--help") == ["job", "--help"])
        #expect(try words("job") == ["job"])
        #expect(try words("-h") == ["-help"])
        #expect(throws: CommandOptionError.self) { _ = try words("job", "--nonsense", "ls") }
    }

    @Test func `the first operand can end them`() throws {
        let parsed = try parse("-h", "grant", "--nonsense", untilOperand: true)
        #expect(parsed.has("help"))
        #expect(parsed.operands == [Array("grant".utf8), Array("--nonsense".utf8)])
    }

    @Test func `any bytes come through`() throws {
        let bytes: [UInt8] = [0xFF, 0x01, 0x80]
        #expect(try ParsedArguments([bytes], options: table).operands == [bytes])
    }

    @Test func `nothing is nothing`() throws {
        let parsed = try parse()
        #expect(parsed.options.isEmpty)
        #expect(parsed.operands.isEmpty)
        #expect(try parse("").operands == [[]])
    }

    @Test func `objections name the option`() {
        #expect(throws: CommandOptionError.unknown("--jsn")) { try parse("--jsn=1") }
        #expect(throws: CommandOptionError.unknown("-x")) { try parse("a", "-hx") }
        #expect(throws: CommandOptionError.ambiguous("--key")) { try parse("--key", "f") }
        #expect(throws: CommandOptionError.needsArgument("--key-file")) { try parse("--key-file") }
        #expect(throws: CommandOptionError.needsArgument("-k")) { try parse("-k") }
        #expect(throws: CommandOptionError.takesNoArgument("--json")) { try parse("--json=1") }
    }
}
