// SPDX-License-Identifier: MIT

import Secrets
import enum TestSupport.NastyValues
import struct TestSupport.Seeded
import Testing

@Suite struct EnvParserTests {
    /// What is written, and what it means.
    static let right: [(text: String, means: [(String, String)])] = [
        // As `env` prints it.
        ("", []), ("A=1\n", [("A", "1")]), ("A=1\nB=2\n", [("A", "1"), ("B", "2")]), ("A=\n", [("A", "")]),
        ("A='it is'\n", [("A", "it is")]), ("A=\"it's \\$5 \\`a\\` \\\"b\\\" c\\\\\"\n", [("A", "it's $5 `a` \"b\" c\\")]),
        ("A='one\ntwo\n'\nB=3\n", [("A", "one\ntwo\n"), ("B", "3")]),
        // The last newline may be missing.
        ("A=1", [("A", "1")]), ("A=", [("A", "")]), ("A='x'", [("A", "x")]), ("# c", []),
        // Comments and blank lines.
        ("\n\n  \n\t\nA=1\n\n", [("A", "1")]), ("# a comment\nA=1\n  # 'another\nB=2\n", [("A", "1"), ("B", "2")]),
        ("A=1 # comment\nB=2\t#comment\n", [("A", "1"), ("B", "2")]), ("A='x' # it's\nB=1", [("A", "x"), ("B", "1")]),
        ("A=a#b\nB=#c\nC= #d\nD=a # b # c\n", [("A", "a#b"), ("B", "#c"), ("C", ""), ("D", "a")]),
        ("#\n#=\n#A=1\n", []),
        // export.
        ("export A=1\n", [("A", "1")]), ("  export\t A='x'\n", [("A", "x")]), ("export=1\n", [("export", "1")]),
        ("export =1\n", [("export", "1")]), ("exported=1\n", [("exported", "1")]), ("export export=1", [("export", "1")]),
        ("export export =1", [("export", "1")]),
        // Blanks around.
        ("  A=1\n", [("A", "1")]), ("A = 1 \n", [("A", "1")]), ("A=\t1\t\n", [("A", "1")]), ("A =\n", [("A", "")]),
        // Bare values are what stands there.
        ("A=hello world\n", [("A", "hello world")]), ("A=it's\n", [("A", "it's")]), ("A=a\"b\"\n", [("A", "a\"b\"")]),
        ("A=$HOME ${X} $(id) `id` ~ * \\n\\\n", [("A", "$HOME ${X} $(id) `id` ~ * \\n\\")]),
        ("A=pa$$word!\n", [("A", "pa$$word!")]), ("A=C:\\dir\\\n", [("A", "C:\\dir\\")]),
        ("A={\"a\": 'b'}\n", [("A", "{\"a\": 'b'}")]), ("A=a=b==\n", [("A", "a=b==")]), ("A==\n", [("A", "=")]),
        ("A=`x`\n", [("A", "`x`")]), ("A=$'x'\n", [("A", "$'x'")]), ("A=ü 🔑\n", [("A", "ü 🔑")]),
        // Single quotes: all is literal. Double quotes: \ before $ ` " \ and newline.
        ("A='$HOME \\n \\' B=1", []), ("A='\\'\n", [("A", "\\")]), ("A=''\n", [("A", "")]), ("A=\"\"\n", [("A", "")]),
        ("A=\"$HOME `id`\"\n", [("A", "$HOME `id`")]), ("A=\"a\\nb\\t\"\n", [("A", "a\\nb\\t")]),
        ("A=\"a\\\nb\"\n", [("A", "ab")]), ("A=\"a\nb\"\n", [("A", "a\nb")]), ("A=\"# no\"\n", [("A", "# no")]),
        ("A=\"\\'\"\n", [("A", "\\'")]),
        // Quotes next to each other, as shlex.quote, printf %q and people write a single quote.
        ("A='it'\\''s'\n", [("A", "it's")]), ("A='it'\"'\"'s'\n", [("A", "it's")]), ("A=''\"\"''\n", [("A", "")]),
        ("A=\"a\"'b'\n", [("A", "ab")]), ("A=''\\ \\#\n", [("A", " #")]),
        // Files from Windows.
        ("A=1\r\nB='x'\r\n\r\n# c\r\nexport C=\"y\"\r\n", [("A", "1"), ("B", "x"), ("C", "y")]), ("\u{FEFF}A=1\n", [("A", "1")]),
        ("\u{FEFF}", []), ("\u{FEFF}# c\nA=1\r", [("A", "1")]), ("A=1\r\r\nB=2", [("A", "1"), ("B", "2")]),
        // Every line ends with CR LF: so do those within quotes, and LF is meant. One that does not, and nothing is taken away.
        ("A='x\r\ny\r'\r\n", [("A", "x\ny\r")]), ("A=\r\n", [("A", "")]), ("A=\"x\r\ny\\\r\nz\"\r\nB=1\r\n", [("A", "x\nyz"), ("B", "1")]),
        ("A='x\r\n'\r\nB=1\n", [("A", "x\r\n"), ("B", "1")]), ("A=\"x\\\r\ny\"\n", [("A", "x\\\r\ny")]), ("A='\r\n'", [("A", "\n")]),
        ("A='x\r\r\n'\r\n", [("A", "x\r\n")]),
        // The same name again: both are told, and the last one counts.
        ("A=1\nA=2\n", [("A", "1"), ("A", "2")]),
    ].filter { $0.0 != "A='$HOME \\n \\' B=1" }

    /// What is refused: where, in which line, and for what.
    static let wrong: [(text: String, offset: Int, line: Int, problem: EnvTextError.Problem)] = [
        ("bad line", 4, 1, .equals), ("A\n", 1, 1, .equals), ("A B=1", 2, 1, .equals), ("A-B=1", 1, 1, .inName(UInt8(ascii: "-"))),
        ("A.B=1", 1, 1, .inName(UInt8(ascii: "."))),
        ("A+=1", 1, 1, .equals), ("A[0]=1", 1, 1, .equals), ("A'B'=1", 1, 1, .equals), ("\"A\"=1", 0, 1, .name),
        ("1A=2", 0, 1, .name), ("=1", 0, 1, .name), ("-A=1", 0, 1, .name), ("ÄA=1", 0, 1, .name), ("; c", 0, 1, .name),
        ("{\"A\": 1}", 0, 1, .name), ("A=\u{FEFF}1\n\u{FEFF}B=1", 7, 2, .name), ("\u{FFFE}", 1, 1, .name), ("A: 1", 1, 1, .equals),
        ("A#=1", 1, 1, .equals),
        ("export\n", 6, 1, .equals), ("export \n", 7, 1, .name), ("export A\n", 8, 1, .equals),
        ("export 1=2", 7, 1, .name), ("export A B=1", 9, 1, .equals), ("export -n A", 7, 1, .name),
        ("export export A=1", 14, 1, .equals), ("export # c", 7, 1, .name), ("export #", 7, 1, .name),
        ("A=1\nB=2\nC", 9, 3, .unfinished), ("A=1\n\n# c\nB?=2", 10, 4, .equals), ("A='1\n2\n3' 4", 2, 1, .closedLate(line: 3)),
        ("A=1\nB='90s\nW=\"it's\"\n", 6, 2, .closedLate(line: 3)), ("A='x\ny''z'w", 10, 2, .afterQuote),
        ("A='x'y", 5, 1, .afterQuote), ("A=\"x\"y", 5, 1, .afterQuote), ("A='x' y", 6, 1, .afterQuote),
        ("A='x'#y", 5, 1, .afterQuote), ("A='x';", 5, 1, .afterQuote), ("A='x'\\\n", 6, 1, .afterQuote),
        ("A='x", 2, 1, .neverClosed), ("A=\"x'", 2, 1, .neverClosed), ("A=\"x\\\"", 2, 1, .neverClosed),
        ("A=1\nB='x\nC=1\n", 6, 2, .neverClosed),
        ("A=a\rb\r\n", 3, 1, .carriageReturn), ("A=1\rB=2\r", 3, 1, .carriageReturn), ("# c\rA=1", 3, 1, .carriageReturn),
        ("\rA=1", 0, 1, .carriageReturn),
        ("A='x'\rB=2", 5, 1, .carriageReturn), ("A\r=1", 1, 1, .carriageReturn), ("A=\r1", 2, 1, .carriageReturn),
        ("A=1\n\u{FEFF}", 4, 2, .name),
        ("A='x'\\", 6, 1, .unfinished), ("A", 1, 1, .unfinished), ("export ", 7, 1, .unfinished), ("A ", 2, 1, .unfinished),
        ("\0A\0=", 0, 1, .utf16), ("A\0=\0", 1, 1, .utf16), ("A=\0", 2, 1, .nul), ("A='\0'", 3, 1, .nul), ("# \0", 2, 1, .nul),
        ("A=1 \0", 4, 1, .nul),
        ("AB\0=1", 2, 1, .nul), ("A='x'\0", 5, 1, .nul),
        (String(repeating: "A", count: 256) + "=1", 255, 1, .nameTooLong),
    ]

    @Test func `taken`() throws {
        for row in Self.right {
            let read = try assignments(bytes(row.text))
            #expect(read.map(\.name) == row.means.map { bytes($0.0) }, "\(row.text.debugDescription)")
            #expect(read.map(\.value) == row.means.map { bytes($0.1) }, "\(row.text.debugDescription)")
        }
    }

    @Test func `refused`() {
        for row in Self.wrong {
            let text = bytes(row.text)
            let column = row.offset - (text[..<row.offset].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0) + 1
            let error = EnvTextError(offset: row.offset, line: row.line, column: column, problem: row.problem)
            #expect(throws: error, "\(row.text.debugDescription)") { try parse(bytes(row.text), final: true) }
            #expect(error.description.hasPrefix("line \(row.line), column \(column): "))
        }
    }

    /// A writer of `env` sees an error at the write that brought the wrong byte, not at an earlier or a later one.
    @Test func `refused at the first byte that is wrong`() throws {
        for row in Self.wrong where row.problem.isWhereItIsFound {
            let text = bytes(row.text)
            #expect(throws: Never.self, "\(row.text.debugDescription)") { try parse(text.prefix(row.offset), final: false) }
            #expect(throws: EnvTextError.self, "\(row.text.debugDescription)") {
                try parse(text.prefix(row.offset + 1), final: false)
            }
        }
    }

    /// The beginning of a right text is never wrong.
    @Test func `every beginning of a right text`() throws {
        var texts = Self.right.map { bytes($0.text) }
        texts += NastyValues.text.filter { $0.count < 1000 }.map { line("NAME", $0) }
        texts += NastyValues.random(300, seed: 10, binary: true).filter { !$0.contains(0) }.map { line("N", $0) }
        for text in texts {
            for length in 0...text.count {
                let prefix = Array(text.prefix(length))
                let parsed = try parse(prefix, final: false)
                #expect(parsed.complete == ((try? parse(prefix, final: true)) != nil))
            }
            #expect(try parse(text, final: true).complete)
        }
    }

    /// All texts of a small alphabet: what is not refused can be made right, and what is refused can't.
    @Test func `refused if and only if nothing could make it right`() throws {
        let alphabet = bytes("a= '\"\\#\n")
        let endings = ["", "a", "=", "a=", "'", "\"", "\\'", "\\\"", "a\"", "a'"].map(bytes)
        var texts: [[UInt8]] = [[]]
        var (refused, taken) = (0, 0)
        for _ in 0..<6 {
            var next: [[UInt8]] = []
            for text in texts {
                for byte in alphabet {
                    let longer = text + [byte]
                    let ends = endings.contains { (try? parse(longer + $0, final: true)) != nil }
                    let isTaken = (try? parse(longer, final: false)) != nil
                    #expect(isTaken == ends, "\(String(decoding: longer, as: UTF8.self).debugDescription)")
                    if isTaken { next.append(longer) }
                    (refused, taken) = (refused + (isTaken ? 0 : 1), taken + (isTaken ? 1 : 0))
                }
            }
            texts = next
        }
        #expect(refused > 1000 && taken > 10_000)
    }

    /// In pieces of any size it means what it means as a whole.
    @Test func `in pieces`() throws {
        var random = Seeded(11)
        for row in Self.right.map({ bytes($0.text) }) + Self.wrong.map({ bytes($0.text) }) {
            var parser = EnvParser()
            var (length, failure) = (0, EnvTextError?.none)
            while length < row.count, failure == nil {
                length = min(row.count, length + 1 + random.below(3))
                do throws(EnvTextError) {
                    try withSpan(Array(row.prefix(length))) { (span) throws(EnvTextError) in try parser.read(span) }
                } catch { failure = error }
            }
            let inPieces = Result { () throws(EnvTextError) in
                if let failure { throw failure }
                return try parser.finish().assignments
            }
            let asAWhole = Result { () throws(EnvTextError) in try parse(row, final: true).assignments }
            #expect(inPieces == asAWhole)
        }
    }

    @Test func `an error stays`() throws {
        var parser = EnvParser()
        let error = EnvTextError(offset: 0, line: 1, column: 1, problem: .name)
        #expect(throws: error) { try withSpan(bytes("?")) { try parser.read($0) } }
        #expect(throws: error) { try withSpan(bytes("?A=1")) { try parser.read($0) } }
        #expect(throws: error) { try parser.finish() }
        #expect(!parser.parsed.complete)
    }

    @Test func `limits`() throws {
        let longest = String(repeating: "A", count: 255)
        #expect(try assignments(bytes("\(longest)=1")).first?.name == bytes(longest))
        let most = [UInt8](repeatElement(bytes("A=\n"), count: EnvText.maximumAssignments).joined())
        #expect(try parse(most, final: true).assignments.count == EnvText.maximumAssignments)
        let line = EnvText.maximumAssignments + 1
        #expect(throws: EnvTextError(offset: most.count, line: line, column: 1, problem: .tooMany)) {
            try parse(most + bytes("B"), final: true)
        }
    }

    @Test func `decoding from too little or into too little`() throws {
        let text = bytes("A=\"a\\$b\"\n")
        let assignment = try #require(try parse(text, final: true).assignments.first)
        #expect(assignment.length == 3 && assignment.quoting == .quoted)
        for room in 0...4 {
            var buffer = [UInt8](repeating: 7, count: room)
            let length = withSpan(text) { span in
                var mutable = buffer.mutableSpan
                var raw = unsafe mutable.mutableBytes
                return EnvText.decode(assignment, from: span, into: &raw)
            }
            #expect(length == min(room, 3) && buffer == Array((bytes("a$b") + [7]).prefix(room)))
        }
        for rest in 0...text.count {
            var buffer = [UInt8](repeating: 7, count: 3)
            let length = withSpan(Array(text.prefix(rest))) { span in
                var mutable = buffer.mutableSpan
                var raw = unsafe mutable.mutableBytes
                return EnvText.decode(assignment, from: span, into: &raw)
            }
            #expect(length <= 3)
        }
    }

    /// What some reader takes otherwise is noted, and nothing else.
    @Test func `traits`() throws {
        let rows: [(String, EnvText.Traits)] = [
            ("A=1", []), ("A='$HOME `x` # ${B} $(c) \\n'", [.backslash]), ("A='$HOME ${B} $(c) #'", []), ("A=\"it's a # 5$ $5 $$\"", []),
            ("A=\"a\\nb\"", .escape), ("A=\"a\\tb\"", .escape), ("A=\"\\'\"", .escape), ("A=\"a\\\\n\"", .escapedQuote),
            ("A=\"a\\\"b\"", .escapedQuote),
            ("A=\"\\$HOME\"", .escapedQuote), ("A=\"$HOME\"", .reference), ("A=$HOME", .reference), ("A=x${HOME}", .reference),
            ("A=$5", []),
            ("A=pa$$word", .reference), ("A=$(id)", .command), ("A=\"$(id)\"", .command), ("A=a#b", .hash), ("A=#b", .hash), ("A=a #b", []),
            ("A= #b", .comment), ("A=C:\\x", .backslash), ("A='a\\'", .backslash), ("A=`x`", .backquotes), ("A=a`x`", []),
            ("A='a'\"b\"", .pieces),
            ("A='a'\\''b'", .pieces), ("A=' a'", .blanks), ("A=\"a\n\"", .blanks), ("A=' '", .blanks), ("A= a ", []),
            ("A='a\r\nb'\n", .returns), ("A='a\r\nb'\r\n", []), ("A=x # $HOME \\n", []),
        ]
        for (text, traits) in rows {
            let read = try #require(try parse(bytes(text), final: true).assignments.first)
            #expect(read.traits == traits, "\(text.debugDescription): \(read.traits)")
        }
        // What `env` writes has none but where it needs them.
        for value in NastyValues.text
        where !withSpan(value, Notice.isSurroundedByWhiteSpace) && !value.contains(UInt8(ascii: "'")) && !value.contains(UInt8(ascii: "\\"))
            && !value.contains(13)
        {
            let read = try #require(try parse(line("A", value), final: true).assignments.first)
            #expect(read.traits.isEmpty, "\(String(decoding: value, as: UTF8.self).debugDescription): \(read.traits)")
        }
    }

    @Test func `notices`() throws {
        let text = bytes("A=\"a\\nb\"\nB=$X\nC=\"\\n$X\"\nA=\"\\n\"\nD=1\n")
        let notices = try withSpan(text) { EnvText.notices(try EnvText.parse($0, final: true).assignments, in: $0) }
        #expect(
            notices.map(\.text) == [
                "a \\ in double quotes, as in \\n, stays as it is, as for a shell, in A, C",
                "$NAME stands for no other variable, and stays as it is in B, C",
            ])
        #expect(notices.allSatisfy { $0.hint?.hasPrefix("--e") == true })
        let many = bytes((1...10).map { "V\($0)=$X\n" }.joined())
        #expect(
            try withSpan(many) { EnvText.notices(try EnvText.parse($0, final: true).assignments, in: $0) }.first?.text.hasSuffix(
                "V8 and 2 more") == true)
        #expect(
            ShellNames.notices([bytes("A"), bytes("UID"), bytes("RANDOM")]).map(\.text) == [
                "a shell keeps these names for itself, so that env has a comment in their places: UID, RANDOM"
            ])
        #expect(ShellNames.notices([bytes("A")]).isEmpty)
    }

    private func parse(_ text: some Sequence<UInt8>, final: Bool) throws(EnvTextError) -> EnvText.Parsed {
        try withSpan(Array(text)) { (span) throws(EnvTextError) in try EnvText.parse(span, final: final) }
    }
}

extension EnvTextError.Problem {
    /// Whether the error is where the byte is that can't be right, and not where the text went wrong.
    fileprivate var isWhereItIsFound: Bool {
        switch self {
        case .unfinished, .neverClosed, .closedLate, .carriageReturn: false
        default: true
        }
    }
}
